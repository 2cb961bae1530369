#include "platform/process_metrics.hpp"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace troupe::platform {
namespace {

struct ProcessUsage {
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double start_seconds = 0;
};

double boot_time_seconds() {
  std::ifstream in("/proc/stat");
  std::string word;
  double value = 0;
  while (in >> word) {
    if (word == "btime" && in >> value) {
      return value;
    }
  }
  return 0;
}

/// proc(5), /proc/[pid]/stat: fields after the program's name, which may hold anything and ends with the last ")".
ProcessUsage read_usage() {
  std::ifstream in("/proc/self/stat");
  std::string text(std::istreambuf_iterator<char>(in), {});
  const std::size_t name_end = text.rfind(')');
  std::istringstream fields(name_end == std::string::npos ? "" : text.substr(name_end + 2));
  std::vector<std::string> values(std::istream_iterator<std::string>(fields), {});
  if (values.size() < 22) {
    return {};
  }
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  ProcessUsage usage;
  usage.cpu_seconds = (std::stod(values[11]) + std::stod(values[12])) / ticks;
  usage.start_seconds = boot_time_seconds() + std::stod(values[19]) / ticks;
  usage.virtual_bytes = std::stod(values[20]);
  usage.resident_bytes = std::stod(values[21]) * static_cast<double>(sysconf(_SC_PAGESIZE));
  return usage;
}

double open_files() {
  std::error_code ignored;
  double count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", ignored)) {
    count += entry.path().empty() ? 0 : 1;
  }
  return count;
}

double max_files() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0;
}

prometheus::MetricFamily family(const char* name, const char* help, prometheus::MetricType type, double value) {
  prometheus::ClientMetric metric;
  metric.counter.value = value;
  metric.gauge.value = value;
  return {name, help, type, {metric}};
}

class ProcessMetrics final : public prometheus::Collectable {
 public:
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
    using prometheus::MetricType;
    const ProcessUsage usage = read_usage();
    return {
        family("process_cpu_seconds_total", "User and system CPU time spent, in seconds.", MetricType::Counter,
               usage.cpu_seconds),
        family("process_resident_memory_bytes", "Resident memory, in bytes.", MetricType::Gauge, usage.resident_bytes),
        family("process_virtual_memory_bytes", "Virtual memory, in bytes.", MetricType::Gauge, usage.virtual_bytes),
        family("process_open_fds", "Open file descriptors.", MetricType::Gauge, open_files()),
        family("process_max_fds", "File descriptors that may be open.", MetricType::Gauge, max_files()),
        family("process_start_time_seconds", "Start of the process, in seconds since the epoch.", MetricType::Gauge,
               usage.start_seconds),
    };
  }
};

}  // namespace

std::shared_ptr<prometheus::Collectable> process_metrics() { return std::make_shared<ProcessMetrics>(); }

}  // namespace troupe::platform
