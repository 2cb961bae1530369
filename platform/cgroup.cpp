#include "platform/cgroup.hpp"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace troupe::platform {
namespace {

namespace fs = std::filesystem;

/// Where this process stands, as /proc/self/cgroup tells (cgroups(7)). A path is relative to its hierarchy's root.
struct Placement {
  std::string unified;  ///< v2; empty when there is none.
  std::string cpu;      ///< v1 controllers.
  std::string memory;
};

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

/// The words of a file's first line; none when it cannot be read.
std::vector<std::string> first_words(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  std::vector<std::string> words;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    if (end > at) {
      words.push_back(line.substr(at, end - at));
    }
    at = end + 1;
  }
  return words;
}

std::optional<std::uint64_t> read_number(const fs::path& path) {
  const auto words = first_words(path);
  return words.size() == 1 ? parse_number(words.front()) : std::nullopt;
}

bool lists(std::string_view controllers, std::string_view wanted) {
  while (!controllers.empty()) {
    const std::string_view name = controllers.substr(0, controllers.find(','));
    if (name == wanted) {
      return true;
    }
    controllers.remove_prefix(std::min(controllers.size(), name.size() + 1));
  }
  return false;
}

Placement read_placement(const fs::path& self) {
  Placement placement;
  std::ifstream file(self);
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) {
      continue;
    }
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) {
      placement.unified = path;
    }
    if (lists(controllers, "cpu")) {
      placement.cpu = path;
    }
    if (lists(controllers, "memory")) {
      placement.memory = path;
    }
  }
  return placement;
}

/// From the process's own folder up to the root of what is mounted: a limit of any of them holds. A path that leads out
/// of the mount (a container that shares the host's cgroup namespace) leaves the root alone.
std::vector<fs::path> folders_upwards(const fs::path& mount, const std::string& path) {
  std::vector<fs::path> folders;
  if (path.find("..") == std::string::npos) {
    for (fs::path at = fs::path(path).relative_path(); !at.empty(); at = at.parent_path()) {
      folders.push_back(mount / at);
    }
  }
  folders.push_back(mount);
  return folders;
}

fs::path first_existing(const fs::path& root, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    std::error_code ignored;
    if (fs::exists(root / name, ignored)) {
      return root / name;
    }
  }
  return {};
}

/// Where v1 has its CPU controller; empty when it has none.
fs::path cpu_mount(const fs::path& root) { return first_existing(root, {"cpu", "cpu,cpuacct", "cpuacct,cpu"}); }

/// The number after `key` in a file of "key number" lines; 0 when it is not there.
std::uint64_t read_stat(const fs::path& path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ' ') {
      return parse_number(std::string_view(line).substr(key.size() + 1)).value_or(0);
    }
  }
  return 0;
}

class Tightest {
 public:
  void limit_cpus(std::optional<std::uint64_t> quota, std::optional<std::uint64_t> period) {
    if (quota && period && *quota > 0 && *period > 0) {
      cpus_ = std::min(cpus_, static_cast<double>(*quota) / static_cast<double>(*period));
    }
  }
  void limit_memory(std::optional<std::uint64_t> bytes) {
    // v1 says "no limit" with a number near the largest that fits.
    if (bytes && *bytes < (std::uint64_t{1} << 60)) {
      memory_bytes_ = std::min(memory_bytes_.value_or(*bytes), *bytes);
    }
  }
  [[nodiscard]] CgroupLimits within(double machine_cpus) const {
    return {std::min(cpus_, machine_cpus), memory_bytes_};
  }

 private:
  double cpus_ = std::numeric_limits<double>::max();
  std::optional<std::uint64_t> memory_bytes_;
};

double allowed_cpus() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    return std::max(1, CPU_COUNT(&allowed));
  }
  return std::max(1U, std::thread::hardware_concurrency());  // More CPUs than a cpu_set_t holds.
}

}  // namespace

CgroupLimits read_cgroup_limits(const fs::path& root, const fs::path& self) {
  const Placement placement = read_placement(self);
  Tightest tightest;
  for (const fs::path& folder : folders_upwards(root, placement.unified)) {
    const auto cpu_max = first_words(folder / "cpu.max");
    if (cpu_max.size() == 2) {
      tightest.limit_cpus(parse_number(cpu_max[0]), parse_number(cpu_max[1]));
    }
    tightest.limit_memory(read_number(folder / "memory.max"));
  }
  if (const fs::path mount = cpu_mount(root); !mount.empty()) {
    for (const fs::path& folder : folders_upwards(mount, placement.cpu)) {
      tightest.limit_cpus(read_number(folder / "cpu.cfs_quota_us"), read_number(folder / "cpu.cfs_period_us"));
    }
  }
  if (const fs::path mount = first_existing(root, {"memory"}); !mount.empty()) {
    for (const fs::path& folder : folders_upwards(mount, placement.memory)) {
      tightest.limit_memory(read_number(folder / "memory.limit_in_bytes"));
    }
  }
  return tightest.within(allowed_cpus());
}

std::chrono::nanoseconds read_cpu_throttled_time(const fs::path& root, const fs::path& self) {
  const Placement placement = read_placement(self);
  std::uint64_t longest = 0;
  for (const fs::path& folder : folders_upwards(root, placement.unified)) {
    longest = std::max(longest, 1'000 * read_stat(folder / "cpu.stat", "throttled_usec"));
  }
  if (const fs::path mount = cpu_mount(root); !mount.empty()) {
    for (const fs::path& folder : folders_upwards(mount, placement.cpu)) {
      longest = std::max(longest, read_stat(folder / "cpu.stat", "throttled_time"));
    }
  }
  return std::chrono::nanoseconds(longest);
}

}  // namespace troupe::platform
