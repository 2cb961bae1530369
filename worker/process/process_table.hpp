// The process table: slots in chunks that are made on demand and never freed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "worker/process/process.hpp"

namespace troupe {

/// All methods are thread-safe.
class ProcessTable {
 public:
  static constexpr std::uint32_t chunk_slots = 1024;

  ProcessTable(Runtime& runtime, std::uint32_t processes_max);
  ~ProcessTable();
  ProcessTable(const ProcessTable&) = delete;
  ProcessTable& operator=(const ProcessTable&) = delete;

  /// A free slot; its serial is still 0. Null when the table is full.
  Process* take();
  void give_back(Process& process);

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
  [[nodiscard]] std::uint32_t alive() const { return alive_.load(std::memory_order_relaxed); }
  /// Slots below this may be in use.
  [[nodiscard]] std::uint32_t slots_used() const { return slots_used_.load(std::memory_order_acquire); }

 private:
  Runtime& runtime_;
  const std::uint32_t processes_max_;
  std::unique_ptr<std::atomic<Process*>[]> chunks_;
  std::atomic<std::uint32_t> alive_{0};
  std::atomic<std::uint32_t> slots_used_{0};
  std::mutex mutex_;
  std::vector<std::uint32_t> free_;
};

}  // namespace troupe
