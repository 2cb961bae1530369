// RunQueue: processes that are ready, first come first served within their priority. Plain: whoever owns it locks it.
//
// Priorities are OTP's process_flag(priority): `high` goes before `normal`, `normal` before `low`; but after
// `turns_in_favour` turns in favour of a higher one a lower one that waits gets its turn, so that nobody starves.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "worker/process/process.hpp"

namespace troupe {

/// Processes linked through `run_next`.
class ProcessList {
 public:
  void push(Process& process) {
    process.run_next = nullptr;
    (first_ != nullptr ? last_->run_next : first_) = &process;
    last_ = &process;
  }
  Process* pop() {
    Process* const process = first_;
    if (process != nullptr) {
      first_ = process->run_next;
    }
    return process;
  }
  /// All of `other` behind these.
  void append(ProcessList& other) {
    if (!other.empty()) {
      (first_ != nullptr ? last_->run_next : first_) = other.first_;
      last_ = other.last_;
      other.first_ = nullptr;
    }
  }
  [[nodiscard]] bool empty() const { return first_ == nullptr; }

 private:
  Process* first_ = nullptr;
  Process* last_ = nullptr;  ///< Means nothing while empty.
};

class RunQueue {
 public:
  static constexpr unsigned turns_in_favour = 8;

  void push(Process& process) {
    lists_[process.priority].push(process);
    others_ += process.priority != normal ? 1 : 0;
    add_to_length(1);
  }

  Process* pop() {
    Process* const process = others_ == 0 ? lists_[normal].pop() : pop_by_priority();
    if (process != nullptr) {
      add_to_length(-1);
    }
    return process;
  }

  /// Moves `count` processes, those that would run first, to the end of `to`.
  void move_to(RunQueue& to, std::size_t count) {
    if (count >= length()) {
      for (std::size_t priority = 0; priority < priorities; ++priority) {
        to.lists_[priority].append(lists_[priority]);
      }
      to.others_ += std::exchange(others_, 0);
      to.add_to_length(static_cast<std::int32_t>(length()));
      length_.store(0, std::memory_order_relaxed);
      return;
    }
    while (count-- != 0) {
      to.push(*pop());
    }
  }

  /// Any thread may ask, without the lock.
  [[nodiscard]] std::uint32_t length() const { return length_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t priorities = 3;
  static constexpr auto normal = static_cast<std::size_t>(TROUPE_PRIORITY_NORMAL);

  void add_to_length(std::int32_t more) {
    length_.store(length() + static_cast<std::uint32_t>(more), std::memory_order_relaxed);
  }

  Process* pop_by_priority() {
    std::size_t chosen = priorities;
    for (std::size_t priority = 0; priority < priorities; ++priority) {
      if (!lists_[priority].empty() && (chosen == priorities || passed_over_[priority] >= turns_in_favour)) {
        chosen = priority;
      }
    }
    for (std::size_t lower = chosen + 1; lower < priorities; ++lower) {
      passed_over_[lower] += lists_[lower].empty() ? 0 : 1;
    }
    passed_over_[chosen] = 0;
    others_ -= chosen != normal ? 1 : 0;
    return lists_[chosen].pop();
  }

  ProcessList lists_[priorities];  ///< Highest first.
  std::uint32_t others_ = 0;       ///< Of high and low priority.
  std::atomic<std::uint32_t> length_{0};
  unsigned passed_over_[priorities] = {};  ///< Turns that went to a higher priority while one of this waited.
};

}  // namespace troupe
