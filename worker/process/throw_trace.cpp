#include "worker/process/throw_trace.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <typeinfo>

#include "worker/process/current.hpp"

namespace troupe {
namespace {

struct Throw {
  const Process* process = nullptr;
  std::uint32_t serial = 0;
  std::uint64_t reductions = 0;  ///< Which of its messages it was handling.
  StackTrace trace;
};
thread_local Throw last_throw;

void note_throw(const std::type_info& type) {
  const Current* const here = current();
  if (here == nullptr || here->process == nullptr || std::strcmp(type.name(), typeid(abi::ExitNow).name()) == 0) {
    return;
  }
  const Process& process = *here->process;
  last_throw.process = &process;
  last_throw.serial = process.serial.load(std::memory_order_relaxed);
  last_throw.reductions = process.reductions.load(std::memory_order_relaxed);
  last_throw.trace = stack_here(2);
}

}  // namespace

const StackTrace* last_throw_of(const Process& process) {
  const bool its = last_throw.process == &process &&
                   last_throw.serial == process.serial.load(std::memory_order_relaxed) &&
                   last_throw.reductions == process.reductions.load(std::memory_order_relaxed);
  return its ? &last_throw.trace : nullptr;
}

namespace {

using Throwing = void (*)(void* exception, std::type_info* type, void (*destroy)(void*));

}  // namespace

/// Stands before the __cxa_throw of the C++ runtime, which then throws: a program's own definition comes first, for its
/// modules and for the standard library too. There is no other way to be told of a throw.
[[noreturn, gnu::used, gnu::visibility("default")]] void throw_noted(void* exception, std::type_info* type,
                                                                     void (*destroy)(void*)) __asm__("__cxa_throw");

void throw_noted(void* exception, std::type_info* type, void (*destroy)(void*)) {
  static const auto next = reinterpret_cast<Throwing>(::dlsym(RTLD_NEXT, "__cxa_throw"));
  note_throw(*type);
  if (next != nullptr) {
    next(exception, type, destroy);
  }
  std::abort();
}

}  // namespace troupe
