#include "worker/process/process_table.hpp"

#include <algorithm>

namespace troupe {

ProcessTable::ProcessTable(Runtime& runtime, std::uint32_t processes_max)
    : runtime_(runtime),
      processes_max_(std::min(processes_max, std::uint32_t{1} << 28)),
      keep_max_(processes_max_ < small_table ? 1 : ThreadPart::free_slots_max),
      chunks_(new std::atomic<Process*>[processes_max_ / chunk_slots + 1]()) {}

ProcessTable::~ProcessTable() {
  for (std::uint32_t chunk = 0; chunk <= processes_max_ / chunk_slots; ++chunk) {
    delete[] chunks_[chunk].load(std::memory_order_relaxed);
  }
}

bool ProcessTable::refill(ThreadPart& here) {
  const std::uint32_t wanted = (keep_max_ + 1) / 2;
  const std::lock_guard lock(mutex_);
  while (here.free_slot_count < wanted && !free_.empty()) {
    here.free_slots[here.free_slot_count++] = free_.back();
    free_.pop_back();
  }
  const std::uint32_t used = slots_used_.load(std::memory_order_relaxed);
  const std::uint32_t fresh = std::min(wanted - here.free_slot_count, processes_max_ - used);
  // The lowest comes first: taken from the end.
  for (std::uint32_t id = used + fresh; id != used; --id) {
    make_chunk_for(id - 1);
    here.free_slots[here.free_slot_count++] = id - 1;
  }
  slots_used_.store(used + fresh, std::memory_order_release);
  return here.free_slot_count != 0;
}

void ProcessTable::spill(ThreadPart& here) {
  const std::uint32_t count = (keep_max_ + 1) / 2;
  const std::lock_guard lock(mutex_);
  free_.insert(free_.end(), here.free_slots.begin(), here.free_slots.begin() + count);
  std::copy(here.free_slots.begin() + count, here.free_slots.begin() + here.free_slot_count, here.free_slots.begin());
  here.free_slot_count -= count;
}

void ProcessTable::make_chunk_for(std::uint32_t id) {
  auto& chunk = chunks_[id / chunk_slots];
  if (chunk.load(std::memory_order_relaxed) != nullptr) {
    return;
  }
  auto* const slots = new Process[chunk_slots];
  for (std::uint32_t at = 0; at < chunk_slots; ++at) {
    slots[at].id = id - id % chunk_slots + at;
    slots[at].runtime = &runtime_;
  }
  chunk.store(slots, std::memory_order_release);
}

}  // namespace troupe
