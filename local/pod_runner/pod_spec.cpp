#include "local/pod_runner/pod_spec.hpp"

#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/pod_contract.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

const json& member(const json& object, const char* key) {
  static const json absent;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : absent;
}

std::string text(const json& object, const char* key, std::string otherwise = "") {
  const json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::move(otherwise);
}

std::int64_t number(const json& object, const char* key, std::int64_t otherwise) {
  const json& value = member(object, key);
  return value.is_number_integer() ? value.get<std::int64_t>() : otherwise;
}

std::vector<std::string> texts(const json& list) {
  std::vector<std::string> all;
  if (list.is_array()) {
    for (const json& one : list) {
      all.push_back(one.is_string() ? one.get<std::string>() : one.dump());
    }
  }
  return all;
}

/// A port is a number or the name of one of the container's ports; 0 when it is neither.
std::uint16_t port_number(const json& port, const json& container) {
  if (port.is_number_integer()) {
    const auto value = port.get<std::int64_t>();
    return value > 0 && value < 65'536 ? static_cast<std::uint16_t>(value) : 0;
  }
  if (port.is_string()) {
    for (const json& declared : member(container, "ports")) {
      if (text(declared, "name") == port.get<std::string>()) {
        return port_number(member(declared, "containerPort"), json());
      }
    }
  }
  return 0;
}

std::optional<ProbeTarget> parse_target(const json& handler, const json& container, const std::string& path,
                                        std::vector<std::string>& refused) {
  ProbeTarget target;
  if (const json& http = member(handler, "httpGet"); http.is_object()) {
    ProbeTarget::HttpGet get{
        text(http, "path", "/"), text(http, "host"), port_number(member(http, "port"), container), {}};
    for (const json& header : member(http, "httpHeaders")) {
      get.headers.emplace_back(text(header, "name"), text(header, "value"));
    }
    if (get.port == 0) {
      refused.push_back(path + ".httpGet.port: names no port of the container");
      return std::nullopt;
    }
    if (text(http, "scheme", "HTTP") != "HTTP") {
      refused.push_back(path + ".httpGet.scheme: only HTTP is probed here");
      return std::nullopt;
    }
    target.http_get = std::move(get);
    return target;
  }
  if (const json& tcp = member(handler, "tcpSocket"); tcp.is_object()) {
    target.tcp_port = port_number(member(tcp, "port"), container);
    return target;
  }
  if (const json& exec = member(handler, "exec"); exec.is_object()) {
    target.exec = texts(member(exec, "command"));
    return target;
  }
  refused.push_back(path + ": only httpGet, tcpSocket and exec are supported here");
  return std::nullopt;
}

std::optional<ProbeSpec> parse_probe(const json& container, const char* field, const std::string& container_path,
                                     std::vector<std::string>& refused) {
  const json& probe = member(container, field);
  if (!probe.is_object()) {
    return std::nullopt;
  }
  const auto target = parse_target(probe, container, container_path + "." + field, refused);
  if (!target) {
    return std::nullopt;
  }
  ProbeSpec spec;
  spec.target = *target;
  spec.initial_delay = std::chrono::seconds(number(probe, "initialDelaySeconds", 0));
  spec.period = std::chrono::seconds(std::max<std::int64_t>(1, number(probe, "periodSeconds", 10)));
  spec.timeout = std::chrono::seconds(std::max<std::int64_t>(1, number(probe, "timeoutSeconds", 1)));
  spec.success_threshold = static_cast<int>(std::max<std::int64_t>(1, number(probe, "successThreshold", 1)));
  spec.failure_threshold = static_cast<int>(std::max<std::int64_t>(1, number(probe, "failureThreshold", 3)));
  return spec;
}

void parse_env(const json& container, const std::string& path, ContainerSpec& spec, std::vector<std::string>& refused) {
  for (const json& variable : member(container, "env")) {
    EnvSource source;
    source.name = text(variable, "name");
    const json& from = member(variable, "valueFrom");
    if (!from.is_object()) {
      source.value = text(variable, "value");
    } else if (const json& field = member(from, "fieldRef"); field.is_object()) {
      source.kind = EnvSource::Kind::field;
      source.value = text(field, "fieldPath");
    } else if (const json& secret = member(from, "secretKeyRef"); secret.is_object()) {
      source.kind = EnvSource::Kind::secret_key;
      source.object = text(secret, "name");
      source.key = text(secret, "key");
      source.optional = member(secret, "optional") == true;
    } else if (const json& map = member(from, "configMapKeyRef"); map.is_object()) {
      source.kind = EnvSource::Kind::config_map_key;
      source.object = text(map, "name");
      source.key = text(map, "key");
      source.optional = member(map, "optional") == true;
    } else {
      refused.push_back(path + ".env[" + source.name +
                        "].valueFrom: only fieldRef, secretKeyRef and configMapKeyRef are supported here");
      continue;
    }
    spec.env.push_back(std::move(source));
  }
  if (!member(container, "envFrom").empty()) {
    refused.push_back(path + ".envFrom: not supported here; name each variable in env");
  }
}

/// The folder of the ServiceAccount is the one mount that this node can offer (through an environment variable).
bool is_service_account_mount(const json& mount) {
  return text(mount, "mountPath") == pod_contract::service_account_dir_default;
}

void refuse_volumes(const json& spec, std::vector<std::string>& refused) {
  std::vector<std::string> service_account_volumes;
  for (const json& container : member(spec, "containers")) {
    for (const json& mount : member(container, "volumeMounts")) {
      if (is_service_account_mount(mount)) {
        service_account_volumes.push_back(text(mount, "name"));
      } else {
        refused.push_back("spec.containers[" + text(container, "name") + "].volumeMounts[" + text(mount, "name") +
                          "]: this node runs plain processes and cannot mount anything");
      }
    }
  }
  for (const json& volume : member(spec, "volumes")) {
    const std::string name = text(volume, "name");
    if (std::find(service_account_volumes.begin(), service_account_volumes.end(), name) ==
        service_account_volumes.end()) {
      refused.push_back("spec.volumes[" + name + "]: this node runs plain processes and has no volumes");
    }
  }
}

ContainerSpec parse_container(const json& container, PodSpec& pod) {
  ContainerSpec spec;
  spec.name = text(container, "name");
  spec.image = text(container, "image");
  const std::string path = "spec.containers[" + spec.name + "]";
  spec.command = texts(member(container, "command"));
  for (std::string& argument : texts(member(container, "args"))) {
    spec.command.push_back(std::move(argument));
  }
  spec.working_dir = text(container, "workingDir");
  parse_env(container, path, spec, pod.refused);
  spec.startup_probe = parse_probe(container, "startupProbe", path, pod.refused);
  spec.readiness_probe = parse_probe(container, "readinessProbe", path, pod.refused);
  spec.liveness_probe = parse_probe(container, "livenessProbe", path, pod.refused);
  const json& lifecycle = member(container, "lifecycle");
  if (const json& pre_stop = member(lifecycle, "preStop"); pre_stop.is_object()) {
    spec.pre_stop = parse_target(pre_stop, container, path + ".lifecycle.preStop", pod.refused);
  }
  if (member(lifecycle, "postStart").is_object()) {
    pod.refused.push_back(path + ".lifecycle.postStart: not supported here");
  }
  if (spec.command.empty()) {
    pod.refused.push_back(path + ".command: an image that is a folder has no entrypoint; name the program");
  }
  const json& requests = member(member(container, "resources"), "requests");
  pod.cpu_requests += parse_quantity(text(requests, "cpu", "0")).value_or(0);
  pod.memory_requests_bytes += static_cast<std::uint64_t>(parse_quantity(text(requests, "memory", "0")).value_or(0));
  return spec;
}

}  // namespace

std::optional<double> parse_quantity(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || value < 0) {
    return std::nullopt;
  }
  static constexpr std::array<std::pair<std::string_view, double>, 13> suffixes = {{{"", 1},
                                                                                    {"m", 1e-3},
                                                                                    {"k", 1e3},
                                                                                    {"M", 1e6},
                                                                                    {"G", 1e9},
                                                                                    {"T", 1e12},
                                                                                    {"P", 1e15},
                                                                                    {"Ki", 0x1p10},
                                                                                    {"Mi", 0x1p20},
                                                                                    {"Gi", 0x1p30},
                                                                                    {"Ti", 0x1p40},
                                                                                    {"Pi", 0x1p50},
                                                                                    {"Ei", 0x1p60}}};
  for (const auto& [suffix, factor] : suffixes) {
    if (suffix == end) {
      return value * factor;
    }
  }
  return std::nullopt;
}

PodSpec parse_pod_spec(const json& pod) {
  PodSpec parsed;
  const json& spec = member(pod, "spec");
  for (const json& container : member(spec, "containers")) {
    parsed.containers.push_back(parse_container(container, parsed));
  }
  if (!member(spec, "initContainers").empty()) {
    parsed.refused.push_back("spec.initContainers: not supported here");
  }
  for (const char* field : {"hostNetwork", "hostPID", "hostIPC"}) {
    if (member(spec, field) == true) {
      parsed.refused.push_back(std::string("spec.") + field +
                               ": a pod here always has an address of its own and no namespaces");
    }
  }
  refuse_volumes(spec, parsed.refused);
  const std::string policy = text(spec, "restartPolicy", "Always");
  parsed.restart_policy = policy == "Never"       ? RestartPolicy::never
                          : policy == "OnFailure" ? RestartPolicy::on_failure
                                                  : RestartPolicy::always;
  parsed.grace_period = std::chrono::seconds(number(spec, "terminationGracePeriodSeconds", 30));
  parsed.service_account = text(spec, "serviceAccountName", "default");
  parsed.mount_service_account_token = member(spec, "automountServiceAccountToken") != false;
  if (const json& selector = member(spec, "nodeSelector"); selector.is_object()) {
    for (const auto& [key, value] : selector.items()) {
      parsed.node_selector[key] = value.is_string() ? value.get<std::string>() : value.dump();
    }
  }
  return parsed;
}

}  // namespace troupe::local
