#include "worker/node/process_upgrade.hpp"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <unordered_set>
#include <utility>

namespace troupe::node {
namespace {

constexpr std::size_t failures_shown_max = 8;
constexpr int rounds_max = 100;
constexpr Duration busy_pause = std::chrono::milliseconds(10);

struct Candidate {
  Pid pid;
  std::string process_class;
};

/// The answers to a batch of orders. Shared with the orders: one that comes too late finds nobody waiting.
class Answers {
 public:
  explicit Answers(std::size_t count) : outcomes_(count) {}

  void set(std::size_t at, UpgradeOutcome outcome) {
    const std::lock_guard lock(mutex_);
    outcomes_[at] = std::move(outcome);
    ++count_;
    changed_.notify_all();
  }
  std::vector<std::optional<UpgradeOutcome>> wait(Duration limit) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, limit, [this] { return count_ == outcomes_.size(); });
    return outcomes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t count_ = 0;
  std::vector<std::optional<UpgradeOutcome>> outcomes_;
};

std::vector<std::optional<UpgradeOutcome>> order_and_wait(Runtime& runtime, std::span<const Candidate> batch,
                                                          const ModuleImage& to, const std::string& from_version,
                                                          bool dry_run) {
  const auto answers = std::make_shared<Answers>(batch.size());
  for (std::size_t at = 0; at < batch.size(); ++at) {
    const troupe_process_class* const process_class = to.find_class(batch[at].process_class);
    if (process_class == nullptr) {
      answers->set(at, {UpgradeOutcome::Kind::failed, Term::atom("no_such_class_in_the_new_version")});
      continue;
    }
    runtime.upgrade(batch[at].pid, {process_class, from_version, dry_run,
                                    [answers, at](UpgradeOutcome outcome) { answers->set(at, std::move(outcome)); }});
  }
  return answers->wait(upgrade_wait_max);
}

/// Orders again what was busy, until it is not or the time is over.
void upgrade_batch(Runtime& runtime, std::span<const Candidate> candidates, const ModuleImage& to,
                   const std::string& from_version, bool dry_run, ProcessesUpgrade& result) {
  std::vector<Candidate> batch(candidates.begin(), candidates.end());
  const auto deadline = std::chrono::steady_clock::now() + upgrade_wait_max;
  while (!batch.empty()) {
    const auto outcomes = order_and_wait(runtime, batch, to, from_version, dry_run);
    const bool over = std::chrono::steady_clock::now() >= deadline;
    std::vector<Candidate> busy;
    for (std::size_t at = 0; at < batch.size(); ++at) {
      const auto fail = [&](std::string why) {
        result.failures.push_back({batch[at].pid, batch[at].process_class, std::move(why)});
      };
      if (!outcomes[at]) {
        fail("came to no message boundary within 10 s");
      } else if (outcomes[at]->kind == UpgradeOutcome::Kind::failed) {
        fail(outcomes[at]->reason.text());
      } else if (outcomes[at]->kind == UpgradeOutcome::Kind::busy && over) {
        fail("still waits for answers to its requests after 10 s");
      } else if (outcomes[at]->kind == UpgradeOutcome::Kind::busy) {
        busy.push_back(batch[at]);
      } else if (outcomes[at]->kind == UpgradeOutcome::Kind::upgraded) {
        ++result.upgraded;
      }
    }
    batch = std::move(busy);
    if (!batch.empty()) {
      std::this_thread::sleep_for(busy_pause);
    }
  }
}

}  // namespace

ProcessesUpgrade upgrade_processes(Runtime& runtime, const ModuleImage& from, const ModuleImage& to,
                                   const std::string& from_version, const std::vector<Pid>& first, bool dry_run) {
  ProcessesUpgrade result;
  std::unordered_set<Pid> seen;
  for (int round = 0; round < rounds_max; ++round) {
    std::vector<Candidate> candidates;
    const auto add = [&](const Pid& pid) {
      if (auto name = runtime.class_of(pid, from.image()); name && seen.insert(pid).second) {
        candidates.push_back({pid, std::move(*name)});
      }
    };
    std::for_each(first.begin(), first.end(), add);
    const std::vector<Pid> all = runtime.processes_of(from.image());
    std::for_each(all.begin(), all.end(), add);
    if (candidates.empty()) {
      break;
    }
    for (std::size_t at = 0; at < candidates.size(); at += upgrade_batch_size) {
      const std::size_t count = std::min(upgrade_batch_size, candidates.size() - at);
      upgrade_batch(runtime, std::span(candidates).subspan(at, count), to, from_version, dry_run, result);
      if (dry_run && result.failures.size() >= failures_shown_max) {
        return result;
      }
    }
  }
  return result;
}

}  // namespace troupe::node
