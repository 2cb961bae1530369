#include "operator/control/application_reconciler.hpp"

#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "kube/resource_types.hpp"
#include "operator/control/application_status.hpp"
#include "operator/control/cluster_reconciler.hpp"

namespace troupe::control {
namespace {

using nlohmann::json;

int replicas_of(const kube::Object& cluster) {
  static const json::json_pointer pointer("/spec/replicas");
  const json& document = cluster.json();
  if (!document.contains(pointer) || !document.at(pointer).is_number_integer()) {
    return 1;
  }
  const auto replicas = document.at(pointer).get<std::int64_t>();
  return replicas < 0 || replicas > resource::replicas_max ? 0 : static_cast<int>(replicas);
}

}  // namespace

ApplicationReconciler::ApplicationReconciler(std::shared_ptr<kube::Client> client, const ObjectCache& cache,
                                             const Clock& clock, EventSink events)
    : client_(std::move(client)), cache_(cache), clock_(clock), events_(std::move(events)) {}

Outcome ApplicationReconciler::reconcile(const std::string& key, std::uint64_t reconcile_id) {
  const std::optional<kube::Object> object = cache_.application(key);
  if (!object || object->being_deleted()) {
    return {};
  }
  const resource::ApplicationStatus status = report(*object);
  const json patch = status_patch(*object, status_document(status, status_of(*object), clock_.wall_now()));
  if (patch.is_null()) {
    return {};
  }
  kube::WriteOptions options;
  options.subresource = "status";
  const auto written = client_->patch(kube::troupe_applications, object->namespace_name(), object->name(),
                                      kube::PatchType::merge, patch, options);
  if (written.ok()) {
    tell_changes(*object, status);
    log_debug("status written", {{"application", key}, {"reconcile_id", reconcile_id}});
    return {};
  }
  if (written.error().conflict() || written.error().not_found()) {
    return {RoundResult::retry, "", std::nullopt};
  }
  return {RoundResult::error, problem_of(written.error(), "write status").message, std::nullopt};
}

resource::ApplicationStatus ApplicationReconciler::report(const kube::Object& object) const {
  const auto application = resource::parse_application(object.json());
  if (!application.ok()) {
    return report_invalid_application(object.generation(), application.error());
  }
  const std::string cluster_key = object.namespace_name() + "/" + application->cluster;
  const std::optional<kube::Object> cluster = cache_.cluster(cluster_key);
  if (!cluster) {
    return report_application(*application, {});
  }
  const std::vector<kube::Object> pods = cache_.owned(OwnedKind::pod, cluster_key);
  ApplicationCluster known;
  known.exists = true;
  known.owner = {cluster->name(), cluster->namespace_name(), cluster->uid()};
  known.replicas = replicas_of(*cluster);
  for (const kube::Object& pod : pods) {
    known.pods.push_back(&pod.json());
  }
  return report_application(*application, known);
}

/// An Event for each condition whose status changes: what `kubectl describe` shows of the past.
void ApplicationReconciler::tell_changes(const kube::Object& object, const resource::ApplicationStatus& status) const {
  if (!events_) {
    return;
  }
  const json& before = status_of(object);
  const json conditions = before.is_object() ? before.value("conditions", json::array()) : json::array();
  for (const resource::Condition& condition : status.conditions) {
    const json* old = resource::find_condition(conditions, condition.type);
    const bool holds = condition.status == resource::ConditionStatus::is_true;
    const bool same = old != nullptr && old->value("status", json()) == json(to_string(condition.status)) &&
                      old->value("reason", json()) == json(condition.reason);
    if (same || condition.type == "Progressing" || (condition.type == "Accepted" && holds)) {
      continue;
    }
    const bool waiting = condition.reason == "Starting" || condition.reason == "WorkersMissing" ||
                         condition.reason == "NoWorkers" || condition.reason == "NotAccepted";
    if (!waiting) {
      events_(object, holds ? kube::EventType::normal : kube::EventType::warning, condition.reason, condition.message);
    }
  }
}

}  // namespace troupe::control
