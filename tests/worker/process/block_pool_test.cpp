#include "worker/process/block_pool.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

namespace troupe {
namespace {

TEST(BlockPools, give_blocks_that_do_not_overlap_and_are_aligned) {
  for (const std::size_t bytes : {1, 64, 65, 128, 300, 512, 513, 5000}) {
    std::vector<char*> blocks;
    for (int i = 0; i < 3000; ++i) {
      blocks.push_back(static_cast<char*>(BlockPool::allocate(bytes)));
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(blocks.back()) % 16, 0u);
      std::memset(blocks.back(), i % 251, bytes);
    }
    for (int i = 0; i < 3000; ++i) {
      const char* const block = blocks[static_cast<std::size_t>(i)];
      ASSERT_EQ(block[0], static_cast<char>(i % 251));
      ASSERT_EQ(block[bytes - 1], static_cast<char>(i % 251));
    }
    for (char* const block : blocks) {
      BlockPool::free(block, bytes);
    }
  }
}

#ifndef __SANITIZE_ADDRESS__
TEST(BlockPools, give_memory_back_after_a_burst) {
  const std::size_t before = BlockPool::bytes_held();
  std::vector<void*> blocks;
  for (int i = 0; i < 200'000; ++i) {
    blocks.push_back(BlockPool::allocate(64));
  }
  EXPECT_GT(BlockPool::bytes_held(), before + 10'000'000);
  for (void* const block : blocks) {
    BlockPool::free(block, 64);
  }
  EXPECT_LT(BlockPool::bytes_held(), before + 4'000'000);
}

TEST(BlockPools, reuse_what_another_thread_has_freed) {
  BlockPool::free(BlockPool::allocate(64), 64);
  const std::size_t before = BlockPool::bytes_held();
  for (int round = 0; round < 50; ++round) {
    std::vector<void*> blocks;
    for (int i = 0; i < 20'000; ++i) {
      blocks.push_back(BlockPool::allocate(64));
    }
    std::thread([&] {
      for (void* const block : blocks) {
        BlockPool::free(block, 64);
      }
      BlockPool::flush();
    }).join();
  }
  EXPECT_LT(BlockPool::bytes_held(), before + 8'000'000);
}

TEST(BlockPools, pass_from_a_thread_that_ends_to_the_next) {
  const std::size_t before = BlockPool::bytes_held();
  for (int round = 0; round < 100; ++round) {
    std::thread([] {
      std::vector<void*> blocks;
      for (int i = 0; i < 1000; ++i) {
        blocks.push_back(BlockPool::allocate(128));
      }
      for (void* const block : blocks) {
        BlockPool::free(block, 128);
      }
    }).join();
  }
  EXPECT_LT(BlockPool::bytes_held(), before + 2'000'000);
}
#endif

}  // namespace
}  // namespace troupe
