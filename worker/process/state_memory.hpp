// Where the state of a process lies: in its slot when small, else in memory of its own.
#pragma once

#include <algorithm>
#include <new>

#include "worker/process/process.hpp"

namespace troupe {

struct StateMemory {
  /// In the slot where it fits.
  static void* choose(Process& process, const troupe_process_class& process_class) {
    if (process_class.state_size <= Process::inline_state_bytes && process_class.state_align <= 16) {
      return process.inline_state;
    }
    return allocate(process_class);
  }
  static void* allocate(const troupe_process_class& process_class) {
    return ::operator new(process_class.state_size, alignment(process_class));
  }
  static void free(const troupe_process_class& process_class, void* state) {
    ::operator delete(state, alignment(process_class));
  }
  /// That of the process's own class. What lay there has been destroyed.
  static void free(Process& process) {
    if (process.state != process.inline_state && process.state != nullptr) {
      free(*process.process_class, process.state);
    }
    process.state = nullptr;
  }

 private:
  static std::align_val_t alignment(const troupe_process_class& process_class) {
    return std::align_val_t{std::max<std::size_t>(process_class.state_align, 16)};
  }
};

}  // namespace troupe
