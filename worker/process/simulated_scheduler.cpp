#include "worker/process/simulated_scheduler.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {

void SimulatedScheduler::detach(TimerOwner& owner) {
  std::erase(owners_, &owner);
  const auto* const runtime = static_cast<const Runtime*>(&owner);
  std::erase_if(runnable_, [&](const Process* process) { return process->runtime == runtime; });
}

void SimulatedScheduler::wait(const std::function<bool()>& done) {
  while (!done()) {
    check(step(), "a simulated caller waits for something that can no longer happen");
  }
}

TimerId SimulatedScheduler::run_after(Duration delay, std::function<void()> task) {
  const TimerId id = ++last_timer_;
  const Instant due = clock_.now() + std::max(delay, Duration::zero());
  delayed_.emplace(std::pair{due, id}, std::move(task));
  delayed_by_id_.emplace(id, due);
  return id;
}

void SimulatedScheduler::cancel(TimerId timer) {
  const auto found = delayed_by_id_.find(timer);
  if (found != delayed_by_id_.end()) {
    delayed_.erase({found->second, timer});
    delayed_by_id_.erase(found);
  }
}

std::optional<Instant> SimulatedScheduler::next_due() const {
  std::optional<Instant> earliest;
  if (!delayed_.empty()) {
    earliest = delayed_.begin()->first.first;
  }
  for (const TimerOwner* const owner : owners_) {
    const auto due = owner->next_timer(0);
    if (due && (!earliest || *due < *earliest)) {
      earliest = due;
    }
  }
  return earliest;
}

void SimulatedScheduler::fire_due() {
  for (TimerOwner* const owner : owners_) {
    owner->fire_timers(0, clock_.now());
  }
  while (!delayed_.empty() && delayed_.begin()->first.first <= clock_.now()) {
    auto task = std::move(delayed_.begin()->second);
    delayed_by_id_.erase(delayed_.begin()->first.second);
    delayed_.erase(delayed_.begin());
    task();
  }
}

bool SimulatedScheduler::run_something() {
  const std::size_t choices = runnable_.size() + (tasks_.empty() ? 0 : 1);
  if (choices == 0) {
    return false;
  }
  const std::size_t chosen = random_.below(choices);
  if (chosen == runnable_.size()) {
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    return true;
  }
  Process* const process = runnable_[chosen];
  runnable_[chosen] = runnable_.back();
  runnable_.pop_back();
  // Short turns, so that they interleave in many ways.
  const auto messages_max = static_cast<std::uint32_t>(1 + random_.below(4));
  bool was_slow = false;
  if (run_turn(*process, messages_max, was_slow)) {
    runnable_.push_back(process);
  }
  return true;
}

bool SimulatedScheduler::step() {
  ++steps_;
  clock_.advance_to(clock_.now() + std::chrono::microseconds(1));  // A turn takes time.
  if (const auto due = next_due(); due && *due <= clock_.now()) {
    fire_due();
    return true;
  }
  if (run_something()) {
    return true;
  }
  const auto due = next_due();
  if (!due) {
    return false;
  }
  clock_.advance_to(*due);
  fire_due();
  return true;
}

void SimulatedScheduler::run_until_idle(Duration deadline) {
  const Instant end = clock_.now() + deadline;
  for (;;) {
    if (idle()) {
      const auto due = next_due();
      if (!due || *due > end) {
        return;
      }
    }
    step();
  }
}

void SimulatedScheduler::run_for(Duration span) {
  run_until([] { return false; }, clock_.now() + span);
}

bool SimulatedScheduler::run_until(const std::function<bool()>& done, Instant deadline) {
  while (!done()) {
    if (clock_.now() >= deadline) {
      return false;
    }
    if (idle()) {
      const auto due = next_due();
      if (!due || *due > deadline) {
        clock_.advance_to(deadline);
        return false;
      }
    }
    step();
  }
  return true;
}

bool SimulatedScheduler::run_ready(std::uint64_t steps_max) {
  for (; !idle() && steps_max != 0; --steps_max) {
    step();
  }
  return idle();
}

}  // namespace troupe
