// Modules that no application uses any more, on their way out of memory: a process that is not supervised, a message or
// a turn under way may still be of one.
#pragma once

#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "worker/process/module_image.hpp"
#include "worker/process/runtime.hpp"

namespace troupe::node {

/// Of one thread.
class RetiredModules {
 public:
  /// First wait before another attempt at a module, doubled up to the last.
  static constexpr Duration retry_first = std::chrono::milliseconds(100);
  static constexpr Duration retry_last = std::chrono::minutes(1);

  RetiredModules(Runtime& runtime, const Clock& clock) : runtime_(runtime), clock_(clock) {}

  void add(std::shared_ptr<const ModuleImage> module);
  /// Unloads what can be; answers when to try again, Instant::max() when nothing is left.
  Instant unload();

 private:
  struct Retired {
    std::shared_ptr<const ModuleImage> module;
    Duration wait = retry_first;
    Instant again{};
  };

  Runtime& runtime_;
  const Clock& clock_;
  std::vector<Retired> modules_;
};

}  // namespace troupe::node
