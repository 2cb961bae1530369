#include "local/pod_runner/container_environment.hpp"
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/pod_contract.hpp"
#include "kube/resource_types.hpp"
#include "local/pod_runner/environment.hpp"
#include "platform/file.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

Result<std::optional<std::string>> object_key(kube::Client& client, const kube::ResourceType& type,
                                              const std::string& space, const std::string& name,
                                              const std::string& key) {
  auto object = client.get(type, space, name);
  if (!object) {
    if (object.error().not_found()) {
      return std::optional<std::string>();
    }
    return Error{ErrorCode::unavailable, object.error().message};
  }
  const json& document = object->json();
  const auto data = document.find("data");
  if (data == document.end() || !data->contains(key)) {
    return std::optional<std::string>();
  }
  const auto& value = data->at(key).get_ref<const std::string&>();
  if (type.kind != "Secret") {
    return std::optional<std::string>(value);
  }
  return base64_decoded(value);
}

/// "https://127.0.0.1:6443/base" -> {"127.0.0.1", "6443"}.
std::pair<std::string, std::string> host_and_port(const std::string& server) {
  const std::size_t scheme = server.find("://");
  std::string rest = scheme == std::string::npos ? server : server.substr(scheme + 3);
  rest = rest.substr(0, rest.find('/'));
  const std::size_t colon = rest.rfind(':');
  return colon == std::string::npos ? std::pair(rest, std::string("443"))
                                    : std::pair(rest.substr(0, colon), rest.substr(colon + 1));
}

}  // namespace

Result<ProgramContext> make_program_context(kube::Client& client, const ContainerSpec& container,
                                            const kube::Object& pod, const PodSpec& pod_spec,
                                            const std::filesystem::path& image_root, const std::string& pod_ip,
                                            const std::string& host_ip,
                                            const std::filesystem::path& service_account_dir) {
  EnvLookup lookup;
  lookup.pod = &pod.json();
  lookup.pod_ip = pod_ip;
  lookup.host_ip = host_ip;
  lookup.secret_key = [&](const std::string& name, const std::string& key) {
    return object_key(client, kube::secrets, pod.namespace_name(), name, key);
  };
  lookup.config_map_key = [&](const std::string& name, const std::string& key) {
    return object_key(client, kube::config_maps, pod.namespace_name(), name, key);
  };
  auto env = resolve_environment(container, lookup);
  if (!env) {
    return env.error();
  }
  const auto [api_host, api_port] = host_and_port(client.config().server);
  const std::string root = image_root.string();
  // What the container sets itself wins.
  env->emplace("PATH", root + "/usr/local/bin:" + root + "/usr/bin:" + root +
                           "/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  env->emplace("HOSTNAME", pod.name());
  env->emplace("HOME", "/");
  env->emplace("KUBERNETES_SERVICE_HOST", api_host);
  env->emplace("KUBERNETES_SERVICE_PORT", api_port);
  env->emplace(pod_contract::image_root_env, root);
  if (pod_spec.mount_service_account_token) {
    env->emplace(pod_contract::service_account_dir_env, service_account_dir.string());
  }
  ProgramContext context;
  context.env = std::move(*env);
  context.working_dir =
      container.working_dir.empty() ? service_account_dir.parent_path().string() : container.working_dir;
  context.pod_ip = pod_ip;
  return context;
}

Result<std::chrono::seconds> write_service_account_folder(kube::Client& client, const kube::Object& pod,
                                                          const std::string& service_account,
                                                          const std::filesystem::path& dir) {
  // A kubelet asks for an hour and a bit, bound to the pod.
  constexpr std::chrono::seconds lifetime{3607};
  const json request = {
      {"apiVersion", "authentication.k8s.io/v1"},
      {"kind", "TokenRequest"},
      {"spec",
       {{"expirationSeconds", lifetime.count()},
        {"boundObjectRef", {{"apiVersion", "v1"}, {"kind", "Pod"}, {"name", pod.name()}, {"uid", pod.uid()}}}}}};
  auto answer =
      client.post_subresource(kube::service_accounts, pod.namespace_name(), service_account, "token", request);
  if (!answer) {
    return Error{ErrorCode::unavailable,
                 "no token for service account " + service_account + ": " + answer.error().message};
  }
  const json::json_pointer where("/status/token");
  if (!answer->json().contains(where) || !answer->json().at(where).is_string()) {
    return Error{ErrorCode::unavailable, "no token for service account " + service_account + ": the answer holds none"};
  }
  std::string ca = client.config().ca_pem;
  if (ca.empty() && !client.config().ca_file.empty()) {
    auto read = platform::read_file(client.config().ca_file);
    if (!read) {
      return read.error();
    }
    ca = std::move(*read);
  }
  std::error_code failed;
  std::filesystem::create_directories(dir, failed);
  for (const auto& [name, content] :
       {std::pair<const char*, std::string>{"token", answer->json().at(where).get<std::string>()},
        {"ca.crt", ca},
        {"namespace", pod.namespace_name()}}) {
    if (auto written = platform::atomic_write_file((dir / name).string(), content, 0600); !written) {
      return written.error();
    }
  }
  return lifetime;
}

}  // namespace troupe::local
