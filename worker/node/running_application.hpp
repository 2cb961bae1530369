// One TroupeApplication on this worker: its module, and the supervisor with its children.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "worker/node/application_spec.hpp"
#include "worker/process/module_image.hpp"
#include "worker/process/runtime.hpp"

namespace troupe::node {

/// What applications find around them.
struct ApplicationSurroundings {
  std::string image_root;                  ///< See find_module_file.
  std::map<std::string, std::string> env;  ///< Of commands.
};

/// Why an application does not run, as its report says it.
struct ApplicationFailure {
  std::string reason;  ///< CamelCase: ModuleNotFound, ModuleInvalid, ClassNotFound, NameTaken, StartFailed.
  std::string message;
};

class Application {
 public:
  /// Loads the module and starts the supervisor, registered as "<name>.supervisor", with all children; each process is
  /// registered under its child's name. Blocks until they have started. `on_ended` runs once, in a process of the
  /// runtime, when the supervisor ends, whoever ended it.
  static Result<std::unique_ptr<Application>, ApplicationFailure> start(
      Runtime& runtime, const ApplicationSpec& spec, const ApplicationSurroundings& surroundings,
      std::function<void(const Term& reason)> on_ended, std::function<void()> on_restart);
  /// Asks the supervisor to stop: children go last to first, each within its shutdown timeout; then `on_ended`.
  void stop();

  [[nodiscard]] static std::string supervisor_name(const std::string& application) {
    return application + ".supervisor";
  }

 private:
  Application(Runtime& runtime, Pid supervisor, std::shared_ptr<const ModuleImage> module)
      : runtime_(runtime), supervisor_(supervisor), module_(std::move(module)) {}

  Runtime& runtime_;
  Pid supervisor_;
  std::shared_ptr<const ModuleImage> module_;
};

}  // namespace troupe::node
