#include <nlohmann/json.hpp>

#include "base/pod_contract.hpp"
#include "operator/desired/objects.hpp"
#include "operator/desired/observed_pod.hpp"
#include "operator/desired/pod_template.hpp"

namespace troupe::desired {
namespace {

using nlohmann::json;
namespace contract = pod_contract;

/// What the pod has beyond its drain: time to notice SIGTERM, close sockets and exit.
constexpr std::int64_t grace_beyond_drain_seconds = 10;

json value(std::string_view name, std::string text) { return {{"name", name}, {"value", std::move(text)}}; }

json from_field(std::string_view name, std::string_view path) {
  return {{"name", name}, {"valueFrom", {{"fieldRef", {{"apiVersion", "v1"}, {"fieldPath", path}}}}}};
}

json environment(const Owner& owner, const resource::ClusterIntent& intent) {
  const std::string secret = intent.cookie_secret.value_or(cookie_secret_name(owner));
  return json::array({value(contract::cluster_env, owner.name),
                      from_field(contract::pod_name_env, "metadata.name"),
                      from_field(contract::pod_namespace_env, "metadata.namespace"),
                      from_field(contract::pod_ip_env, "status.podIP"),
                      from_field(contract::pod_uid_env, "metadata.uid"),
                      {{"name", contract::cookie_env},
                       {"valueFrom", {{"secretKeyRef", {{"name", secret}, {"key", contract::cookie_secret_key}}}}}},
                      value(contract::visibility_env, std::string(resource::to_string(intent.visibility))),
                      value(contract::drain_timeout_seconds_env, std::to_string(intent.drain_timeout_seconds))});
}

json container_port(std::string_view name, std::uint16_t number) {
  return {{"name", name}, {"containerPort", number}, {"protocol", "TCP"}};
}

json probe(std::string_view path, int period_seconds, int failures) {
  return {{"httpGet", {{"path", path}, {"port", contract::http_port_name}}},
          {"periodSeconds", period_seconds},
          {"timeoutSeconds", 3},
          {"failureThreshold", failures}};
}

/// The pod security standard "restricted".
json container_security() {
  return {{"allowPrivilegeEscalation", false}, {"capabilities", {{"drop", json::array({"ALL"})}}}};
}

json worker_container(const Owner& owner, const resource::ClusterIntent& intent) {
  return {{"name", contract::worker_container_name},
          {"image", intent.image},
          {"command", json::array({contract::worker_program})},
          {"env", environment(owner, intent)},
          {"ports", json::array({container_port(contract::epmd_port_name, contract::epmd_port),
                                 container_port(contract::distribution_port_name, contract::distribution_port),
                                 container_port(contract::http_port_name, contract::http_port)})},
          {"resources", *intent.resources},
          {"securityContext", container_security()},
          // A minute to load modules; the liveness probe begins after the first success.
          {"startupProbe", probe("/healthz", 1, 60)},
          {"readinessProbe", probe("/readyz", 1, 3)},
          {"livenessProbe", probe("/healthz", 10, 3)}};
}

json soft_spread(const Owner& owner, std::string_view topology_key) {
  return {{"maxSkew", 1},
          {"topologyKey", topology_key},
          {"whenUnsatisfiable", "ScheduleAnyway"},
          {"labelSelector", {{"matchLabels", worker_selector(owner)}}}};
}

}  // namespace

json build_pod(const Owner& owner, const resource::ClusterIntent& intent, const PodSpec& spec) {
  json metadata = owned_metadata(owner, pod_name(owner, spec.ordinal));
  metadata["labels"].update(worker_selector(owner));
  metadata["labels"][std::string(contract::revision_label)] = spec.revision;
  metadata["labels"][std::string(contract::ordinal_label)] = std::to_string(spec.ordinal);
  if (spec.failures > 0) {
    metadata["annotations"][std::string(failures_annotation)] = std::to_string(spec.failures);
  }
  json pod = {{"apiVersion", "v1"},
              {"kind", "Pod"},
              {"metadata", std::move(metadata)},
              {"spec",
               {{"containers", json::array({worker_container(owner, intent)})},
                {"serviceAccountName", worker_account_name(owner)},
                {"restartPolicy", "Always"},
                {"terminationGracePeriodSeconds", intent.drain_timeout_seconds + grace_beyond_drain_seconds},
                {"securityContext", {{"runAsNonRoot", true}, {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
                {"enableServiceLinks", false},
                {"topologySpreadConstraints", json::array({soft_spread(owner, "kubernetes.io/hostname"),
                                                           soft_spread(owner, "topology.kubernetes.io/zone")})}}}};
  merge_pod_template(pod, *intent.pod_template);
  return pod;
}

}  // namespace troupe::desired
