// RunQueue: processes that are ready, first come first served within their priority. Plain: whoever owns it locks it.
//
// Priorities are OTP's process_flag(priority): `high` goes before `normal`, `normal` before `low`; but after
// `turns_in_favour` turns in favour of a higher one a lower one that waits gets its turn, so that nobody starves.
#pragma once

#include <cstddef>
#include <cstdint>

#include "worker/process/process.hpp"

namespace troupe {

/// Processes linked through `run_next`.
class ProcessList {
 public:
  void push(Process& process) {
    process.run_next = nullptr;
    (last_ != nullptr ? last_->run_next : first_) = &process;
    last_ = &process;
    ++length_;
  }
  Process* pop() {
    Process* const process = first_;
    if (process != nullptr) {
      first_ = process->run_next;
      last_ = first_ == nullptr ? nullptr : last_;
      --length_;
    }
    return process;
  }
  /// All of `other` behind these.
  void append(ProcessList& other) {
    if (other.first_ != nullptr) {
      (last_ != nullptr ? last_->run_next : first_) = other.first_;
      last_ = other.last_;
      length_ += other.length_;
      other = {};
    }
  }
  [[nodiscard]] std::size_t length() const { return length_; }

 private:
  Process* first_ = nullptr;
  Process* last_ = nullptr;
  std::size_t length_ = 0;
};

class RunQueue {
 public:
  static constexpr unsigned turns_in_favour = 8;

  void push(Process& process) {
    lists_[process.priority].push(process);
    ++length_;
  }

  Process* pop() {
    if (length_ == 0) {
      return nullptr;
    }
    --length_;
    if (length_ + 1 == lists_[normal].length()) [[likely]] {
      return lists_[normal].pop();
    }
    return pop_by_priority();
  }

  /// Moves `count` processes, those that would run first, to the end of `to`.
  void move_to(RunQueue& to, std::size_t count) {
    if (count >= length_) {
      for (std::size_t priority = 0; priority < priorities; ++priority) {
        to.lists_[priority].append(lists_[priority]);
      }
      to.length_ += length_;
      length_ = 0;
      return;
    }
    while (count-- != 0) {
      Process* const process = pop();
      if (process == nullptr) {
        return;
      }
      to.push(*process);
    }
  }

  [[nodiscard]] std::size_t length() const { return length_; }

 private:
  static constexpr std::size_t priorities = 3;
  static constexpr auto normal = static_cast<std::size_t>(TROUPE_PRIORITY_NORMAL);

  Process* pop_by_priority() {
    std::size_t chosen = priorities;
    for (std::size_t priority = 0; priority < priorities; ++priority) {
      if (lists_[priority].length() != 0 && (chosen == priorities || passed_over_[priority] >= turns_in_favour)) {
        chosen = priority;
      }
    }
    for (std::size_t lower = chosen + 1; lower < priorities; ++lower) {
      passed_over_[lower] += lists_[lower].length() != 0 ? 1 : 0;
    }
    passed_over_[chosen] = 0;
    return lists_[chosen].pop();
  }

  ProcessList lists_[priorities];  ///< Highest first.
  std::size_t length_ = 0;
  unsigned passed_over_[priorities] = {};  ///< Turns that went to a higher priority while one of this waited.
};

}  // namespace troupe
