#include "operator/control/operator.hpp"

#include <algorithm>
#include <mutex>
#include <optional>

#include "base/log.hpp"
#include "kube/event_recorder.hpp"
#include "kube/lease.hpp"
#include "operator/control/application_reconciler.hpp"
#include "operator/control/cache_index.hpp"
#include "operator/control/cluster_reconciler.hpp"
#include "operator/control/controller.hpp"
#include "operator/control/counting_client.hpp"
#include "operator/control/metrics.hpp"
#include "operator/control/watches.hpp"

namespace troupe::control {

class Operator::Impl {
 public:
  Impl(std::shared_ptr<kube::Client> client, Options options, const Clock& clock, Random& random,
       std::function<void()> on_lost)
      : options_(std::move(options)),
        client_(counting_client(std::move(client),
                                [this](std::string_view verb, int code) { metrics_.count_request(verb, code); })),
        recorder_(client_, "troupe-operator", clock),
        types_(owned_types(pod_disruption_budgets(options_.policy_version))),
        clusters_(client_, types_, index_, clock, random, event_sink()),
        applications_(client_, index_, clock, event_sink()),
        cluster_controller_(
            "cluster", clock, [this](const std::string& key, std::uint64_t id) { return clusters_.reconcile(key, id); },
            counter_of("cluster")),
        application_controller_(
            "application", clock,
            [this](const std::string& key, std::uint64_t id) { return applications_.reconcile(key, id); },
            counter_of("application")) {
    metrics_.set_cache(index_);
    metrics_.add_queue("cluster", [this] { return cluster_controller_.queue().depth(); });
    metrics_.add_queue("application", [this] { return application_controller_.queue().depth(); });
    watches_.emplace(client_, types_, options_.namespaces, clock, random, index_,
                     ChangeHandlers{[this](const std::string& key) { cluster_controller_.queue().add(key); },
                                    [this](const std::string& key) { application_controller_.queue().add(key); }},
                     [this] { start_when_ready([this] { synced_ = true; }); });
    if (!options_.leader_elect) {
      start_when_ready([this] { leading_ = true; });
      return;
    }
    kube::LeaderElector::Options election;
    election.namespace_name = options_.lease_namespace;
    election.name = options_.lease_name;
    election.identity = options_.identity;
    elector_.emplace(
        client_, election, clock, random, [this] { start_when_ready([this] { leading_ = true; }); },
        [this, on_lost = std::move(on_lost)] {
          log_error("the lease is lost; another operator may act now", {{"identity", options_.identity}});
          metrics_.set_leader(false);
          on_lost();
        });
  }

  ~Impl() {
    // Whoever acts must have stopped before the lease is free for another.
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    cluster_controller_.stop();
    application_controller_.stop();
    elector_.reset();
    client_->stop();
    watches_.reset();
  }

  [[nodiscard]] std::string readiness() const { return watches_->problem(); }
  [[nodiscard]] const Metrics& metrics() const { return metrics_; }

 private:
  EventSink event_sink() {
    return [this](const kube::Object& about, kube::EventType type, std::string_view reason, std::string_view message) {
      recorder_.record(about, type, reason, message);
    };
  }

  Controller::Observer counter_of(const char* kind) {
    return [this, kind](RoundResult result, Duration took) { metrics_.count_reconcile(kind, result, took); };
  }

  void start_when_ready(const std::function<void()>& change) {
    const std::lock_guard lock(mutex_);
    change();
    metrics_.set_leader(leading_);
    if (!synced_ || !leading_ || started_ || stopping_) {
      return;
    }
    started_ = true;
    log_info("acting", {{"identity", options_.identity}, {"workers", options_.workers}});
    cluster_controller_.start(options_.workers);
    application_controller_.start(std::max(1, options_.workers / 2));
  }

  Options options_;
  Metrics metrics_;
  std::shared_ptr<kube::Client> client_;
  kube::EventRecorder recorder_;
  OwnedTypes types_;
  CacheIndex index_;
  ClusterReconciler clusters_;
  ApplicationReconciler applications_;
  Controller cluster_controller_;
  Controller application_controller_;
  std::mutex mutex_;
  bool synced_ = false;
  bool leading_ = false;
  bool started_ = false;
  bool stopping_ = false;
  std::optional<Watches> watches_;
  std::optional<kube::LeaderElector> elector_;
};

Operator::Operator(std::shared_ptr<kube::Client> client, Options options, const Clock& clock, Random& random,
                   std::function<void()> on_lost)
    : impl_(std::make_unique<Impl>(std::move(client), std::move(options), clock, random, std::move(on_lost))) {}

Operator::~Operator() = default;

/// A failing API server is no reason to be restarted: reflectors and queues retry for as long as it takes.
std::string Operator::health() const { return {}; }
std::string Operator::readiness() const { return impl_->readiness(); }

std::vector<std::shared_ptr<prometheus::Collectable>> Operator::metrics() const {
  return impl_->metrics().collectables();
}

}  // namespace troupe::control
