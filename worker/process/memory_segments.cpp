#include "worker/process/memory_segments.hpp"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <new>

namespace troupe {
namespace {

/// Mapped at once; so large that the kernel may back it with one huge page.
constexpr std::size_t region_bytes = 2 * 1024 * 1024;

/// A free segment is linked through its own first page.
struct FreeSegment {
  FreeSegment* next;
};

std::mutex segments_mutex;
FreeSegment* free_segments = nullptr;
char* region_next = nullptr;
char* region_end = nullptr;
std::atomic<std::size_t> taken{0};

void map_region() {
  const std::size_t mapped_bytes = 2 * region_bytes;
  void* const mapped = mmap(nullptr, mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) {
    throw std::bad_alloc();
  }
  // Twice as much was asked for, so that an aligned region lies in it; what is before and behind it goes back.
  char* const start = static_cast<char*>(mapped);
  const std::size_t before = (region_bytes - reinterpret_cast<std::uintptr_t>(start) % region_bytes) % region_bytes;
  if (before != 0) {
    munmap(start, before);
  }
  region_next = start + before;
  region_end = region_next + region_bytes;
  munmap(region_end, static_cast<std::size_t>(start + mapped_bytes - region_end));
}

}  // namespace

void* take_memory_segment() {
  const std::lock_guard lock(segments_mutex);
  void* segment = free_segments;
  if (segment != nullptr) {
    free_segments = free_segments->next;
  } else {
    if (region_next == region_end) {
      map_region();
    }
    segment = region_next;
    region_next += memory_segment_bytes;
  }
  taken.fetch_add(1, std::memory_order_relaxed);
  return segment;
}

void give_memory_segment(void* segment) noexcept {
  madvise(segment, memory_segment_bytes, MADV_DONTNEED);
  taken.fetch_sub(1, std::memory_order_relaxed);
  const std::lock_guard lock(segments_mutex);
  auto* const freed = static_cast<FreeSegment*>(segment);
  freed->next = free_segments;
  free_segments = freed;
}

std::size_t memory_segments_taken() noexcept { return taken.load(std::memory_order_relaxed); }

}  // namespace troupe
