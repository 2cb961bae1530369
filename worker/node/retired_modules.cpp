#include "worker/node/retired_modules.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace troupe::node {

void RetiredModules::add(std::shared_ptr<const ModuleImage> module) {
  if (module != nullptr) {
    modules_.push_back({std::move(module), retry_first, clock_.now()});
  }
}

Instant RetiredModules::unload() {
  const Instant now = clock_.now();
  Instant next = Instant::max();
  std::erase_if(modules_, [&](Retired& retired) {
    if (now >= retired.again) {
      const std::string file = retired.module->file().string();
      const auto unloaded = ModuleImage::unload(runtime_, retired.module);
      if (unloaded.ok()) {
        log_info("module unloaded", {{"file", file}});
        return true;
      }
      if (unloaded.error().code != ErrorCode::unavailable) {
        log_warning("module not unloaded", {{"error", unloaded.error().message}});
        return true;
      }
      retired.again = now + retired.wait;
      retired.wait = std::min<Duration>(retired.wait * 2, retry_last);
      if (retired.wait == retry_last) {
        log_info("module still in use", {{"by", unloaded.error().message}});
      }
    }
    next = std::min(next, retired.again);
    return false;
  });
  return next;
}

}  // namespace troupe::node
