// Mailbox: any thread pushes, the process's own turn takes. An atomic LIFO inbox that the owner empties at once and
// turns round, so that the order of one sender's signals is kept; one word tells at the same time whether the process
// must be scheduled (idle), is gone (closed) and how many signals wait.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "worker/process/envelope.hpp"

namespace troupe {

struct MailboxLimits {
  /// Past this a message is refused (`full`). At most `mailbox_messages_max_max`.
  std::uint32_t messages_max = 1'000'000;
  /// Counts messages of more than 256 bytes only; smaller ones are bounded by their number.
  std::uint64_t bytes_max = 256ull * 1024 * 1024;
  std::uint8_t policy = TROUPE_MAILBOX_REFUSE;  ///< What becomes of a message past these.
};
inline constexpr std::uint32_t mailbox_messages_max_max = 1'000'000;
/// Of its limits, what a mailbox may hold whose owner drops the oldest: the owner has to come to it first.
inline constexpr std::uint32_t overfull_times = 2;
/// Past this many waiting messages a sending process pauses after its current handler, until half of them are left or
/// `sender_pause_max` has passed: two processes that flood each other must not wait for ever.
inline constexpr std::uint32_t mailbox_soft_messages_max = 10'000;
inline constexpr std::chrono::milliseconds sender_pause_max{5};
/// The same for a link to another node that is busy. Nothing waits for its drain in a circle, so the bound is long:
/// that of OTP's net_ticktime, in which a peer that has gone is noticed.
inline constexpr std::chrono::seconds busy_link_pause_max{60};

class Mailbox {
 public:
  enum class Push {
    done,
    must_schedule,
    crowded,  ///< Done; but more than `mailbox_soft_messages_max` wait. Only when `bounded`.
    full,
    closed
  };

  /// Takes the envelope unless the answer is `full` or `closed`. System signals pass `bounded = false`. `times`: of the
  /// limits, for a mailbox whose owner drops what is too much.
  Push push(Envelope* envelope, bool bounded, std::uint32_t times = 1) {
    if (envelope->bytes <= large_message_bytes) [[likely]] {
      return add(envelope, bounded, times);
    }
    // Counted before it can be seen: the owner subtracts as soon as it has taken it.
    const std::uint64_t before = large_bytes_.fetch_add(envelope->bytes, std::memory_order_relaxed);
    const bool fits = !bounded || before + envelope->bytes <= times * limits_bytes_max_.load(std::memory_order_relaxed);
    const Push pushed = fits ? add(envelope, bounded, times) : Push::full;
    if (pushed == Push::full || pushed == Push::closed) {
      large_bytes_.fetch_sub(envelope->bytes, std::memory_order_relaxed);
    }
    return pushed;
  }

  // --- The owner's side: the thread that runs the process ---

  struct Arrivals {
    Envelope* first = nullptr;  ///< The oldest.
    Envelope* last = nullptr;
    std::uint32_t count = 0;
    bool plain = true;  ///< All plainly queued, and for the process that lives here now.
  };
  /// Everything that has arrived. `serial` is that of the process.
  Arrivals take(std::uint32_t serial) {
    if (inbox_.load(std::memory_order_relaxed) == empty_mark) {
      return {};
    }
    return in_order(inbox_.exchange(empty_mark, std::memory_order_acq_rel), serial);
  }
  /// False when something has arrived meanwhile. After true the process belongs to whoever pushes first.
  bool try_idle() {
    std::uint64_t empty = empty_mark;
    return inbox_.compare_exchange_strong(empty, idle_mark, std::memory_order_seq_cst, std::memory_order_relaxed);
  }
  /// Nothing can be pushed afterwards. Returns what was left.
  Envelope* close() { return in_order(inbox_.exchange(closed_mark, std::memory_order_acq_rel), 0).first; }
  /// A new process starts in this slot, as if scheduled.
  void open(const MailboxLimits& limits) {
    queued_.store(0, std::memory_order_relaxed);
    large_bytes_.store(0, std::memory_order_relaxed);
    limits_messages_max_.store(limits.messages_max, std::memory_order_relaxed);
    limits_bytes_max_.store(limits.bytes_max, std::memory_order_relaxed);
    inbox_.store(empty_mark, std::memory_order_release);
  }
  /// How many of those that were taken still wait; may lag behind within a turn.
  void set_queued(std::uint32_t messages) { queued_.store(messages, std::memory_order_relaxed); }
  void taken(const Envelope& envelope) {
    if (envelope.bytes > large_message_bytes) {
      large_bytes_.fetch_sub(envelope.bytes, std::memory_order_relaxed);
    }
  }

  /// Whether more waits than the limits allow. `queued`: of those that were taken.
  [[nodiscard]] bool holds_too_much(std::uint32_t queued) const {
    return queued > limits_messages_max_.load(std::memory_order_relaxed) ||
           large_bytes() > limits_bytes_max_.load(std::memory_order_relaxed);
  }

  /// One that was taken waits on.
  void put_back(const Envelope& envelope) {
    if (envelope.bytes > large_message_bytes) {
      large_bytes_.fetch_add(envelope.bytes, std::memory_order_relaxed);
    }
  }

  /// Whether one of those that arrived and were not taken is `wanted`. While the owner cannot take.
  template <class Wanted>
  [[nodiscard]] bool any_arrived(Wanted wanted) const {
    const Envelope* envelope = newest(inbox_.load(std::memory_order_acquire));
    while (envelope != nullptr && !wanted(*envelope)) {
      envelope = envelope->next;
    }
    return envelope != nullptr;
  }
  /// Whether something has arrived that was not taken yet.
  [[nodiscard]] bool has_arrivals() const { return inbox_.load(std::memory_order_seq_cst) != empty_mark; }
  /// Signals that wait, about. Any thread.
  [[nodiscard]] std::uint32_t length() const {
    return static_cast<std::uint32_t>(inbox_.load(std::memory_order_seq_cst) & count_mask) +
           queued_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t large_bytes() const { return large_bytes_.load(std::memory_order_relaxed); }

 private:
  // Envelopes are aligned to 16 bytes and user addresses have at most 48 bits: of an address shifted up by 16 the lower
  // 20 bits are free for a count.
  static constexpr unsigned address_shift = 16;
  static constexpr std::uint64_t count_mask = (1ull << 20) - 1;
  static_assert(mailbox_messages_max_max < count_mask, "what is bounded never fills the count");
  // Zero is closed, so that a slot whose memory went back to the kernel takes nothing.
  static constexpr std::uint64_t closed_mark = 0;
  static constexpr std::uint64_t idle_mark = count_mask + 1;
  static constexpr std::uint64_t empty_mark = 2 * idle_mark;  ///< It runs or is scheduled; nothing has arrived.
  static constexpr std::uint32_t large_message_bytes = 256;

  static Envelope* newest(std::uint64_t word) {
    return word <= empty_mark ? nullptr : reinterpret_cast<Envelope*>((word & ~count_mask) >> address_shift);
  }

  Push add(Envelope* envelope, bool bounded, std::uint32_t times) {
    const std::uint64_t own = reinterpret_cast<std::uintptr_t>(envelope) << address_shift;
    std::uint64_t seen = inbox_.load(std::memory_order_relaxed);
    for (;;) {
      if (seen == closed_mark) {
        return Push::closed;
      }
      const std::uint64_t count = seen & count_mask;
      const std::uint64_t waiting = count + queued_.load(std::memory_order_relaxed);
      if (bounded && waiting >= std::uint64_t{times} * limits_messages_max_.load(std::memory_order_relaxed)) {
        return Push::full;
      }
      envelope->next = newest(seen);
      const std::uint64_t next_count = bounded || count < count_mask ? count + 1 : count;
      if (inbox_.compare_exchange_weak(seen, own | next_count, std::memory_order_seq_cst, std::memory_order_relaxed)) {
        if (seen == idle_mark) {
          return Push::must_schedule;
        }
        return bounded && waiting > mailbox_soft_messages_max ? Push::crowded : Push::done;
      }
    }
  }

  static Arrivals in_order(std::uint64_t word, std::uint32_t serial) {
    Arrivals arrivals;
    Envelope* next = newest(word);
    arrivals.last = next;
    while (next != nullptr) {
      Envelope* const before = next->next;
      ++arrivals.count;
      arrivals.plain = arrivals.plain && is_plainly_queued(next->kind) && next->to_serial == serial;
      next->next = arrivals.first;
      arrivals.first = next;
      next = before;
    }
    return arrivals;
  }

  std::atomic<std::uint64_t> inbox_{closed_mark};
  std::atomic<std::uint64_t> large_bytes_{0};
  std::atomic<std::uint64_t> limits_bytes_max_{0};
  std::atomic<std::uint32_t> queued_{0};
  std::atomic<std::uint32_t> limits_messages_max_{0};
};

}  // namespace troupe
