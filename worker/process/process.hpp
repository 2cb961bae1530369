// Process: one slot of the process table. Slots are never freed, only lived in again under a higher serial, so a stale
// pid or a late sender can always look at one safely. 256 bytes, 64 of them for a small state in place.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "troupe/abi.h"
#include "troupe/pid.hpp"
#include "worker/process/block_pool.hpp"
#include "worker/process/mailbox.hpp"
#include "worker/process/onlookers.hpp"
#include "worker/process/small_map.hpp"
#include "worker/process/timers.hpp"

namespace troupe {

class Runtime;

/// A link as this end sees it. While `unlink_id` is not 0 the other end has not yet acknowledged our unlink: its link
/// and exit signals are those of the old link and are ignored (erts "Distribution Protocol", link protocol).
struct Link {
  std::uint64_t unlink_id = 0;
};

/// A monitor that this process holds on another.
struct Watch {
  Pid to;
  std::string name;  ///< When it is on a name, of `node`.
  NodeIndex node = 0;
  bool fired = false;  ///< Its Down waits in the mailbox.
};

/// A monitor that another process holds on this one, or a caller that waits for a late reply.
struct Watcher {
  Pid from;
  std::string name;  ///< When it was set on a name.
};

/// A request that this process waits for.
struct Request {
  const troupe_message_type* type = nullptr;
  TimerId timer = 0;
  Pid to;
  std::string name;
  NodeIndex node = 0;
  bool done = false;  ///< Its response waits in the mailbox.
};

/// What ties a process to others; made when first needed.
struct Bonds {
  static void* operator new(std::size_t bytes) { return BlockPool::allocate(bytes); }
  static void operator delete(void* bonds, std::size_t bytes) { BlockPool::free(bonds, bytes); }

  SmallMap<Pid, Link> links;
  SmallMap<std::uint64_t, Watch> watches;  ///< By the number of their reference.
  SmallMap<Reference, Watcher> watchers;
  SmallMap<std::uint64_t, Request> requests;
  std::string label;
  TimerId idle_timer = 0;  ///< Of the timeout that the last handler asked for; see rest.cpp.
  std::unique_ptr<Onlookers> onlookers;
  bool touches_other_nodes = false;  ///< The runtime has an entry for it to clear at its end.
  bool monitors_nodes = false;
  bool in_groups = false;
};

/// Whether another thread has to do with a process whose handler does not return: user_code.hpp.
enum class Fate : std::uint8_t { alive, claimed, ended };

struct alignas(64) Process {
  // --- What senders touch ---
  Mailbox mailbox;
  std::atomic<std::uint32_t> serial{0};  ///< 0 while nobody lives here.
  std::uint32_t id = 0;
  std::atomic<const void*> image{nullptr};
  Runtime* runtime = nullptr;

  // --- The owner's: the thread that runs it. Those that inspectors read are atomic or under `bonds_lock`. ---
  Process* run_next = nullptr;  ///< Run queue.
  const troupe_process_class* process_class = nullptr;
  void* state = nullptr;
  Envelope* queue_first = nullptr;  ///< Fetched, not yet handled.
  Envelope* queue_last = nullptr;
  Envelope* fetched = nullptr;    ///< Taken from the inbox, not yet looked at.
  Envelope* kept_last = nullptr;  ///< Delivered, but wanted later: a ring, its `next` the oldest.
  std::unique_ptr<Bonds> bonds;
  std::unique_ptr<std::string> name;  ///< Registered under it. Any thread, always under `bonds_lock`.
  Pid parent;
  std::atomic<std::uint64_t> reductions{0};  ///< Messages handled.
  std::uint64_t next_number = 0;             ///< References and requests; goes on over all lives of the slot.
  std::uint32_t queue_length = 0;            ///< Fetched or kept.
  std::uint32_t last_serial = 0;
  std::atomic_flag bonds_lock = ATOMIC_FLAG_INIT;
  std::uint8_t priority = TROUPE_PRIORITY_NORMAL;
  bool traps_exits = false;
  bool constructed = false;
  bool idle_timer_set = false;
  bool slow = false;                   ///< Its messages took long when it was last looked at.
  bool traced = false;                 ///< What it receives and sends is noted: Onlookers::trace.
  std::atomic<bool> suspended{false};  ///< It handles nothing but system requests.
  std::atomic<bool> running{false};
  std::atomic<bool> parked{false};        ///< Pauses because a receiver's mailbox is too long; see pauses.cpp.
  std::atomic<bool> senders_wait{false};  ///< Somebody pauses because of this mailbox.
  std::atomic<bool> in_user_code{false};  ///< Its handler runs, outside of any function of the host.
  std::atomic<Fate> fate{Fate::alive};
  std::atomic<std::uint8_t> mailbox_policy{TROUPE_MAILBOX_REFUSE};
  std::atomic<std::uint16_t> messages_dropped{0};  ///< By that policy; stays at its largest value.
  TimerId pause_timer = 0;

  static constexpr std::size_t inline_state_bytes = 64;
  alignas(16) std::byte inline_state[inline_state_bytes];

  [[nodiscard]] Pid pid() const { return {0, 0, id, serial.load(std::memory_order_relaxed)}; }
};

/// Held for a few instructions around changes to `bonds`, and by those who inspect it from outside.
class BondsGuard {
 public:
  explicit BondsGuard(Process& process) : flag_(process.bonds_lock) {
    while (flag_.test_and_set(std::memory_order_acquire)) {
      while (flag_.test(std::memory_order_relaxed)) {
      }
    }
  }
  ~BondsGuard() { flag_.clear(std::memory_order_release); }
  BondsGuard(const BondsGuard&) = delete;
  BondsGuard& operator=(const BondsGuard&) = delete;

 private:
  std::atomic_flag& flag_;
};

/// The registered name, or nothing.
std::string name_of(Process& process);

/// What it says that it is doing, or nothing.
std::string label_of(Process& process);

/// Makes them when there are none yet. The owner's thread only.
Bonds& bonds_of(Process& process);

/// References of this node: 18 bits and 32 bits of the owner's number, then the owner's slot; so an alias finds its
/// process.
Reference make_reference(std::uint32_t process_id, std::uint64_t number);
std::uint64_t reference_number(const Reference& reference);
std::uint32_t reference_owner(const Reference& reference);

}  // namespace troupe
