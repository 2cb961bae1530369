#include "worker/process/current.hpp"

#include <algorithm>
#include <mutex>
#include <vector>

namespace troupe {
namespace {

std::mutex default_mutex;
std::vector<Runtime*> default_runtimes;
std::atomic<Runtime*> default_runtime{nullptr};

}  // namespace

constinit thread_local Current* current_callback = nullptr;

Runtime*& scoped_runtime() {
  thread_local Runtime* scoped = nullptr;
  return scoped;
}

Runtime* current_runtime() {
  if (const Current* const here = current()) {
    return here->runtime;
  }
  if (Runtime* const scoped = scoped_runtime()) {
    return scoped;
  }
  return default_runtime.load(std::memory_order_acquire);
}

void add_default_runtime(Runtime& runtime) {
  const std::lock_guard lock(default_mutex);
  default_runtimes.push_back(&runtime);
  default_runtime.store(default_runtimes.front(), std::memory_order_release);
}

void remove_default_runtime(Runtime& runtime) {
  const std::lock_guard lock(default_mutex);
  std::erase(default_runtimes, &runtime);
  default_runtime.store(default_runtimes.empty() ? nullptr : default_runtimes.front(), std::memory_order_release);
}

RuntimeScope::RuntimeScope(Runtime& runtime) : before_(scoped_runtime()) { scoped_runtime() = &runtime; }
RuntimeScope::~RuntimeScope() { scoped_runtime() = before_; }

}  // namespace troupe
