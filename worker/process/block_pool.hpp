// Memory for envelopes and other small things that one thread makes and another often frees.
//
// Each thread has a pool of blocks in sizes of 64 to 512 bytes, cut from segments of 64 KiB. Its own blocks it takes
// and frees without any atomic operation; blocks of another thread's pool it collects and returns 64 at a time. A
// segment whose blocks are all free goes back to the kernel once a pool has more than a few of them, so that memory
// follows load. Any thread may call both functions. Throws std::bad_alloc when the kernel gives no more.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace troupe {

class BlockPool {
 public:
  static constexpr std::size_t step_bytes = 64;
  static constexpr std::size_t block_bytes_max = 512;
#ifdef __SANITIZE_ADDRESS__
  static constexpr std::size_t largest_bytes = 0;  // All from operator new, so that a use after free is seen.
#else
  static constexpr std::size_t largest_bytes = block_bytes_max;
#endif
  static constexpr std::size_t alignment = 64;

  static void* allocate(std::size_t bytes) {
    if (bytes > largest_bytes || this_threads_ == nullptr) [[unlikely]] {
      return allocate_slowly(bytes);
    }
    const std::size_t size_class = (bytes - 1) / step_bytes;
    Segment* const segment = this_threads_->current_[size_class];
    if (segment == nullptr || segment->free == nullptr) [[unlikely]] {
      return allocate_slowly(bytes);
    }
    FreeBlock* const block = segment->free;
    segment->free = block->next;
    ++segment->used;
    return block;
  }

  /// `bytes` as it was allocated.
  static void free(void* memory, std::size_t bytes) noexcept {
    if (bytes > largest_bytes) [[unlikely]] {
      free_large(memory);
      return;
    }
    Segment* const segment = segment_of(memory);
    if (segment->owner != this_threads_ || segment->used <= segment->slow_until) [[unlikely]] {
      free_slowly(memory);
      return;
    }
    auto* const block = static_cast<FreeBlock*>(memory);
    block->next = segment->free;
    segment->free = block;
    --segment->used;
  }

  /// Returns what this thread has collected for others: before it sleeps.
  static void flush() noexcept;

  /// Bytes in segments of all pools together, free blocks included.
  static std::size_t bytes_held() noexcept;

 private:
  friend class PoolOfThread;
  friend class Pools;

  struct FreeBlock {
    FreeBlock* next;
  };
  static constexpr std::size_t segment_bytes = 64 * 1024;
  static constexpr std::size_t size_classes = block_bytes_max / step_bytes;
  static constexpr std::uint32_t full = ~std::uint32_t{0};
  static constexpr std::size_t return_batch = 64;
  static constexpr std::size_t empty_segments_max = 32;

  /// At the start of its 64 KiB, which are aligned to their size.
  struct alignas(alignment) Segment {
    BlockPool* owner = nullptr;
    FreeBlock* free = nullptr;
    std::uint32_t used = 0;
    std::uint32_t block_bytes = 0;
    std::uint32_t fresh_offset = 0;  ///< From here on nothing was ever handed out.
    /// A free that finds at most this many in use has more to do: none of the current segment, the last one of a
    /// segment with room, every one of a full segment.
    std::uint32_t slow_until = 0;
    Segment* next = nullptr;  ///< In the list of those with room, or of empty ones.
    Segment* previous = nullptr;
  };

  static Segment* segment_of(void* memory) noexcept {
    return reinterpret_cast<Segment*>(reinterpret_cast<std::uintptr_t>(memory) & ~(segment_bytes - 1));
  }
  static BlockPool& pool_of_this_thread();
  static void* allocate_slowly(std::size_t bytes);
  static void free_slowly(void* memory) noexcept;
  static void free_large(void* memory) noexcept;

  void* take_from_other_segment(std::size_t size_class);
  void free_own(Segment& segment, FreeBlock& block) noexcept;
  void collect_returned() noexcept;
  void send_back(BlockPool& owner, FreeBlock& block) noexcept;
  void flush_outgoing() noexcept;
  void list(Segment& segment) noexcept;
  void unlist(Segment& segment) noexcept;
  void retire(Segment& segment) noexcept;

  static constinit thread_local BlockPool* this_threads_;

  Segment* current_[size_classes] = {};
  Segment* with_room_[size_classes] = {};
  Segment* empty_ = nullptr;
  std::size_t empty_count_ = 0;

  BlockPool* outgoing_to_ = nullptr;
  FreeBlock* outgoing_first_ = nullptr;
  FreeBlock* outgoing_last_ = nullptr;
  std::size_t outgoing_count_ = 0;

  alignas(alignment) std::atomic<FreeBlock*> returned_{nullptr};
};

}  // namespace troupe
