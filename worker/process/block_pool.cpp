#include "worker/process/block_pool.hpp"

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <new>
#include <vector>

#include "worker/process/memory_segments.hpp"

namespace troupe {

constinit thread_local BlockPool* BlockPool::this_threads_ = nullptr;

/// Pools outlive their threads, since blocks of theirs may be anywhere: the next new thread takes one over.
class Pools {
 public:
  BlockPool* take() {
    const std::lock_guard lock(mutex_);
    if (without_thread_.empty()) {
      return new BlockPool;
    }
    BlockPool* const pool = without_thread_.back();
    without_thread_.pop_back();
    return pool;
  }
  void give_back(BlockPool* pool) {
    const std::lock_guard lock(mutex_);
    without_thread_.push_back(pool);
  }
  /// Never destroyed: threads may end after main has returned.
  static Pools& instance() {
    static Pools& pools = *new Pools;
    return pools;
  }

 private:
  std::mutex mutex_;
  std::vector<BlockPool*> without_thread_;
};

class PoolOfThread {
 public:
  PoolOfThread() { BlockPool::this_threads_ = Pools::instance().take(); }
  ~PoolOfThread() {
    BlockPool* const pool = BlockPool::this_threads_;
    pool->flush_outgoing();
    BlockPool::this_threads_ = nullptr;
    ended_ = true;
    Pools::instance().give_back(pool);
  }
  PoolOfThread(const PoolOfThread&) = delete;
  PoolOfThread& operator=(const PoolOfThread&) = delete;
  static bool ended() { return ended_; }

 private:
  static constinit thread_local bool ended_;
};
constinit thread_local bool PoolOfThread::ended_ = false;

namespace {

/// For the last destructors of a thread that frees or makes blocks after its pool is gone.
class BorrowedPool {
 public:
  BorrowedPool() : pool_(Pools::instance().take()) {}
  ~BorrowedPool() { Pools::instance().give_back(pool_); }
  BorrowedPool(const BorrowedPool&) = delete;
  BorrowedPool& operator=(const BorrowedPool&) = delete;
  BlockPool& operator*() const { return *pool_; }

 private:
  BlockPool* pool_;
};

}  // namespace

BlockPool& BlockPool::pool_of_this_thread() {
  if (this_threads_ == nullptr) {
    thread_local const PoolOfThread pool;
  }
  return *this_threads_;
}

void* BlockPool::allocate_slowly(std::size_t bytes) {
  if (bytes > largest_bytes) {
    return ::operator new (bytes, std::align_val_t{16});
  }
  const std::size_t size_class = (bytes - 1) / step_bytes;
  if (this_threads_ == nullptr && PoolOfThread::ended()) {
    const BorrowedPool pool;
    return (*pool).take_from_other_segment(size_class);
  }
  return pool_of_this_thread().take_from_other_segment(size_class);
}

void* BlockPool::take_from_other_segment(std::size_t size_class) {
  constexpr std::size_t cut_at_once = 32;
  for (bool collected = false;; collected = true) {
    if (Segment* const segment = current_[size_class]) {
      if (FreeBlock* const block = segment->free) {
        segment->free = block->next;
        ++segment->used;
        return block;
      }
      if (segment->fresh_offset + segment->block_bytes <= segment_bytes) {
        // Some at a time, lowest first, so that the next ones are taken the short way.
        const std::size_t fresh =
            std::min<std::size_t>(cut_at_once, (segment_bytes - segment->fresh_offset) / segment->block_bytes);
        std::byte* const first = reinterpret_cast<std::byte*>(segment) + segment->fresh_offset;
        for (std::size_t at = fresh; at != 0; --at) {
          auto* const block = reinterpret_cast<FreeBlock*>(first + (at - 1) * segment->block_bytes);
          block->next = segment->free;
          segment->free = block;
        }
        segment->fresh_offset += static_cast<std::uint32_t>(fresh * segment->block_bytes);
        continue;
      }
      segment->slow_until = full;
      current_[size_class] = nullptr;
    }
    if (with_room_[size_class] == nullptr && !collected) {
      collect_returned();
    }
    if (Segment* const segment = with_room_[size_class]) {
      unlist(*segment);
      segment->slow_until = 0;
      current_[size_class] = segment;
      continue;
    }
    Segment* fresh = empty_;
    if (fresh != nullptr) {
      empty_ = fresh->next;
      --empty_count_;
    } else {
      fresh = static_cast<Segment*>(take_memory_segment());
    }
    new (fresh) Segment;
    fresh->owner = this;
    fresh->block_bytes = static_cast<std::uint32_t>((size_class + 1) * step_bytes);
    fresh->fresh_offset = std::max<std::uint32_t>(fresh->block_bytes, sizeof(Segment));
    current_[size_class] = fresh;
  }
}

void BlockPool::free_large(void* memory) noexcept { ::operator delete (memory, std::align_val_t{16}); }

void BlockPool::free_slowly(void* memory) noexcept {
  Segment& segment = *segment_of(memory);
  auto& block = *static_cast<FreeBlock*>(memory);
  if (this_threads_ == nullptr && PoolOfThread::ended()) {
    const BorrowedPool pool;
    (*pool).send_back(*segment.owner, block);
    (*pool).flush_outgoing();
    return;
  }
  BlockPool& pool = pool_of_this_thread();
  if (segment.owner == &pool) {
    pool.free_own(segment, block);
  } else {
    pool.send_back(*segment.owner, block);
  }
}

void BlockPool::free_own(Segment& segment, FreeBlock& block) noexcept {
  block.next = segment.free;
  segment.free = &block;
  --segment.used;
  const std::size_t size_class = segment.block_bytes / step_bytes - 1;
  if (&segment == current_[size_class]) {
    return;
  }
  if (segment.slow_until == full) {
    list(segment);
  }
  if (segment.used == 0) {
    unlist(segment);
    retire(segment);
  }
}

void BlockPool::list(Segment& segment) noexcept {
  Segment*& first = with_room_[segment.block_bytes / step_bytes - 1];
  segment.slow_until = 1;
  segment.previous = nullptr;
  segment.next = first;
  if (first != nullptr) {
    first->previous = &segment;
  }
  first = &segment;
}

void BlockPool::unlist(Segment& segment) noexcept {
  Segment*& first = with_room_[segment.block_bytes / step_bytes - 1];
  (segment.previous != nullptr ? segment.previous->next : first) = segment.next;
  if (segment.next != nullptr) {
    segment.next->previous = segment.previous;
  }
}

void BlockPool::retire(Segment& segment) noexcept {
  if (empty_count_ >= empty_segments_max) {
    give_memory_segment(&segment);
    return;
  }
  segment.next = empty_;
  empty_ = &segment;
  ++empty_count_;
}

void BlockPool::collect_returned() noexcept {
  FreeBlock* block = returned_.exchange(nullptr, std::memory_order_acquire);
  while (block != nullptr) {
    FreeBlock* const next = block->next;
    free_own(*segment_of(block), *block);
    block = next;
  }
}

void BlockPool::send_back(BlockPool& owner, FreeBlock& block) noexcept {
  if (outgoing_to_ != &owner) {
    flush_outgoing();
    outgoing_to_ = &owner;
    outgoing_last_ = &block;
  }
  block.next = outgoing_first_;
  outgoing_first_ = &block;
  if (++outgoing_count_ >= return_batch) {
    flush_outgoing();
  }
}

void BlockPool::flush_outgoing() noexcept {
  if (outgoing_first_ == nullptr) {
    outgoing_to_ = nullptr;
    return;
  }
  std::atomic<FreeBlock*>& returned = outgoing_to_->returned_;
  FreeBlock* before = returned.load(std::memory_order_relaxed);
  do {
    outgoing_last_->next = before;
  } while (
      !returned.compare_exchange_weak(before, outgoing_first_, std::memory_order_release, std::memory_order_relaxed));
  outgoing_to_ = nullptr;
  outgoing_first_ = nullptr;
  outgoing_last_ = nullptr;
  outgoing_count_ = 0;
}

void BlockPool::flush() noexcept {
  if (this_threads_ != nullptr) {
    this_threads_->flush_outgoing();
    this_threads_->collect_returned();
  }
}

std::size_t BlockPool::bytes_held() noexcept { return memory_segments_taken() * segment_bytes; }

}  // namespace troupe
