// Keeps the applications of this worker's cluster running: loads their modules, starts their supervisors, starts them
// again after they gave up, upgrades them in place when their module changes, and says how each fares. A thread of its
// own, since loading and stopping take time.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "kube/object.hpp"
#include "worker/node/application_plan.hpp"
#include "worker/node/application_spec.hpp"
#include "worker/node/pod_conditions.hpp"
#include "worker/node/retired_modules.hpp"
#include "worker/node/running_application.hpp"
#include "worker/process/runtime.hpp"

namespace troupe::node {

/// Thread-safe.
class ApplicationKeeper {
 public:
  /// `on_change` runs on the keeper's thread after a report has changed.
  ApplicationKeeper(Runtime& runtime, ApplicationSurroundings surroundings, const Clock& clock,
                    std::function<void()> on_change);
  ~ApplicationKeeper();
  ApplicationKeeper(const ApplicationKeeper&) = delete;
  ApplicationKeeper& operator=(const ApplicationKeeper&) = delete;

  /// All TroupeApplications that name this cluster, as the API server shows them now.
  void set_wanted(std::vector<kube::Object> applications);
  /// True once every application of the first `set_wanted` was started or has failed.
  [[nodiscard]] bool first_pass_done() const;
  [[nodiscard]] std::vector<ApplicationReport> reports() const;
  [[nodiscard]] std::map<std::string, std::uint64_t> restarts() const;
  /// Stops all, last started first, and starts none any more. True when all have ended within `timeout`.
  bool stop_all(Duration timeout);

 private:
  /// A supervisor that ran this long has recovered from what failed before.
  static constexpr Duration failures_forgotten_after = std::chrono::minutes(10);

  struct Entry {
    RunningApplication state;
    std::unique_ptr<Application> application;
    std::string version;  ///< What runs.
    std::uint64_t incarnation = 0;
    Instant started{};
    int failures = 0;
  };
  struct EndedSupervisor {
    std::string name;
    std::uint64_t incarnation;
    Term reason;
  };

  void run();
  void read_specs(const std::vector<kube::Object>& applications);
  /// Carries out the plan; answers when to look again.
  Instant act();
  void start(const std::string& name, const WantedApplication& wanted);
  void upgrade(const std::string& name, const WantedApplication& wanted);
  void stop(const std::string& name);
  void fail(const std::string& name, Entry& entry, const ApplicationFailure& failure);
  void take_ended();
  void set_report(ApplicationReport report);
  void forget_report(const std::string& name);

  Runtime& runtime_;
  const ApplicationSurroundings surroundings_;
  const Clock& clock_;
  const std::function<void()> on_change_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<std::vector<kube::Object>> wanted_;
  std::vector<EndedSupervisor> ended_;
  bool stopping_ = false;
  bool stopped_ = false;
  bool first_pass_done_ = false;
  std::map<std::string, ApplicationReport> reports_;
  std::map<std::string, std::uint64_t> restarts_;  ///< By supervisor.

  // The keeper's thread alone.
  RetiredModules retired_;
  std::map<std::string, Result<ApplicationSpec>> specs_;
  std::map<std::string, std::string> versions_;
  std::map<std::string, Entry> entries_;
  std::vector<std::string> start_order_;
  std::uint64_t last_incarnation_ = 0;

  std::thread thread_;
};

}  // namespace troupe::node
