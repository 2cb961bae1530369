// The operator's own metrics, as prometheus-cpp collects them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "operator/control/object_cache.hpp"
#include "operator/control/outcome.hpp"

namespace prometheus {
class Collectable;
}

namespace troupe::control {

/// troupe_operator_reconcile_total{kind,result}, troupe_operator_reconcile_duration_seconds{kind},
/// troupe_operator_queue_depth{kind}, troupe_operator_api_requests_total{verb,code},
/// troupe_operator_clusters{condition,status}, troupe_operator_leader. Thread-safe.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void count_reconcile(std::string_view kind, RoundResult result, Duration took);
  void count_request(std::string_view verb, int code);
  void set_leader(bool leading);
  /// Asked at each scrape; what `depth` and `cache` refer to must outlive the last scrape.
  void add_queue(std::string kind, std::function<std::size_t()> depth);
  void set_cache(const ObjectCache& cache);

  [[nodiscard]] std::vector<std::shared_ptr<prometheus::Collectable>> collectables() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace troupe::control
