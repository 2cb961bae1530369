// BlockAllocator: a standard allocator on the pools of block_pool.hpp, for small vectors that come and go with
// processes.
#pragma once

#include <cstddef>

#include "worker/process/block_pool.hpp"

namespace troupe {

template <class T>
struct BlockAllocator {
  using value_type = T;

  BlockAllocator() = default;
  template <class U>
  BlockAllocator(const BlockAllocator<U>&) {}  // NOLINT: as the standard asks

  T* allocate(std::size_t count) { return static_cast<T*>(BlockPool::allocate(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t count) noexcept { BlockPool::free(memory, count * sizeof(T)); }

  friend bool operator==(const BlockAllocator&, const BlockAllocator&) { return true; }
};

}  // namespace troupe
