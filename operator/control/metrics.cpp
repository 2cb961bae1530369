#include "operator/control/metrics.hpp"

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "operator/control/cluster_reconciler.hpp"
#include "operator/resource/condition.hpp"

namespace troupe::control {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;

const prometheus::Histogram::BucketBoundaries duration_buckets{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                               0.25,   0.5,   1,      2.5,   5,    10,    30};

ClientMetric gauge(std::vector<ClientMetric::Label> labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.gauge.value = value;
  return metric;
}

/// How many clusters have each condition in each status.
MetricFamily clusters_by_condition(const ObjectCache& cache) {
  std::map<std::pair<std::string, std::string>, int> counts;
  for (const char* type : {"Ready", "Progressing", "Degraded"}) {
    for (const char* status : {"True", "False", "Unknown"}) {
      counts[{type, status}] = 0;
    }
  }
  for (const kube::Object& cluster : cache.clusters()) {
    const nlohmann::json& status = status_of(cluster);
    const auto conditions = status.is_object() ? status.find("conditions") : status.end();
    for (const char* type : {"Ready", "Progressing", "Degraded"}) {
      const nlohmann::json* found = nullptr;
      if (status.is_object() && conditions != status.end()) {
        found = resource::find_condition(*conditions, type);
      }
      const auto text = found == nullptr ? nlohmann::json() : found->value("status", nlohmann::json());
      const bool known = text == "True" || text == "False";
      ++counts[{type, known ? text.get<std::string>() : "Unknown"}];
    }
  }
  MetricFamily family{
      "troupe_operator_clusters", "TroupeClusters by the status of a condition.", prometheus::MetricType::Gauge, {}};
  for (const auto& [key, count] : counts) {
    family.metric.push_back(gauge({{"condition", key.first}, {"status", key.second}}, count));
  }
  return family;
}

}  // namespace

class Metrics::Impl final : public prometheus::Collectable {
 public:
  Impl()
      : registry_(std::make_shared<prometheus::Registry>()),
        reconciles_(prometheus::BuildCounter()
                        .Name("troupe_operator_reconcile_total")
                        .Help("Reconciles that ended, by kind of resource and result.")
                        .Register(*registry_)),
        durations_(prometheus::BuildHistogram()
                       .Name("troupe_operator_reconcile_duration_seconds")
                       .Help("How long a reconcile took, its API requests included.")
                       .Register(*registry_)),
        requests_(prometheus::BuildCounter()
                      .Name("troupe_operator_api_requests_total")
                      .Help("Requests to the Kubernetes API server by verb and HTTP status; 0 means no answer.")
                      .Register(*registry_)),
        leader_(prometheus::BuildGauge()
                    .Name("troupe_operator_leader")
                    .Help("1 while this operator holds the lease and acts.")
                    .Register(*registry_)
                    .Add({})) {}

  std::vector<MetricFamily> Collect() const override {
    const std::lock_guard lock(mutex_);
    MetricFamily queues{
        "troupe_operator_queue_depth", "Resources that wait for a reconcile.", prometheus::MetricType::Gauge, {}};
    for (const auto& [kind, depth] : queues_) {
      queues.metric.push_back(gauge({{"kind", kind}}, static_cast<double>(depth())));
    }
    std::vector<MetricFamily> families;
    families.push_back(std::move(queues));
    if (cache_ != nullptr) {
      families.push_back(clusters_by_condition(*cache_));
    }
    return families;
  }

  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>& reconciles_;
  prometheus::Family<prometheus::Histogram>& durations_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Gauge& leader_;
  mutable std::mutex mutex_;
  std::map<std::string, std::function<std::size_t()>> queues_;
  const ObjectCache* cache_ = nullptr;
};

Metrics::Metrics() : impl_(std::make_shared<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::count_reconcile(std::string_view kind, RoundResult result, Duration took) {
  const std::string label(kind);
  impl_->reconciles_.Add({{"kind", label}, {"result", std::string(to_string(result))}}).Increment();
  impl_->durations_.Add({{"kind", label}}, duration_buckets).Observe(std::chrono::duration<double>(took).count());
}

void Metrics::count_request(std::string_view verb, int code) {
  impl_->requests_.Add({{"verb", std::string(verb)}, {"code", std::to_string(code)}}).Increment();
}

void Metrics::set_leader(bool leading) { impl_->leader_.Set(leading ? 1 : 0); }

void Metrics::add_queue(std::string kind, std::function<std::size_t()> depth) {
  const std::lock_guard lock(impl_->mutex_);
  impl_->queues_[std::move(kind)] = std::move(depth);
}

void Metrics::set_cache(const ObjectCache& cache) {
  const std::lock_guard lock(impl_->mutex_);
  impl_->cache_ = &cache;
}

std::vector<std::shared_ptr<prometheus::Collectable>> Metrics::collectables() const {
  return {impl_->registry_, impl_};
}

}  // namespace troupe::control
