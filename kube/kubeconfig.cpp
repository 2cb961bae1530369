// kubeconfig files: client-go's tools/clientcmd/api/v1 in the parts that one connection needs.
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/base64.hpp"
#include "kube/config.hpp"
#include "kube/proxy.hpp"
#include "kube/server_url.hpp"
#include "kube/token_source.hpp"
#include "platform/event_loop.hpp"

namespace troupe::kube {
namespace {

/// Far above any real file; keeps a hostile one from being parsed for minutes.
constexpr std::size_t kubeconfig_bytes_max = 4 * 1024 * 1024;

Error wrong(const std::string& field, const std::string& what) {
  return {ErrorCode::invalid_argument, "kubeconfig: " + field + ": " + what};
}

Result<std::string> read_file(const std::string& file, const std::string& field) {
  std::error_code failure;
  if (std::filesystem::is_directory(file, failure)) {
    return Error{ErrorCode::invalid_argument, field + ": " + file + " is a folder"};
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return Error{ErrorCode::not_found, field + ": " + file + " cannot be opened"};
  }
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Result<std::string> decode_base64(std::string text, const std::string& field) {
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
  std::optional<std::string> decoded = base64_decoded(text);
  if (!decoded) {
    return wrong(field, "is not base64");
  }
  return std::move(*decoded);
}

/// One mapping of the file, with the path that errors name.
class Section {
 public:
  Section(YAML::Node node, std::string path) : node_(std::move(node)), path_(std::move(path)) {}

  [[nodiscard]] std::string field(const std::string& key) const { return path_ + "." + key; }

  [[nodiscard]] Result<std::string> text(const std::string& key) const {
    const YAML::Node value = node_[key];
    if (!value.IsDefined() || value.IsNull()) {
      return std::string();
    }
    if (!value.IsScalar()) {
      return wrong(field(key), "must be text");
    }
    return value.Scalar();
  }

  [[nodiscard]] Result<bool> flag(const std::string& key) const {
    const auto value = text(key);
    if (!value.ok()) {
      return value.error();
    }
    if (value->empty() || *value == "false") {
      return false;
    }
    return *value == "true" ? Result<bool>(true) : Result<bool>(wrong(field(key), "must be true or false"));
  }

  /// Empty when absent.
  [[nodiscard]] Result<std::optional<Section>> section(const std::string& key) const {
    const YAML::Node value = node_[key];
    if (!value.IsDefined() || value.IsNull()) {
      return std::optional<Section>();
    }
    if (!value.IsMap()) {
      return wrong(field(key), "must be a mapping");
    }
    return std::optional<Section>(Section(value, field(key)));
  }

  [[nodiscard]] const YAML::Node& node() const { return node_; }

 private:
  YAML::Node node_;
  std::string path_;
};

std::string absolute(const std::string& file, const std::string& base_dir) {
  return (std::filesystem::path(base_dir) / file).string();
}

/// `list` is "clusters", "users" or "contexts"; its entry of that name holds the section under `inner`.
Result<Section> named(const YAML::Node& root, const std::string& list, const std::string& inner,
                      const std::string& name) {
  const YAML::Node entries = root[list];
  if (!entries.IsDefined() || !entries.IsSequence()) {
    return wrong(list, "must be a list");
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const YAML::Node entry = entries[i];
    const std::string path = list + "[" + std::to_string(i) + "]";
    if (!entry.IsMap() || !entry["name"].IsDefined() || !entry["name"].IsScalar()) {
      return wrong(path + ".name", "must be text");
    }
    if (entry["name"].Scalar() != name) {
      continue;
    }
    const YAML::Node value = entry[inner];
    if (!value.IsDefined() || value.IsNull()) {
      return Section(YAML::Node(YAML::NodeType::Map), path + "." + inner);
    }
    if (!value.IsMap()) {
      return wrong(path + "." + inner, "must be a mapping");
    }
    return Section(value, path + "." + inner);
  }
  return wrong(list, "has no entry named '" + name + "'");
}

/// The text of `<key>-data` (base64), else of the file named by `<key>`, else "".
Result<std::string> data_or_file(const Section& section, const std::string& key, const std::string& base_dir) {
  const auto data = section.text(key + "-data");
  if (!data.ok() || !data->empty()) {
    return data.ok() ? decode_base64(*data, section.field(key + "-data")) : data;
  }
  const auto file = section.text(key);
  if (!file.ok() || file->empty()) {
    return file;
  }
  return read_file(absolute(*file, base_dir), "kubeconfig: " + section.field(key));
}

Result<void> read_cluster(const Section& cluster, const std::string& base_dir, Config& config) {
  const auto server = cluster.text("server");
  if (!server.ok()) {
    return server.error();
  }
  if (server->empty()) {
    return wrong(cluster.field("server"), "is missing");
  }
  const auto url = parse_server_url(*server);
  if (!url.ok()) {
    return url.error().in("kubeconfig: " + cluster.field("server"));
  }
  config.server = url->text();
  auto ca = data_or_file(cluster, "certificate-authority", base_dir);
  const auto insecure = cluster.flag("insecure-skip-tls-verify");
  const auto name = cluster.text("tls-server-name");
  const auto proxy = cluster.text("proxy-url");
  if (!ca.ok() || !insecure.ok() || !name.ok() || !proxy.ok()) {
    return !ca.ok() ? ca.error() : !insecure.ok() ? insecure.error() : !name.ok() ? name.error() : proxy.error();
  }
  if (*insecure && !ca->empty()) {
    return wrong(cluster.field("insecure-skip-tls-verify"), "cannot be set beside certificate-authority");
  }
  config.ca_pem = std::move(*ca);
  config.insecure_skip_tls_verify = *insecure;
  config.tls_server_name = *name;
  config.proxy_url = *proxy;
  return {};
}

Result<std::vector<std::string>> read_arguments(const Section& exec) {
  std::vector<std::string> out;
  const YAML::Node arguments = exec.node()["args"];
  if (!arguments.IsDefined() || arguments.IsNull()) {
    return out;
  }
  if (!arguments.IsSequence()) {
    return wrong(exec.field("args"), "must be a list");
  }
  for (const auto& argument : arguments) {
    if (!argument.IsScalar()) {
      return wrong(exec.field("args"), "must hold text only");
    }
    out.push_back(argument.Scalar());
  }
  return out;
}

Result<std::map<std::string, std::string>> read_environment(const Section& exec) {
  std::map<std::string, std::string> out;
  const YAML::Node entries = exec.node()["env"];
  if (!entries.IsDefined() || entries.IsNull()) {
    return out;
  }
  if (!entries.IsSequence()) {
    return wrong(exec.field("env"), "must be a list");
  }
  for (const auto& entry : entries) {
    if (!entry.IsMap() || !entry["name"].IsDefined() || !entry["name"].IsScalar() || !entry["value"].IsDefined() ||
        !entry["value"].IsScalar()) {
      return wrong(exec.field("env"), "each entry needs a name and a value");
    }
    out[entry["name"].Scalar()] = entry["value"].Scalar();
  }
  return out;
}

Result<ExecPlugin> read_exec(const Section& exec, const std::string& base_dir, const Config& config) {
  ExecPlugin plugin;
  const auto command = exec.text("command");
  const auto api_version = exec.text("apiVersion");
  const auto hint = exec.text("installHint");
  const auto with_cluster = exec.flag("provideClusterInfo");
  if (!command.ok() || !api_version.ok() || !hint.ok() || !with_cluster.ok()) {
    return !command.ok()       ? command.error()
           : !api_version.ok() ? api_version.error()
           : !hint.ok()        ? hint.error()
                               : with_cluster.error();
  }
  if (command->empty()) {
    return wrong(exec.field("command"), "is missing");
  }
  if (*api_version != "client.authentication.k8s.io/v1" && *api_version != "client.authentication.k8s.io/v1beta1") {
    return wrong(exec.field("apiVersion"),
                 "must be client.authentication.k8s.io/v1 or /v1beta1, not '" + *api_version + "'");
  }
  auto arguments = read_arguments(exec);
  auto environment = read_environment(exec);
  if (!arguments.ok() || !environment.ok()) {
    return !arguments.ok() ? arguments.error() : environment.error();
  }
  // A name without a slash is searched in PATH; any other is relative to the kubeconfig's folder.
  plugin.argv.push_back(command->find('/') == std::string::npos ? *command : absolute(*command, base_dir));
  plugin.argv.insert(plugin.argv.end(), arguments->begin(), arguments->end());
  plugin.env = std::move(*environment);
  plugin.api_version = *api_version;
  plugin.install_hint = *hint;
  if (*with_cluster) {
    nlohmann::json cluster = {{"server", config.server}, {"insecure-skip-tls-verify", config.insecure_skip_tls_verify}};
    if (!config.tls_server_name.empty()) {
      cluster["tls-server-name"] = config.tls_server_name;
    }
    plugin.cluster_info_json = cluster.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  return plugin;
}

Result<void> read_user(const Section& user, const std::string& base_dir, Config& config) {
  auto certificate = data_or_file(user, "client-certificate", base_dir);
  auto key = data_or_file(user, "client-key", base_dir);
  const auto token = user.text("token");
  const auto token_file = user.text("tokenFile");
  const auto name = user.text("username");
  const auto exec = user.section("exec");
  const auto provider = user.section("auth-provider");
  if (!certificate.ok() || !key.ok() || !token.ok() || !token_file.ok() || !name.ok()) {
    return !certificate.ok()  ? certificate.error()
           : !key.ok()        ? key.error()
           : !token.ok()      ? token.error()
           : !token_file.ok() ? token_file.error()
                              : name.error();
  }
  if (!exec.ok() || !provider.ok()) {
    return !exec.ok() ? exec.error() : provider.error();
  }
  if (certificate->empty() != key->empty()) {
    return wrong(user.field(certificate->empty() ? "client-certificate" : "client-key"),
                 "client-certificate and client-key must be given together");
  }
  if (!name->empty()) {
    return Error{ErrorCode::unsupported, "kubeconfig: " + user.field("username") +
                                             ": basic authentication is not supported (Kubernetes removed it in 1.19)"};
  }
  if (provider->has_value()) {
    return Error{ErrorCode::unsupported, "kubeconfig: " + user.field("auth-provider") +
                                             ": not supported (Kubernetes removed it in 1.26); use exec"};
  }
  config.client_certificate_pem = std::move(*certificate);
  config.client_key_pem = std::move(*key);
  // client-go's order: a token file wins over a token, and either over a program.
  if (!token_file->empty()) {
    config.token = file_token(absolute(*token_file, base_dir), platform::real_clock());
  } else if (!token->empty()) {
    config.token = fixed_token(*token);
  } else if (exec->has_value()) {
    auto plugin = read_exec(**exec, base_dir, config);
    if (!plugin.ok()) {
      return plugin.error();
    }
    config.token = exec_token(std::move(*plugin), platform::real_clock());
  }
  return {};
}

Result<Config> read_config(const YAML::Node& root, const std::string& base_dir, const std::string& context_name) {
  if (!root.IsMap()) {
    return wrong("the document", "must be a mapping");
  }
  std::string chosen = context_name;
  if (chosen.empty()) {
    const YAML::Node current = root["current-context"];
    if (!current.IsDefined() || !current.IsScalar() || current.Scalar().empty()) {
      return wrong("current-context", "is missing; set it or name a context");
    }
    chosen = current.Scalar();
  }
  const auto context = named(root, "contexts", "context", chosen);
  if (!context.ok()) {
    return context.error();
  }
  const auto cluster_name = context->text("cluster");
  const auto user_name = context->text("user");
  const auto namespace_name = context->text("namespace");
  if (!cluster_name.ok() || !user_name.ok() || !namespace_name.ok()) {
    return !cluster_name.ok() ? cluster_name.error() : !user_name.ok() ? user_name.error() : namespace_name.error();
  }
  if (cluster_name->empty()) {
    return wrong(context->field("cluster"), "is missing");
  }
  Config config;
  if (!namespace_name->empty()) {
    config.namespace_name = *namespace_name;
  }
  const auto cluster = named(root, "clusters", "cluster", *cluster_name);
  if (!cluster.ok()) {
    return cluster.error();
  }
  if (auto read = read_cluster(*cluster, base_dir, config); !read.ok()) {
    return read.error();
  }
  if (!user_name->empty()) {
    const auto user = named(root, "users", "user", *user_name);
    if (!user.ok()) {
      return user.error();
    }
    if (auto read = read_user(*user, base_dir, config); !read.ok()) {
      return read.error();
    }
  }
  return config;
}

}  // namespace

Result<Config> parse_kubeconfig(std::string_view text, const std::string& base_dir, const std::string& context) {
  if (text.size() > kubeconfig_bytes_max) {
    return wrong("the document", "is larger than 4 MiB");
  }
  try {
    return read_config(YAML::Load(std::string(text)), base_dir, context);
  } catch (const YAML::Exception& failure) {
    return wrong("line " + std::to_string(failure.mark.line + 1), failure.msg);
  }
}

Result<Config> load_kubeconfig(const std::string& file, const std::string& context) {
  const auto text = read_file(file, "kubeconfig");
  if (!text.ok()) {
    return text.error();
  }
  const auto folder = std::filesystem::absolute(file).parent_path().string();
  auto config = parse_kubeconfig(*text, folder, context);
  if (!config.ok()) {
    return config.error().in(file);
  }
  if (config->proxy_url.empty()) {
    config->proxy_url = proxy_for(config->server, program_environment);
  }
  return config;
}

}  // namespace troupe::kube
