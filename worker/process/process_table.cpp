#include "worker/process/process_table.hpp"

#include <algorithm>

namespace troupe {

ProcessTable::ProcessTable(Runtime& runtime, std::uint32_t processes_max)
    : runtime_(runtime),
      processes_max_(std::min(processes_max, std::uint32_t{1} << 28)),
      chunks_(new std::atomic<Process*>[processes_max_ / chunk_slots + 1]()) {}

ProcessTable::~ProcessTable() {
  for (std::uint32_t chunk = 0; chunk <= processes_max_ / chunk_slots; ++chunk) {
    delete[] chunks_[chunk].load(std::memory_order_relaxed);
  }
}

Process* ProcessTable::take() {
  const std::lock_guard lock(mutex_);
  std::uint32_t id = 0;
  if (!free_.empty()) {
    id = free_.back();
    free_.pop_back();
  } else {
    id = slots_used_.load(std::memory_order_relaxed);
    if (id >= processes_max_) {
      return nullptr;
    }
    auto& chunk = chunks_[id / chunk_slots];
    if (chunk.load(std::memory_order_relaxed) == nullptr) {
      auto* const slots = new Process[chunk_slots];
      for (std::uint32_t at = 0; at < chunk_slots; ++at) {
        slots[at].id = id - id % chunk_slots + at;
        slots[at].runtime = &runtime_;
      }
      chunk.store(slots, std::memory_order_release);
    }
    slots_used_.store(id + 1, std::memory_order_release);
  }
  alive_.fetch_add(1, std::memory_order_relaxed);
  return slot(id);
}

void ProcessTable::give_back(Process& process) {
  alive_.fetch_sub(1, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  free_.push_back(process.id);
}

}  // namespace troupe
