// The process table: slots in chunks that are made on demand and stay where they are. Each thread keeps some free
// slots, so that the table's lock is taken once in a hundred spawns.
//
// After a crowd has gone, the memory of chunks without a process goes back to the kernel; it then reads as zero, which
// is a slot where nobody lives and whose mailbox is closed, so that a stale pid may still look at it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "worker/process/process.hpp"
#include "worker/process/thread_parts.hpp"

namespace troupe {

/// All methods are thread-safe.
class ProcessTable {
 public:
  static constexpr std::uint32_t chunk_slots = 1024;

  /// The limit is met but for the free slots that other threads keep: at most 256 each, of a table for
  /// less than 16,384 processes at most 1.
  ProcessTable(Runtime& runtime, std::uint32_t processes_max);
  ~ProcessTable();
  ProcessTable(const ProcessTable&) = delete;
  ProcessTable& operator=(const ProcessTable&) = delete;

  /// A free slot; its serial is still 0. Null when the table is full. `here`: of the calling thread.
  Process* take(ThreadPart& here) {
    if (here.free_slot_count == 0 && !refill(here)) [[unlikely]] {
      return nullptr;
    }
    return slot(here.free_slots[--here.free_slot_count]);
  }
  void give_back(ThreadPart& here, Process& process) {
    if (here.free_slot_count == keep_max_) [[unlikely]] {
      spill(here);
    }
    here.free_slots[here.free_slot_count++] = process.id;
  }

  /// Who lives at `pid` on this node, or null. It may end at any moment afterwards.
  [[nodiscard]] Process* find(const Pid& pid) const {
    Process* const process = slot(pid.id);
    return process != nullptr && pid.local() && pid.serial != 0 &&
                   process->serial.load(std::memory_order_acquire) == pid.serial
               ? process
               : nullptr;
  }
  /// The slot itself, whoever lives there. Null beyond what was ever used.
  [[nodiscard]] Process* slot(std::uint32_t id) const {
    if (id >= processes_max_) {
      return nullptr;
    }
    Process* const chunk = chunks_[id / chunk_slots].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : chunk + id % chunk_slots;
  }
  /// Slots below this may be in use.
  [[nodiscard]] std::uint32_t slots_used() const { return slots_used_.load(std::memory_order_acquire); }

 private:
  static constexpr std::uint32_t small_table = 16 * 1024;
  /// So many free slots, 16 MiB, are kept for the next crowd.
  static constexpr std::size_t free_slots_kept = 64 * 1024;

  bool refill(ThreadPart& here);
  void spill(ThreadPart& here);
  /// What is known of a chunk's slots while they have no memory: their next processes go on from here.
  struct Chunk {
    std::uint32_t free = 0;  ///< Of its slots in `free_`.
    bool in_memory = false;
    std::uint32_t serial = 0;
    std::uint64_t number = 0;
  };

  void make_chunk(std::uint32_t chunk);
  void drop_chunk(std::uint32_t chunk);

  Runtime& runtime_;
  const std::uint32_t processes_max_;
  const std::uint32_t keep_max_;  ///< Free slots that a thread keeps.
  std::unique_ptr<std::atomic<Process*>[]> chunks_;
  std::atomic<std::uint32_t> slots_used_{0};
  std::mutex mutex_;
  std::vector<std::uint32_t> free_;
  std::vector<Chunk> known_;  ///< By chunk, as far as any were made.
};

}  // namespace troupe
