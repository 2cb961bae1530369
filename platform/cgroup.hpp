// What this container may use: CPU and memory limits of its cgroup (v2 or v1), else of the machine.
#pragma once

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

}  // namespace troupe::platform
