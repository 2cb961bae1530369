#include "worker/process/process_table.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>

namespace troupe {
namespace {

constexpr std::size_t page_bytes = 4096;
static_assert(ProcessTable::chunk_slots * sizeof(Process) % page_bytes == 0, "whole pages go back to the kernel");

}  // namespace

ProcessTable::ProcessTable(Runtime& runtime, std::uint32_t processes_max)
    : runtime_(runtime),
      processes_max_(std::min(processes_max, std::uint32_t{1} << 28)),
      keep_max_(processes_max_ < small_table ? 1 : ThreadPart::free_slots_max),
      chunks_(new std::atomic<Process*>[processes_max_ / chunk_slots + 1]()) {}

ProcessTable::~ProcessTable() {
  for (std::uint32_t chunk = 0; chunk < known_.size(); ++chunk) {
    Process* const slots = chunks_[chunk].load(std::memory_order_relaxed);
    std::destroy_n(slots, chunk_slots);
    std::free(slots);  // NOLINT: from aligned_alloc
  }
}

bool ProcessTable::refill(ThreadPart& here) {
  const std::uint32_t wanted = (keep_max_ + 1) / 2;
  const std::lock_guard lock(mutex_);
  while (here.free_slot_count < wanted && !free_.empty()) {
    const std::uint32_t id = free_.back();
    make_chunk(id / chunk_slots);
    free_.pop_back();
    --known_[id / chunk_slots].free;
    here.free_slots[here.free_slot_count++] = id;
  }
  const std::uint32_t used = slots_used_.load(std::memory_order_relaxed);
  const std::uint32_t fresh = std::min(wanted - here.free_slot_count, processes_max_ - used);
  for (std::uint32_t id = used; id < used + fresh; id += chunk_slots - id % chunk_slots) {
    make_chunk(id / chunk_slots);
  }
  // The lowest comes first: taken from the end.
  for (std::uint32_t id = used + fresh; id != used; --id) {
    here.free_slots[here.free_slot_count++] = id - 1;
  }
  slots_used_.store(used + fresh, std::memory_order_release);
  return here.free_slot_count != 0;
}

void ProcessTable::spill(ThreadPart& here) {
  const std::uint32_t count = (keep_max_ + 1) / 2;
  const std::lock_guard lock(mutex_);
  for (std::uint32_t at = 0; at < count; ++at) {
    const std::uint32_t id = here.free_slots[at];
    free_.push_back(id);
    if (++known_[id / chunk_slots].free == chunk_slots && free_.size() > free_slots_kept) {
      drop_chunk(id / chunk_slots);
    }
  }
  std::copy(here.free_slots.begin() + count, here.free_slots.begin() + here.free_slot_count, here.free_slots.begin());
  here.free_slot_count -= count;
}

void ProcessTable::make_chunk(std::uint32_t chunk) {
  if (chunk < known_.size() && known_[chunk].in_memory) {
    return;
  }
  known_.resize(std::max<std::size_t>(known_.size(), chunk + 1));
  Process* slots = chunks_[chunk].load(std::memory_order_relaxed);
  const bool first_time = slots == nullptr;
  if (first_time) {
    void* const memory = std::aligned_alloc(page_bytes, chunk_slots * sizeof(Process));
    if (memory == nullptr) {
      throw std::bad_alloc();
    }
    slots = static_cast<Process*>(memory);
    std::uninitialized_value_construct_n(slots, chunk_slots);
  }
  // When it had memory before it reads as zero now: others may be looking at its atomic members, so those are let
  // alone.
  for (std::uint32_t at = 0; at < chunk_slots; ++at) {
    slots[at].id = chunk * chunk_slots + at;
    slots[at].runtime = &runtime_;
    slots[at].last_serial = known_[chunk].serial;
    slots[at].next_number = known_[chunk].number;
  }
  known_[chunk].in_memory = true;
  if (first_time) {
    chunks_[chunk].store(slots, std::memory_order_release);
  }
}

/// None of its slots is taken or kept by a thread.
void ProcessTable::drop_chunk(std::uint32_t chunk) {
  Process* const slots = chunks_[chunk].load(std::memory_order_relaxed);
  for (std::uint32_t at = 0; at < chunk_slots; ++at) {
    known_[chunk].serial = std::max(known_[chunk].serial, slots[at].last_serial);
    known_[chunk].number = std::max(known_[chunk].number, slots[at].next_number);
  }
  madvise(slots, chunk_slots * sizeof(Process), MADV_DONTNEED);
  known_[chunk].in_memory = false;
}

}  // namespace troupe
