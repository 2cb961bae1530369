// TimerWheel: timers in slots by when they are due, so that setting and cancelling one costs the same among ten as
// among ten million. Plain and pure: it knows no clock, locks nothing and calls nobody.
//
// Eight levels of 64 slots; a slot of the first is one tick (2^16 ns, about 66 us) wide, a slot of each other level as
// wide as the whole level below. A timer fires at the end of the tick in which it is due: never early. When time comes
// to a slot of a higher level, its timers move down (Varghese and Lauck, "Hashed and hierarchical timing wheels").
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "worker/process/envelope.hpp"
#include "worker/process/memory_segments.hpp"

namespace troupe {

/// What is to be sent to whom.
struct Timer {
  Pid to;
  std::unique_ptr<std::string> name;  ///< When set: whoever has the name then, on `node`.
  /// Null: a bare signal, `kind` and `number`, made when it fires; most timers never do.
  EnvelopePtr signal;
  std::uint64_t number = 0;  ///< 0: the timer's own.
  NodeIndex node = 0;
  SignalKind kind = SignalKind::timeout;
};

class TimerWheel {
 public:
  static constexpr std::uint32_t timers_max = (1u << 25) - 1;

  /// Names a timer, also after it is gone.
  struct Key {
    std::uint32_t index = 0;  ///< 1 to timers_max; 0: there are as many as may be already.
    std::uint32_t serial = 0;
  };

  /// Holds at most `limit`, which is at most `timers_max`.
  explicit TimerWheel(std::uint32_t limit = timers_max) : limit_(limit) {}
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  struct Fired {
    Fired(Timer&& fired, Key its_key) : timer(std::move(fired)), key(its_key) {}

    Timer timer;
    Key key;
  };

  /// Takes `timer` unless there are too many.
  Key add(Instant due, Timer&& timer);
  /// True, with the timer in `removed`, when it had not fired.
  bool cancel(Key key, Timer& removed);
  /// Appends those that are due, earliest first, equal ones in the order of `add`. Once there are `enough` it stops at
  /// the next tick: next_event() then is not after `now`.
  void take_due(Instant now, std::vector<Fired>& due, std::size_t enough = SIZE_MAX);
  /// Messages whose type is of `image` become terms; appends what they were to `values`.
  void turn_into_terms(const void* image, std::vector<EnvelopePtr>& values);
  /// Nothing happens before; Instant::max() when there is none. May be earlier than the first timer is due.
  [[nodiscard]] Instant next_event() const;
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  static constexpr unsigned tick_bits = 16;
  static constexpr unsigned slot_bits = 6;
  static constexpr unsigned slots = 1u << slot_bits;
  static constexpr unsigned levels = 8;
  struct Node {
    Node* next = nullptr;  ///< In its slot, or of the free ones.
    Node* previous = nullptr;
    Instant due{};
    std::uint64_t added = 0;  ///< Order of `add`; 0 while free.
    std::uint32_t index = 0;
    std::uint8_t level = 0;
    std::uint8_t slot = 0;
    Timer timer;
  };
  /// A segment full of nodes: a burst's memory then goes back to the kernel, and leaves no holes in malloc's arenas.
  static constexpr std::uint32_t chunk_nodes = memory_segment_bytes / sizeof(Node);
  struct GiveBack {
    void operator()(Node* nodes) const noexcept;
  };
  using Chunk = std::unique_ptr<Node[], GiveBack>;
  static Chunk make_chunk();

  struct Slots {
    std::uint64_t occupied = 0;  ///< A bit for each slot with timers.
    std::array<Node*, slots> first{};
  };

  static std::uint64_t tick_after(Instant due);
  void insert(Node& node);
  void remove(Node& node);
  Node* take_slot(unsigned level, unsigned slot);
  void free(Node& node);
  Node* make_node();
  void drop_nodes();

  const std::uint32_t limit_;
  std::uint64_t now_tick_ = 0;  ///< All before it have passed.
  std::uint64_t added_ = 0;
  std::size_t size_ = 0;
  std::array<Slots, levels> levels_;
  std::vector<Chunk> chunks_;
  Node* free_ = nullptr;
  struct Expired {
    Instant due;
    std::uint64_t added;
    Node* node;
  };
  std::vector<Expired> expired_;  ///< Of one slot; kept for its memory.
};

}  // namespace troupe
