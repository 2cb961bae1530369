// What the operator writes into a worker pod and the worker reads there, and the other way round. The only thing that
// operator and worker share besides crds/.
#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::pod_contract {

// --- API group -------------------------------------------------------------------------------------------------------
inline constexpr std::string_view api_group = "troupe.dev";
inline constexpr std::string_view api_version = "v1alpha1";
inline constexpr std::string_view api_group_version = "troupe.dev/v1alpha1";

// --- Labels and annotations ------------------------------------------------------------------------------------------
/// On every object of a cluster; its value is the TroupeCluster's name.
inline constexpr std::string_view cluster_label = "troupe.dev/cluster";
/// On worker pods: hash of the user's intent that the pod was made from.
inline constexpr std::string_view revision_label = "troupe.dev/revision";
/// On worker pods: the decimal number at the end of the pod's name.
inline constexpr std::string_view ordinal_label = "troupe.dev/ordinal";
/// "worker" on worker pods; tells them from other objects of the cluster.
inline constexpr std::string_view component_label = "app.kubernetes.io/component";
inline constexpr std::string_view component_worker = "worker";
inline constexpr std::string_view managed_by_label = "app.kubernetes.io/managed-by";
inline constexpr std::string_view managed_by_operator = "troupe-operator";

// --- Pod conditions that a worker writes of itself
// ---------------------------------------------------------------------
/// True once the worker has a link to every other worker of the cluster that is not being deleted.
inline constexpr std::string_view joined_condition = "troupe.dev/Joined";
/// True when every TroupeApplication that names the cluster runs on this worker. The message is JSON, at most
/// `applications_message_bytes_max`:
///   [{"name":"counter","version":"1.0.0","ready":true},
///    {"name":"bad","version":"","ready":false,"reason":"ModuleNotFound","message":"..."}]
inline constexpr std::string_view applications_condition = "troupe.dev/Applications";
inline constexpr int applications_message_bytes_max = 8 * 1024;

// --- Ports of a worker pod, with the names they have in the pod and the Service
// -----------------------------------------
inline constexpr std::uint16_t epmd_port = 4369;
inline constexpr std::string_view epmd_port_name = "epmd";
inline constexpr std::uint16_t distribution_port = 9100;
inline constexpr std::string_view distribution_port_name = "distribution";
/// /metrics, /healthz (liveness), /readyz (readiness).
inline constexpr std::uint16_t http_port = 9464;
inline constexpr std::string_view http_port_name = "http";

// --- Environment of a worker container -------------------------------------------------------------------------------
inline constexpr std::string_view cluster_env = "TROUPE_CLUSTER";
inline constexpr std::string_view pod_name_env = "TROUPE_POD_NAME";
inline constexpr std::string_view pod_namespace_env = "TROUPE_POD_NAMESPACE";
inline constexpr std::string_view pod_ip_env = "TROUPE_POD_IP";
inline constexpr std::string_view pod_uid_env = "TROUPE_POD_UID";
/// From the cookie Secret's key `cookie`.
inline constexpr std::string_view cookie_env = "TROUPE_COOKIE";
/// "Hidden" or "Published", as in spec.distribution.visibility.
inline constexpr std::string_view visibility_env = "TROUPE_VISIBILITY";
/// A folder with tls.crt, tls.key and ca.crt: links between nodes then run over TLS, with certificates on both sides.
inline constexpr std::string_view tls_folder_env = "TROUPE_TLS_FOLDER";
/// With it a peer's certificate that names this DNS name is good for the peer's address, whatever that is.
inline constexpr std::string_view tls_domain_env = "TROUPE_TLS_DOMAIN";
/// spec.drain.timeoutSeconds, decimal.
inline constexpr std::string_view drain_timeout_seconds_env = "TROUPE_DRAIN_TIMEOUT_SECONDS";
/// Where the ServiceAccount's `token`, `ca.crt` and `namespace` lie when not in the usual place. The pod runner sets
/// it, since a pod of plain OS processes has no mounts of its own.
inline constexpr std::string_view service_account_dir_env = "TROUPE_SERVICE_ACCOUNT_DIR";
inline constexpr std::string_view service_account_dir_default = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Folder that stands for the image's root where programs run without a container: an absolute path of a module is
/// looked up below it first. Unset in a real container.
inline constexpr std::string_view image_root_env = "TROUPE_IMAGE_ROOT";

// --- Names
// ---------------------------------------------------------------------------------------------------------------
inline constexpr std::string_view worker_container_name = "worker";
inline constexpr std::string_view worker_program = "troupe-worker";
inline constexpr std::string_view cookie_secret_key = "cookie";

}  // namespace troupe::pod_contract
