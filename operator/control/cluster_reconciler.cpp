#include "operator/control/cluster_reconciler.hpp"

#include <nlohmann/json.hpp>

#include "base/json_text.hpp"
#include "base/log.hpp"
#include "kube/resource_types.hpp"
#include "operator/control/cache_index.hpp"
#include "operator/control/cluster_status.hpp"
#include "operator/desired/objects.hpp"
#include "operator/desired/plan.hpp"

namespace troupe::control {
namespace {

using nlohmann::json;

std::string current_revision_of(const kube::Object& object) { return text_in(status_of(object), "currentRevision"); }

std::int64_t observed_generation_of(const kube::Object& object) {
  const json& status = status_of(object);
  const auto it = status.is_object() ? status.find("observedGeneration") : status.end();
  return it != status.end() && it->is_number_integer() ? it->get<std::int64_t>() : 0;
}

/// Keeps the observed objects alive for as long as a plan points into them.
struct Snapshot {
  std::vector<kube::Object> objects;
  desired::Observed observed;
};

Snapshot take_snapshot(const ObjectCache& cache, const std::string& key) {
  Snapshot snapshot;
  for (std::size_t kind = 0; kind < desired::owned_kinds; ++kind) {
    for (kube::Object& object : cache.owned(static_cast<OwnedKind>(kind), key)) {
      snapshot.observed.of[kind].push_back(&object.json());
      snapshot.objects.push_back(std::move(object));
    }
  }
  return snapshot;
}

}  // namespace

ClusterReconciler::ClusterReconciler(std::shared_ptr<kube::Client> client, OwnedTypes types, const ObjectCache& cache,
                                     const Clock& clock, Random& random, EventSink events)
    : client_(client),
      types_(types),
      cache_(cache),
      clock_(clock),
      random_(random),
      events_(events),
      actor_(std::move(client), std::move(types), expectations_, clock, std::move(events)) {}

Outcome ClusterReconciler::reconcile(const std::string& key, std::uint64_t reconcile_id) {
  const std::optional<kube::Object> object = cache_.cluster(key);
  if (!object) {
    forget(key);
    return {};
  }
  if (object->being_deleted()) {
    return {};  // Garbage collection takes what it owns.
  }
  if (const auto wait = wait_for_cache(*object)) {
    return {RoundResult::waiting, "", wait};
  }
  const auto cluster = resource::parse_cluster(object->json());
  if (!cluster.ok()) {
    return reject(*object, cluster.error());
  }
  return reconcile_valid(*object, *cluster, reconcile_id);
}

std::optional<Duration> ClusterReconciler::wait_for_cache(const kube::Object& cluster) {
  const std::string key = cluster.key();
  const auto wait = expectations_.wait(key, cache_, clock_.now());
  if (!wait || *wait > Duration{0}) {
    return wait;
  }
  for (const Expectation& expectation : expectations_.take_overdue(key, clock_.now())) {
    if (stands(cluster, expectation)) {
      log_warning("the cache does not show what was written", {{"cluster", key}, {"name", expectation.name}});
      expectations_.put_back(key, expectation, clock_.now());
    }
  }
  return expectations_.wait(key, cache_, clock_.now());
}

bool ClusterReconciler::stands(const kube::Object& cluster, const Expectation& expectation) {
  const kube::ResourceType& type =
      expectation.kind ? types_[static_cast<std::size_t>(*expectation.kind)] : kube::troupe_clusters;
  const auto live = client_->get(type, cluster.namespace_name(), expectation.name);
  if (!live.ok()) {
    return !live.error().not_found() || still_to_be_seen(expectation, std::nullopt);
  }
  // Without its label the cache will never show it.
  const bool shown = !expectation.kind || cluster_key_of(*live) == cluster.key();
  return still_to_be_seen(expectation, shown ? std::optional(*live) : std::nullopt);
}

desired::Plan ClusterReconciler::make_plan(const kube::Object& object, const resource::Cluster& cluster) {
  Snapshot snapshot = take_snapshot(cache_, object.key());
  snapshot.observed.taken_ordinals = actor_.taken_ordinals(object.key());
  const bool needs_cookie = snapshot.observed.at(OwnedKind::secret).empty();
  return desired::plan({cluster, current_revision_of(object),
                        types_[static_cast<std::size_t>(OwnedKind::pod_disruption_budget)].group_version(),
                        needs_cookie ? desired::random_cookie(random_) : std::string(), clock_.wall_now()},
                       snapshot.observed);
}

Outcome ClusterReconciler::reconcile_valid(const kube::Object& object, const resource::Cluster& cluster,
                                           std::uint64_t reconcile_id) {
  const desired::Plan plan = make_plan(object, cluster);
  const ActOutcome acted = actor_.act(object, desired::owner_of(cluster), plan.actions);
  Outcome outcome;
  outcome.look_again_after = plan.look_again_after;
  for (const Problem& problem : acted.problems) {
    outcome.result = RoundResult::error;
    outcome.error += (outcome.error.empty() ? "" : "; ") + problem.message;
  }
  if (acted.done > 0) {
    log_info("acted", {{"cluster", object.key()},
                       {"reconcile_id", reconcile_id},
                       {"planned", plan.actions.size()},
                       {"done", acted.done},
                       {"revision", plan.update_revision}});
  }
  if (acted.stale && outcome.result == RoundResult::success) {
    outcome.result = RoundResult::retry;
    return outcome;
  }
  // What was just done will show in the cache and lead to another round, whose status says more.
  const bool spoken = observed_generation_of(object) == cluster.metadata.generation;
  if (acted.done > 0 && acted.problems.empty() && (spoken || status_of(object).is_null())) {
    return outcome;
  }
  const ClusterReport report = report_cluster(cluster, plan, acted.problems, status_of(object), clock_.wall_now());
  outcome.look_again_after = sooner(outcome.look_again_after, report.look_again_after);
  write_status(object, report.status, outcome);
  return outcome;
}

Outcome ClusterReconciler::reject(const kube::Object& object, const resource::FieldErrors& errors) {
  Outcome outcome;
  if (observed_generation_of(object) != object.generation() && events_) {
    events_(object, kube::EventType::warning, "InvalidSpec", resource::to_string(errors));
  }
  write_status(object, report_invalid_cluster(object.generation(), errors, status_of(object)), outcome);
  return outcome;
}

bool ClusterReconciler::write_status(const kube::Object& object, const resource::ClusterStatus& status,
                                     Outcome& outcome) {
  const json patch = status_patch(object, status_document(status, status_of(object), clock_.wall_now()));
  if (patch.is_null()) {
    return true;
  }
  kube::WriteOptions options;
  options.subresource = "status";
  const auto written = client_->patch(kube::troupe_clusters, object.namespace_name(), object.name(),
                                      kube::PatchType::merge, patch, options);
  if (written.ok()) {
    expectations_.expect_status(object.key(), *written, clock_.now());
    return true;
  }
  if (written.error().conflict() || written.error().not_found()) {
    outcome.result = outcome.result == RoundResult::success ? RoundResult::retry : outcome.result;
    return false;
  }
  outcome.result = RoundResult::error;
  outcome.error += (outcome.error.empty() ? "" : "; ") + problem_of(written.error(), "write status").message;
  return false;
}

void ClusterReconciler::forget(const std::string& key) {
  expectations_.forget(key);
  actor_.forget(key);
}

}  // namespace troupe::control
