#include "kube/config.hpp"

#include <filesystem>
#include <fstream>

#include "base/pod_contract.hpp"
#include "kube/proxy.hpp"
#include "kube/server_url.hpp"
#include "kube/token_source.hpp"
#include "platform/event_loop.hpp"

namespace troupe::kube {
namespace {

namespace contract = pod_contract;

bool exists(const std::string& file) {
  std::error_code failure;
  return std::filesystem::exists(file, failure);
}

/// "" when no file of the list exists.
std::string first_existing(std::string_view list) {
  while (!list.empty()) {
    const auto end = std::min(list.find(':'), list.size());
    const std::string file(list.substr(0, end));
    if (!file.empty() && exists(file)) {
      return file;
    }
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return {};
}

std::string first_line(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line.substr(0, line.find_last_not_of(" \t\r") + 1);
}

}  // namespace

Result<Config> in_cluster_config() {
  std::string host = program_environment("KUBERNETES_SERVICE_HOST");
  const std::string port = program_environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    return Error{ErrorCode::not_found,
                 "not inside a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set"};
  }
  if (host.find(':') != std::string::npos) {
    // The HTTP library cannot connect to an IPv6 literal, but to a name that has that address.
    host = "kubernetes.default.svc";
  }
  const auto url = parse_server_url("https://" + host + ":" + port);
  if (!url.ok()) {
    return url.error().in("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT");
  }
  std::string folder = program_environment(contract::service_account_dir_env);
  if (folder.empty()) {
    folder = contract::service_account_dir_default;
  }
  Config config;
  config.server = url->text();
  config.ca_file = folder + "/ca.crt";
  if (!exists(config.ca_file)) {
    return Error{ErrorCode::not_found, "ServiceAccount folder " + folder +
                                           ": ca.crt is missing; is automountServiceAccountToken switched off?"};
  }
  config.token = file_token(folder + "/token", platform::real_clock());
  if (const auto token = config.token->token(); !token.ok()) {
    return token.error();
  }
  if (const std::string name = first_line(folder + "/namespace"); !name.empty()) {
    config.namespace_name = name;
  }
  config.proxy_url = proxy_for(config.server, program_environment);
  return config;
}

Result<Config> find_config(const std::string& file) {
  if (!file.empty()) {
    return load_kubeconfig(file);
  }
  if (const std::string list = program_environment("KUBECONFIG"); !list.empty()) {
    const std::string found = first_existing(list);
    if (found.empty()) {
      return Error{ErrorCode::not_found, "KUBECONFIG: none of its files exists: " + list};
    }
    return load_kubeconfig(found);
  }
  auto in_cluster = in_cluster_config();
  if (in_cluster.ok() || in_cluster.error().code != ErrorCode::not_found ||
      !program_environment("KUBERNETES_SERVICE_HOST").empty()) {
    return in_cluster;
  }
  const std::string home = program_environment("HOME") + "/.kube/config";
  if (!exists(home)) {
    return Error{ErrorCode::not_found, "no kubeconfig: set KUBECONFIG or write " + home};
  }
  return load_kubeconfig(home);
}

}  // namespace troupe::kube
