#include "worker/node/worker_config.hpp"

#include <charconv>

#include "base/pod_contract.hpp"

namespace troupe::node {
namespace {

/// Collects complaints, so that one start shows them all.
class Reader {
 public:
  explicit Reader(const EnvironmentReader& variable) : variable_(variable) {}

  std::string required(std::string_view name) {
    auto value = variable_(name);
    if (!value || value->empty()) {
      complain(name, "is not set; the operator sets it in the pod");
      return "";
    }
    return *value;
  }

  std::string optional(std::string_view name) { return variable_(name).value_or(""); }

  void complain(std::string_view name, std::string_view what) {
    complaints_ += (complaints_.empty() ? "" : "; ") + std::string(name) + " " + std::string(what);
  }

  [[nodiscard]] const std::string& complaints() const { return complaints_; }

 private:
  const EnvironmentReader& variable_;
  std::string complaints_;
};

}  // namespace

Result<WorkerConfig> read_worker_config(const EnvironmentReader& variable) {
  Reader reader(variable);
  WorkerConfig config;
  config.cluster = reader.required(pod_contract::cluster_env);
  config.pod_name = reader.required(pod_contract::pod_name_env);
  config.pod_namespace = reader.required(pod_contract::pod_namespace_env);
  config.pod_ip = reader.required(pod_contract::pod_ip_env);
  config.pod_uid = reader.required(pod_contract::pod_uid_env);
  config.cookie = reader.required(pod_contract::cookie_env);
  config.image_root = reader.optional(pod_contract::image_root_env);
  config.tls_folder = reader.optional(pod_contract::tls_folder_env);
  config.tls_domain = reader.optional(pod_contract::tls_domain_env);
  const std::string visibility = reader.optional(pod_contract::visibility_env);
  config.published = visibility == "Published";
  if (!visibility.empty() && visibility != "Published" && visibility != "Hidden") {
    reader.complain(pod_contract::visibility_env, "is \"" + visibility + "\"; it is Hidden or Published");
  }
  if (const std::string text = reader.optional(pod_contract::drain_timeout_seconds_env); !text.empty()) {
    int seconds = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || seconds < 0) {
      reader.complain(pod_contract::drain_timeout_seconds_env, "is \"" + text + "\"; it is a number of seconds");
    }
    config.drain_timeout = std::chrono::seconds(seconds);
  }
  if (!reader.complaints().empty()) {
    return Error{ErrorCode::invalid_argument, reader.complaints()};
  }
  return config;
}

}  // namespace troupe::node
