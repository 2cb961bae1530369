#include "local/api/subresources.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "local/api/deletion.hpp"
#include "local/api/object_meta.hpp"
#include "local/api/patch.hpp"
#include "local/api/selectors.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

json at(const json& object, const char* pointer, json absent = nullptr) {
  const json::json_pointer path(pointer);
  return object.is_structured() && object.contains(path) ? object[path] : std::move(absent);
}

ApiResult<json> with_replicas(const json& current, const json& scale) {
  const json replicas = at(scale, "/spec/replicas", 0);
  if (!replicas.is_number_integer()) {
    return bad_request("Scale in version \"v1\" cannot be handled as a Scale: spec.replicas must be an integer");
  }
  if (replicas.get<std::int64_t>() < 0) {
    return invalid("autoscaling", "Scale", metadata_text(current, "name"),
                   {invalid_cause("spec.replicas", replicas.dump(), "must be greater than or equal to 0")});
  }
  json changed = current;
  changed["spec"]["replicas"] = replicas;
  // The preconditions of the Scale are those of the object.
  const std::string revision = metadata_text(scale, "resourceVersion");
  if (!revision.empty()) {
    changed["metadata"]["resourceVersion"] = revision;
  }
  const std::string uid = metadata_text(scale, "uid");
  if (!uid.empty()) {
    changed["metadata"]["uid"] = uid;
  }
  return changed;
}

ApiResult<json> scale_outcome(ApiResult<WriteOutcome> outcome) {
  if (!outcome.ok()) {
    return outcome.error();
  }
  return scale_of(*outcome->object.document);
}

// A count or a share of `total`, as IntOrString says it; shares round up.
std::int64_t scaled(const json& value, std::int64_t total) {
  if (value.is_number_integer()) {
    return value.get<std::int64_t>();
  }
  const double percent = value.is_string() ? std::strtod(value.get<std::string>().c_str(), nullptr) : 0;
  return static_cast<std::int64_t>(std::ceil(percent * static_cast<double>(total) / 100));
}

bool is_ready(const json& pod) {
  const json conditions = at(pod, "/status/conditions", json::array());
  return std::ranges::any_of(conditions, [](const json& condition) {
    return condition.value("type", "") == "Ready" && condition.value("status", "") == "True";
  });
}

// How many pods ought to be there: what their controller is asked for, or as many as there are.
std::int64_t expected_count(const Store& store, const std::vector<const json*>& pods) {
  for (const json* pod : pods) {
    for (const json& reference : at(*pod, "/metadata/ownerReferences", json::array())) {
      if (reference.value("kind", "") != "TroupeCluster" || !reference.value("controller", false)) {
        continue;
      }
      auto owner = store.get({Storage::troupe_clusters, metadata_text(*pod, "namespace"), reference.value("name", "")});
      const json replicas = owner ? at(*owner->document, "/spec/replicas") : json();
      if (replicas.is_number_integer()) {
        return replicas.get<std::int64_t>();
      }
    }
  }
  return static_cast<std::int64_t>(pods.size());
}

// A real cluster's disruption controller keeps this number in status.disruptionsAllowed; here it is worked out when
// asked.
std::int64_t disruptions_allowed(const Store& store, const json& budget, const LabelSelector& selector) {
  const Store::Listing all = store.list(Storage::pods, metadata_text(budget, "namespace"));
  std::vector<const json*> pods;
  std::int64_t healthy = 0;
  for (const StoredObject& pod : all.objects) {
    if (selector.matches(*pod.document)) {
      pods.push_back(pod.document.get());
      healthy += is_ready(*pod.document) && !being_deleted(*pod.document) ? 1 : 0;
    }
  }
  const std::int64_t expected = expected_count(store, pods);
  const json most = at(budget, "/spec/maxUnavailable");
  const json least = at(budget, "/spec/minAvailable");
  const std::int64_t desired = !most.is_null() ? expected - scaled(most, expected) : scaled(least, expected);
  return healthy - std::max<std::int64_t>(0, desired);
}

}  // namespace

json scale_of(const json& object) {
  json metadata = json::object();
  for (const char* field : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
    metadata[field] = object["metadata"][field];
  }
  json status{{"replicas", at(object, "/status/replicas", 0)}};
  if (const json selector = at(object, "/status/selector"); selector.is_string()) {
    status["selector"] = selector;
  }
  return {{"kind", "Scale"},
          {"apiVersion", "autoscaling/v1"},
          {"metadata", std::move(metadata)},
          {"spec", {{"replicas", at(object, "/spec/replicas", 0)}}},
          {"status", std::move(status)}};
}

ApiResult<json> read_scale(const WriteContext& context, const WriteTarget& target) {
  auto object = context.store.get(target.key());
  if (!object) {
    return not_found(target.resource->group, target.resource->plural, target.name);
  }
  return scale_of(*object->document);
}

ApiResult<json> replace_scale(const WriteContext& context, const WriteTarget& target, const json& scale) {
  return scale_outcome(
      change_object(context, target, [&](const json& current) { return with_replicas(current, scale); }));
}

ApiResult<json> patch_scale(const WriteContext& context, const WriteTarget& target, PatchFormat format,
                            const json& patch) {
  return scale_outcome(change_object(context, target, [&](const json& current) -> ApiResult<json> {
    ApiResult<json> scale = format == PatchFormat::json ? apply_json_patch(scale_of(current), patch)
                                                        : apply_merge_patch(scale_of(current), patch);
    return scale.ok() ? with_replicas(current, *scale) : ApiResult<json>(scale.error());
  }));
}

ApiResult<void> bind_pod(const WriteContext& context, const WriteTarget& target, const json& binding) {
  const json node = at(binding, "/target/name");
  if (!node.is_string() || node == "") {
    return invalid("", "Binding", target.name, {required_cause("target.name")});
  }
  std::optional<StatusError> refused;
  Result<void> stored = context.store.transact([&](Store::Transaction& transaction) {
    auto pod = transaction.get(target.key());
    if (!pod) {
      refused = not_found("", "pods", target.name);
      return false;
    }
    json document = *pod->document;
    const std::string uid = metadata_text(binding, "uid");
    if (!uid.empty() && uid != metadata_text(document, "uid")) {
      refused = conflict("", "pods/binding", target.name,
                         "Precondition failed: UID in precondition: " + uid +
                             ", UID in object meta: " + metadata_text(document, "uid"));
      return false;
    }
    if (being_deleted(document)) {
      refused = conflict("", "pods/binding", target.name,
                         "pod " + target.name + " is being deleted, cannot be assigned to a host");
      return false;
    }
    if (const json present = at(document, "/spec/nodeName"); present.is_string() && present != "") {
      refused = conflict("", "pods/binding", target.name,
                         "pod " + target.name + " is already assigned to node " + present.dump());
      return false;
    }
    document["spec"]["nodeName"] = node;
    json& conditions = document["status"]["conditions"];
    if (!conditions.is_array()) {
      conditions = json::array();
    }
    conditions.erase(std::remove_if(conditions.begin(), conditions.end(),
                                    [](const json& one) { return one.value("type", "") == "PodScheduled"; }),
                     conditions.end());
    conditions.push_back({{"type", "PodScheduled"},
                          {"status", "True"},
                          {"lastProbeTime", nullptr},
                          {"lastTransitionTime", rfc3339_seconds(context.clock.wall_now())}});
    transaction.put(target.key(), std::move(document));
    return !target.parameters.dry_run;
  });
  if (!stored.ok()) {
    return internal_error(stored.error().message);
  }
  return refused ? ApiResult<void>(*refused) : ApiResult<void>();
}

ApiResult<void> evict_pod(const WriteContext& context, const WriteTarget& target, const json& eviction) {
  auto pod = context.store.get(target.key());
  if (!pod) {
    return not_found("", "pods", target.name);
  }
  Query none;
  ApiResult<DeleteParameters> parameters =
      parse_delete_parameters(eviction.is_object() ? eviction.value("deleteOptions", json()) : json(), none);
  if (!parameters.ok()) {
    return parameters.error();
  }
  parameters->dry_run = parameters->dry_run || target.parameters.dry_run;
  const std::string phase = at(*pod->document, "/status/phase", "").get<std::string>();
  const bool costs = phase != "Succeeded" && phase != "Failed" && phase != "Pending" && !being_deleted(*pod->document);
  const Store::Listing budgets = context.store.list(Storage::pod_disruption_budgets, target.namespace_name);
  for (const StoredObject& budget : budgets.objects) {
    ApiResult<LabelSelector> selector = LabelSelector::from_document(at(*budget.document, "/spec/selector"));
    if (!costs || !selector.ok() || !selector->matches(*pod->document)) {
      continue;
    }
    if (disruptions_allowed(context.store, *budget.document, *selector) <= 0) {
      StatusError refused;
      refused.code = 429;
      refused.reason = "TooManyRequests";
      refused.message = "Cannot evict pod as it would violate the pod's disruption budget.";
      refused.causes.push_back(
          {"DisruptionBudget",
           "The disruption budget " + metadata_text(*budget.document, "name") + " does not allow another pod to go now",
           ""});
      return refused;
    }
  }
  ApiResult<DeleteOutcome> gone = delete_object(context, entry_of(Storage::pods), target.key(), *parameters);
  return gone.ok() ? ApiResult<void>() : ApiResult<void>(gone.error());
}

ApiResult<json> request_token(const WriteContext& context, const WriteTarget& target, const Credentials& credentials,
                              json request) {
  auto account = context.store.get(target.key());
  if (!account) {
    return not_found("", "serviceaccounts", target.name);
  }
  constexpr std::int64_t seconds_min = 600;
  constexpr std::int64_t seconds_max = 24 * 3600;
  const json asked = at(request, "/spec/expirationSeconds", 3600);
  if (!asked.is_number_integer() || asked.get<std::int64_t>() < seconds_min) {
    return invalid(
        "authentication.k8s.io", "TokenRequest", target.name,
        {invalid_cause("spec.expirationSeconds", asked.dump(), "may not specify a duration less than 10 minutes")});
  }
  const std::int64_t seconds = std::min(asked.get<std::int64_t>(), seconds_max);
  const WallTime now = context.clock.wall_now();
  const WallTime expiry = now + std::chrono::seconds(seconds);
  const json audiences = at(request, "/spec/audiences", json::array({"https://kubernetes.default.svc"}));
  return json{
      {"kind", "TokenRequest"},
      {"apiVersion", "authentication.k8s.io/v1"},
      {"metadata",
       {{"name", target.name}, {"namespace", target.namespace_name}, {"creationTimestamp", rfc3339_seconds(now)}}},
      {"spec",
       {{"audiences", audiences},
        {"expirationSeconds", seconds},
        {"boundObjectRef", at(request, "/spec/boundObjectRef")}}},
      {"status",
       {{"token", credentials.service_account_token(target.namespace_name, target.name,
                                                    metadata_text(*account->document, "uid"), now, expiry)},
        {"expirationTimestamp", rfc3339_seconds(expiry)}}}};
}

}  // namespace troupe::local
