// What this node understands of a pod's spec, and by name what it does not.
//
// A node of plain OS processes has no mounts, namespaces or images to pull. Fields that it cannot honour are collected
// in `refused` and end up in the pod's status; fields that only matter to a real kubelet's isolation (securityContext,
// resources, topology spread) are accepted: they restrict, and nothing here would act on them wrongly.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace troupe::local {

/// httpGet, tcpSocket or exec; exactly one is set.
struct ProbeTarget {
  struct HttpGet {
    std::string path = "/";
    std::string host;  ///< "" = the pod's address.
    std::uint16_t port = 0;
    std::vector<std::pair<std::string, std::string>> headers;
  };
  std::optional<HttpGet> http_get;
  std::optional<std::uint16_t> tcp_port;
  std::optional<std::vector<std::string>> exec;
};

/// Defaults are Kubernetes's (core/v1 Probe).
struct ProbeSpec {
  ProbeTarget target;
  std::chrono::seconds initial_delay{0};
  std::chrono::seconds period{10};
  std::chrono::seconds timeout{1};
  int success_threshold = 1;
  int failure_threshold = 3;
};

struct EnvSource {
  enum class Kind { value, field, secret_key, config_map_key };
  std::string name;
  Kind kind = Kind::value;
  std::string value;   ///< The value, or the field path.
  std::string object;  ///< Secret or ConfigMap.
  std::string key;
  bool optional = false;
};

struct ContainerSpec {
  std::string name;
  std::string image;
  std::vector<std::string> command;  ///< command and args together.
  std::string working_dir;
  std::vector<EnvSource> env;
  std::optional<ProbeSpec> startup_probe;
  std::optional<ProbeSpec> readiness_probe;
  std::optional<ProbeSpec> liveness_probe;
  std::optional<ProbeTarget> pre_stop;
};

enum class RestartPolicy { always, on_failure, never };

struct PodSpec {
  std::vector<ContainerSpec> containers;
  RestartPolicy restart_policy = RestartPolicy::always;
  std::chrono::seconds grace_period{30};
  std::string service_account = "default";
  bool mount_service_account_token = true;
  std::map<std::string, std::string> node_selector;
  double cpu_requests = 0;                  ///< Cores, of all containers.
  std::uint64_t memory_requests_bytes = 0;  ///< Of all containers.
  std::vector<std::string> refused;         ///< "spec.volumes: ..." one line a field.
};

/// Never fails: what is malformed ends up in `refused` too.
[[nodiscard]] PodSpec parse_pod_spec(const nlohmann::json& pod);

/// "500m", "2", "0.5" in cores; "64Mi", "1G", "1e3" in bytes. Empty when malformed.
[[nodiscard]] std::optional<double> parse_quantity(const std::string& text);

}  // namespace troupe::local
