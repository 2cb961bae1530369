#include "worker/process/threaded_scheduler.hpp"

#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "base/check.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {
namespace {

/// A run queue: processes linked through `run_next`.
class RunQueue {
 public:
  /// Returns its length afterwards.
  std::size_t push(Process& process) {
    const std::lock_guard lock(mutex_);
    process.run_next = nullptr;
    if (last_ != nullptr) {
      last_->run_next = &process;
    } else {
      first_ = &process;
    }
    last_ = &process;
    const std::size_t length = length_.load(std::memory_order_relaxed) + 1;
    // Before the pusher looks for sleepers; a sleeper looks here after it has said that it sleeps.
    length_.store(length, std::memory_order_seq_cst);
    return length;
  }
  Process* pop() {
    if (length_.load(std::memory_order_relaxed) == 0) {
      return nullptr;
    }
    const std::lock_guard lock(mutex_);
    return pop_locked();
  }
  /// Moves half of it, at least one and at most `steal_max`, to `thief` but for the one that is returned.
  Process* steal(RunQueue& thief) {
    Process* taken[steal_max];
    std::size_t count = 0;
    {
      const std::lock_guard lock(mutex_);
      const std::size_t wanted = std::min((length_.load(std::memory_order_relaxed) + 1) / 2, steal_max);
      while (count < wanted) {
        taken[count++] = pop_locked();
      }
    }
    for (std::size_t at = 1; at < count; ++at) {
      thief.push(*taken[at]);
    }
    return count == 0 ? nullptr : taken[0];
  }
  /// Takes out the processes of one runtime.
  void remove_of(const Runtime* runtime) {
    const std::lock_guard lock(mutex_);
    Process* list = first_;
    first_ = last_ = nullptr;
    std::size_t length = 0;
    while (list != nullptr) {
      Process* const next = list->run_next;
      list->run_next = nullptr;
      if (list->runtime != runtime) {
        (last_ != nullptr ? last_->run_next : first_) = list;
        last_ = list;
        ++length;
      }
      list = next;
    }
    length_.store(length, std::memory_order_seq_cst);
  }
  [[nodiscard]] std::size_t length() const { return length_.load(std::memory_order_seq_cst); }

 private:
  static constexpr std::size_t steal_max = 64;

  Process* pop_locked() {
    Process* const process = first_;
    if (process != nullptr) {
      first_ = process->run_next;
      if (first_ == nullptr) {
        last_ = nullptr;
      }
      length_.store(length_.load(std::memory_order_relaxed) - 1, std::memory_order_seq_cst);
    }
    return process;
  }

  std::mutex mutex_;
  Process* first_ = nullptr;
  Process* last_ = nullptr;
  std::atomic<std::size_t> length_{0};
};

struct alignas(64) Worker {
  RunQueue queue;
  std::atomic<std::uint32_t> wake{0};   ///< 1: leave the sleep.
  std::atomic<std::uint64_t> turns{0};  ///< Odd from before a process is taken until its turn is over.
  std::thread thread;
};

struct ThisThread {
  const void* scheduler = nullptr;
  Worker* worker = nullptr;
};
thread_local ThisThread this_thread;

}  // namespace

/// Threads, and the timekeeper: one more thread that fires timers and looks after queues whose owner is stuck in a
/// handler while others sleep.
class ThreadedScheduler::Workers {
 public:
  Workers(const Clock& clock, ThreadedSchedulerOptions options)
      : clock_(clock), options_(options), workers_(std::clamp(options.threads, 1u, 64u)) {
    for (std::size_t at = 0; at < workers_.size(); ++at) {
      workers_[at].thread = std::thread([this, at] { run(at); });
    }
    timekeeper_ = std::thread([this] { keep_time(); });
  }

  ~Workers() {
    stopping_.store(true, std::memory_order_seq_cst);
    for (Worker& worker : workers_) {
      worker.wake.store(1, std::memory_order_seq_cst);
      worker.wake.notify_all();
    }
    poke_timekeeper();
    timekeeper_.join();
    for (Worker& worker : workers_) {
      worker.thread.join();
    }
  }

  SchedulerLoad load() {
    SchedulerLoad sum;
    for (Worker& worker : workers_) {
      sum.run_queue += worker.queue.length();
      clockid_t clock{};
      timespec used{};
      if (pthread_getcpuclockid(worker.thread.native_handle(), &clock) == 0 && clock_gettime(clock, &used) == 0) {
        sum.busy += std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
      }
    }
    return sum;
  }

  void schedule(Process& process) {
    if (this_thread.scheduler == this) {
      // A single process waits for this thread's turn to end, which is soon; should the turn be long after all, the
      // timekeeper sees it. So two processes that take turns stay on one core.
      if (this_thread.worker->queue.push(process) > 1) {
        wake_one();
      }
      return;
    }
    workers_[next_.fetch_add(1, std::memory_order_relaxed) % workers_.size()].queue.push(process);
    wake_one();
  }

  void timer_set(Instant due) {
    if (due < sleeping_until_.load(std::memory_order_seq_cst)) {
      poke_timekeeper();
    }
  }

  void attach(TimerOwner& owner) {
    const std::lock_guard lock(owners_mutex_);
    owners_.push_back(&owner);
  }

  void detach(TimerOwner& owner) {
    {
      const std::lock_guard lock(owners_mutex_);  // Held while timers fire.
      std::erase(owners_, &owner);
    }
    // The runtime refuses new turns by now. Those in progress end first, as they may queue processes again; then the
    // queues are cleared; then whoever had taken a process out of them just before has put it down.
    const auto* const runtime = static_cast<const Runtime*>(&owner);
    wait_for_turns();
    for (Worker& worker : workers_) {
      worker.queue.remove_of(runtime);
    }
    wait_for_turns();
  }

  void wait(const std::function<bool()>& done) {
    std::unique_lock lock(waiters_mutex_);
    waiters_changed_.wait(lock, done);
  }
  void notify_waiters() {
    { const std::lock_guard lock(waiters_mutex_); }
    waiters_changed_.notify_all();
  }

  const Clock& clock_;
  const ThreadedSchedulerOptions options_;

 private:
  static constexpr Duration watch_interval = std::chrono::milliseconds(2);
  static constexpr int idle_watches_max = 5;

  void run(std::size_t index) {
    Worker& self = workers_[index];
    this_thread = {this, &self};
    while (!stopping_.load(std::memory_order_relaxed)) {
      self.turns.fetch_add(1, std::memory_order_seq_cst);
      Process* const process = next(self, index);
      if (process != nullptr && run_turn(*process) && self.queue.push(*process) > 1) {
        wake_one();
      }
      self.turns.fetch_add(1, std::memory_order_seq_cst);
      if (process == nullptr) {
        sleep(self, index);
      }
    }
  }

  Process* next(Worker& self, std::size_t index) {
    if (Process* const process = self.queue.pop()) {
      return process;
    }
    for (std::size_t offset = 1; offset < workers_.size(); ++offset) {
      Worker& victim = workers_[(index + offset) % workers_.size()];
      if (victim.queue.length() != 0) {
        if (Process* const process = victim.queue.steal(self.queue)) {
          return process;
        }
      }
    }
    return nullptr;
  }

  /// Every turn that is in progress now is over.
  void wait_for_turns() {
    for (Worker& worker : workers_) {
      const std::uint64_t seen = worker.turns.load(std::memory_order_seq_cst);
      while (seen % 2 != 0 && worker.turns.load(std::memory_order_seq_cst) == seen) {
        std::this_thread::yield();
      }
    }
  }

  [[nodiscard]] bool work_waits() const {
    return std::any_of(workers_.begin(), workers_.end(),
                       [](const Worker& worker) { return worker.queue.length() != 0; });
  }

  void sleep(Worker& self, std::size_t index) {
    const std::uint64_t bit = 1ull << index;
    self.wake.store(0, std::memory_order_relaxed);
    asleep_.fetch_or(bit, std::memory_order_seq_cst);
    if (work_waits() || stopping_.load(std::memory_order_seq_cst)) {
      if ((asleep_.fetch_and(~bit, std::memory_order_seq_cst) & bit) != 0) {
        return;
      }
      // Somebody is just waking this thread: take that wake-up, so that it does not hit the next sleep.
    }
    self.wake.wait(0, std::memory_order_acquire);
    if (workers_.size() > 1 && timekeeper_rests_.load(std::memory_order_seq_cst)) {
      poke_timekeeper();
    }
  }

  void wake_one() {
    std::uint64_t asleep = asleep_.load(std::memory_order_seq_cst);
    while (asleep != 0) {
      const auto index = static_cast<std::size_t>(__builtin_ctzll(asleep));
      if (asleep_.compare_exchange_weak(asleep, asleep & ~(1ull << index), std::memory_order_seq_cst)) {
        workers_[index].wake.store(1, std::memory_order_release);
        workers_[index].wake.notify_one();
        return;
      }
    }
  }

  void poke_timekeeper() {
    {
      const std::lock_guard lock(time_mutex_);
      poked_ = true;
    }
    time_changed_.notify_one();
  }

  std::optional<Instant> fire_timers() {
    std::optional<Instant> earliest;
    const std::lock_guard lock(owners_mutex_);
    for (TimerOwner* const owner : owners_) {
      const auto due = owner->fire_timers(clock_.now());
      if (due && (!earliest || *due < *earliest)) {
        earliest = due;
      }
    }
    return earliest;
  }

  std::optional<Instant> earliest_timer() {
    std::optional<Instant> earliest;
    const std::lock_guard lock(owners_mutex_);
    for (const TimerOwner* const owner : owners_) {
      const auto due = owner->next_timer();
      if (due && (!earliest || *due < *earliest)) {
        earliest = due;
      }
    }
    return earliest;
  }

  void keep_time() {
    const std::uint64_t all = workers_.size() == 64 ? ~0ull : (1ull << workers_.size()) - 1;
    int idle_watches = 0;
    while (!stopping_.load(std::memory_order_seq_cst)) {
      fire_timers();
      const std::uint64_t asleep = asleep_.load(std::memory_order_seq_cst);
      if (asleep != 0 && work_waits()) {
        wake_one();
      }
      // With one thread nobody could help; with all asleep there is nothing to watch.
      idle_watches = workers_.size() == 1 || asleep == all ? idle_watches + 1 : 0;
      const bool rests = workers_.size() == 1 || idle_watches > idle_watches_max;
      timekeeper_rests_.store(rests, std::memory_order_seq_cst);
      Instant until = rests ? Instant::max() : clock_.now() + watch_interval;
      sleeping_until_.store(until, std::memory_order_seq_cst);
      // Asked after it is known how long this thread means to sleep: an earlier timer set from now on pokes.
      if (const auto due = earliest_timer()) {
        until = std::min(until, *due);
      }
      sleeping_until_.store(until, std::memory_order_seq_cst);
      if (rests && workers_.size() > 1 && asleep_.load(std::memory_order_seq_cst) != all) {
        idle_watches = 0;  // Somebody woke up before this thread had said that it rests.
        timekeeper_rests_.store(false, std::memory_order_seq_cst);
        continue;
      }
      std::unique_lock lock(time_mutex_);
      if (until == Instant::max()) {
        time_changed_.wait(lock, [&] { return poked_; });
      } else {
        const Duration left = until - clock_.now();
        if (left > Duration::zero()) {
          time_changed_.wait_for(lock, std::min<Duration>(left, std::chrono::hours(1)), [&] { return poked_; });
        }
      }
      if (std::exchange(poked_, false)) {
        idle_watches = 0;
      }
    }
  }

  std::vector<Worker> workers_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> asleep_{0};
  std::atomic<std::uint32_t> next_{0};

  std::thread timekeeper_;
  std::mutex time_mutex_;
  std::condition_variable time_changed_;
  bool poked_ = false;
  std::atomic<bool> timekeeper_rests_{false};
  std::atomic<Instant> sleeping_until_{Instant::max()};
  std::mutex owners_mutex_;
  std::vector<TimerOwner*> owners_;

  std::mutex waiters_mutex_;
  std::condition_variable waiters_changed_;
};

ThreadedScheduler::ThreadedScheduler(const Clock& clock, ThreadedSchedulerOptions options)
    : workers_(std::make_unique<Workers>(clock, options)) {}
ThreadedScheduler::~ThreadedScheduler() = default;
void ThreadedScheduler::schedule(Process& process) { workers_->schedule(process); }
void ThreadedScheduler::timer_set(Instant due) { workers_->timer_set(due); }
void ThreadedScheduler::attach(TimerOwner& owner) { workers_->attach(owner); }
void ThreadedScheduler::detach(TimerOwner& owner) { workers_->detach(owner); }
void ThreadedScheduler::wait(const std::function<bool()>& done) { workers_->wait(done); }
void ThreadedScheduler::notify_waiters() { workers_->notify_waiters(); }
std::uint32_t ThreadedScheduler::turn_messages_max() { return workers_->options_.turn_messages_max; }
const Clock& ThreadedScheduler::clock() const { return workers_->clock_; }

SchedulerLoad ThreadedScheduler::load() const { return workers_->load(); }

}  // namespace troupe
