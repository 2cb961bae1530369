// The metrics that every program has by Prometheus's convention: process_cpu_seconds_total,
// process_resident_memory_bytes, process_virtual_memory_bytes, process_open_fds, process_max_fds,
// process_start_time_seconds.
#pragma once

#include <memory>

namespace prometheus {
class Collectable;
}

namespace troupe::platform {

/// Reads /proc/self at each scrape.
[[nodiscard]] std::shared_ptr<prometheus::Collectable> process_metrics();

}  // namespace troupe::platform
