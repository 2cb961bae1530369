// What this container may use: CPU and memory limits of its cgroup (v2 or v1), else of the machine. And how long the
// kernel has stopped it for using more.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace troupe::platform {

struct CgroupLimits {
  double cpus = 1.0;  ///< cpu.max quota / period, at most the CPUs of the affinity mask.
  std::optional<std::uint64_t> memory_bytes;
};

/// `root` and `self` are for tests. A file that is missing or malformed counts as no limit.
[[nodiscard]] CgroupLimits read_cgroup_limits(const std::filesystem::path& root = "/sys/fs/cgroup",
                                              const std::filesystem::path& self = "/proc/self/cgroup");

/// How long threads were kept from running because their cgroup, or one above it, had used up its CPU quota, since the
/// cgroup was made: cpu.stat's throttled_usec, or throttled_time of v1. Zero where there is no quota. Of the files that
/// say so the largest holds, since a pause of the one above is one for all below it. Arguments as above.
[[nodiscard]] std::chrono::nanoseconds read_cpu_throttled_time(const std::filesystem::path& root = "/sys/fs/cgroup",
                                                               const std::filesystem::path& self = "/proc/self/cgroup");

}  // namespace troupe::platform
