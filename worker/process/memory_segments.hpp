// Segments of 64 KiB, aligned to their size, from the kernel and back to it. Thread-safe.
#pragma once

#include <cstddef>

namespace troupe {

inline constexpr std::size_t memory_segment_bytes = 64 * 1024;

/// Its contents are undefined. Throws std::bad_alloc.
void* take_memory_segment();
/// Its pages go back to the kernel at once, its addresses are kept for the next who asks.
void give_memory_segment(void* segment) noexcept;
/// Segments that are taken now.
std::size_t memory_segments_taken() noexcept;

}  // namespace troupe
