// One TroupeApplication on this worker: its module, and the supervisor with its children.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "worker/node/application_spec.hpp"
#include "worker/node/retired_modules.hpp"
#include "worker/process/module_image.hpp"
#include "worker/process/runtime.hpp"

namespace troupe::node {

/// What applications find around them.
struct ApplicationSurroundings {
  std::string image_root;                  ///< See find_module_file.
  std::map<std::string, std::string> env;  ///< Of commands.
};

/// Why an application does not run, or not in the version that is wanted, as its report says it.
struct ApplicationFailure {
  /// CamelCase: ModuleNotFound, ModuleInvalid, ClassNotFound, NameTaken, StartFailed, UpgradeRefused.
  std::string reason;
  std::string message;
};

/// The module whose classes a start uses now. Thread-safe.
class CurrentModule {
 public:
  explicit CurrentModule(std::shared_ptr<const ModuleImage> module) : module_(std::move(module)) {}
  [[nodiscard]] std::shared_ptr<const ModuleImage> get() const {
    const std::lock_guard lock(mutex_);
    return module_;
  }
  /// Answers the one before.
  std::shared_ptr<const ModuleImage> set(std::shared_ptr<const ModuleImage> module) {
    const std::lock_guard lock(mutex_);
    return std::exchange(module_, std::move(module));
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const ModuleImage> module_;
};

class Application {
 public:
  ~Application();
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  /// Loads the module and starts the supervisor, registered as "<name>.supervisor", with all children; each process is
  /// registered under its child's name. Blocks until they have started. `on_ended` runs once, in a process of the
  /// runtime, when the supervisor ends, whoever ended it.
  static Result<std::unique_ptr<Application>, ApplicationFailure> start(
      Runtime& runtime, const ApplicationSpec& spec, const ApplicationSurroundings& surroundings,
      RetiredModules& retired, std::function<void(const Term& reason)> on_ended, std::function<void()> on_restart);
  enum class Upgrade {
    done,
    needs_restart,  ///< Nothing was done: a class cannot save its state, or the new one cannot load it.
  };
  /// Takes every process over into the module that `spec` names, which must differ in nothing else, if a dry run over
  /// all of them succeeds; else nothing has changed. What fails even so is ended, and restarted in the new version by
  /// its supervisor. Blocks. Failures: those of loading; UpgradeRefused.
  Result<Upgrade, ApplicationFailure> upgrade(const ApplicationSpec& spec, const ApplicationSurroundings& surroundings);
  /// Asks the supervisor to stop: children go last to first, each within its shutdown timeout; then `on_ended`.
  void stop();

  [[nodiscard]] static std::string supervisor_name(const std::string& application) {
    return application + ".supervisor";
  }

 private:
  Application(Runtime& runtime, Pid supervisor, ApplicationSpec spec, std::shared_ptr<CurrentModule> module,
              RetiredModules& retired)
      : runtime_(runtime),
        supervisor_(supervisor),
        spec_(std::move(spec)),
        module_(std::move(module)),
        retired_(retired) {}

  /// What a dry run over all processes objects to; "" = nothing.
  [[nodiscard]] std::string objections(const ModuleImage& from, const ModuleImage& to,
                                       const std::vector<Pid>& children) const;

  Runtime& runtime_;
  Pid supervisor_;
  ApplicationSpec spec_;
  std::shared_ptr<CurrentModule> module_;  ///< Shared with the supervisor's start functions; null without a module.
  RetiredModules& retired_;
};

}  // namespace troupe::node
