// troupe-operator: turns TroupeClusters and TroupeApplications into worker pods. Wiring only.
#include <CLI/CLI.hpp>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>

#include "base/log.hpp"
#include "kube/client.hpp"
#include "kube/config.hpp"
#include "kube/discovery.hpp"
#include "operator/control/operator.hpp"
#include "platform/event_loop.hpp"
#include "platform/health_server.hpp"
#include "platform/log.hpp"
#include "platform/os_random.hpp"
#include "platform/signals.hpp"

namespace troupe {
namespace {

struct Flags {
  std::string kubeconfig;
  std::vector<std::string> namespaces;
  std::string metrics_address = "0.0.0.0:8080";
  std::string log_format = "json";
  std::string log_level = "info";
  bool leader_elect = true;
  std::string lease_namespace;
  int workers = 4;
};

/// Set once, by a signal.
class StopFlag {
 public:
  void set() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  /// True when it was set within `timeout`.
  bool wait_for(Duration timeout) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [this] { return stopped_; });
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopped_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
};

int fail(const std::string& message) {
  log_error(message);
  return 1;
}

Result<Endpoint> parse_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || std::stoi(port) > 65535) {
    return Error{ErrorCode::invalid_argument, "--metrics-address " + text + " is not ADDRESS:PORT"};
  }
  const std::string host = text.substr(0, colon);
  return Endpoint{host.empty() ? "0.0.0.0" : host, static_cast<std::uint16_t>(std::stoi(port))};
}

/// Asks until the server answers. Nothing when `stop` came first.
std::optional<std::string> find_policy_version(kube::Client& client, StopFlag& stop) {
  while (true) {
    const auto served = kube::served_type(client, "policy", "poddisruptionbudgets", {"v1", "v1beta1"});
    if (served.ok()) {
      return served->version;
    }
    log_warning("cannot ask the API server what it serves; trying again", {{"error", served.error().message}});
    if (stop.wait_for(std::chrono::seconds(2))) {
      return std::nullopt;
    }
  }
}

std::string make_identity() {
  const char* host = std::getenv("HOSTNAME");
  return std::string(host == nullptr ? "troupe-operator" : host) + "_" + std::to_string(platform::os_random().next());
}

int run(const Flags& flags, StopFlag& stop) {
  auto config = kube::find_config(flags.kubeconfig);
  if (!config.ok()) {
    return fail(config.error().message);
  }
  const auto address = parse_address(flags.metrics_address);
  if (!address.ok()) {
    return fail(address.error().message);
  }
  control::Operator::Options options;
  options.lease_namespace = flags.lease_namespace.empty() ? config->namespace_name : flags.lease_namespace;
  kube::Client::Options client_options;
  client_options.user_agent = "troupe-operator";
  const auto client = kube::Client::create(std::move(config).value(), client_options);
  if (!client.ok()) {
    return fail(client.error().message);
  }
  const auto policy_version = find_policy_version(**client, stop);
  if (!policy_version) {
    return 0;
  }
  options.namespaces = flags.namespaces;
  options.leader_elect = flags.leader_elect;
  options.identity = make_identity();
  options.workers = flags.workers;
  options.policy_version = *policy_version;
  // Somebody else acts from now on: ending at once is the only safe thing to do.
  control::Operator the_operator(*client, options, platform::real_clock(), platform::os_random(),
                                 [] { std::_Exit(1); });
  platform::HttpServer::Options http;
  http.at = *address;
  const auto server = platform::start_health_server(
      http, the_operator.metrics(), [&] { return the_operator.health(); }, [&] { return the_operator.readiness(); });
  if (!server.ok()) {
    return fail(server.error().in("metrics server").message);
  }
  log_info("serving metrics and health", {{"address", (*server)->local().text()}});
  stop.wait();
  log_info("stopping");
  return 0;
}

}  // namespace
}  // namespace troupe

int main(int argc, char** argv) {
  troupe::Flags flags;
  CLI::App app{"Runs TroupeClusters on Kubernetes.", "troupe-operator"};
  app.add_option("--kubeconfig", flags.kubeconfig, "Kubeconfig file; default: $KUBECONFIG, in-cluster, ~/.kube/config");
  app.add_option("--namespace", flags.namespaces, "Namespace to serve; may be repeated; default: all")->delimiter(',');
  app.add_option("--metrics-address", flags.metrics_address, "Where /metrics, /healthz and /readyz are served")
      ->capture_default_str();
  app.add_option("--log-format", flags.log_format, "json or text")->capture_default_str();
  app.add_option("--log-level", flags.log_level, "debug, info, warning or error")->capture_default_str();
  app.add_flag("--leader-elect,!--no-leader-elect", flags.leader_elect, "Act only while holding the lease")
      ->capture_default_str();
  app.add_option("--lease-namespace", flags.lease_namespace, "Namespace of the lease; default: the operator's own");
  app.add_option("--workers", flags.workers, "Clusters reconciled at the same time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const auto format = troupe::platform::parse_log_format(flags.log_format);
  const auto level = troupe::platform::parse_log_level(flags.log_level);
  if (!format.ok() || !level.ok()) {
    std::fprintf(stderr, "%s\n", (format.ok() ? level.error() : format.error()).message.c_str());
    return 2;
  }
  static troupe::StopFlag stop;
  troupe::platform::on_stop_signal([](int) { stop.set(); });
  troupe::platform::start_logging(*format, *level);
  const int status = troupe::run(flags, stop);
  // The client's library has threads that may still be at work while static objects are destroyed.
  std::fflush(nullptr);
  std::_Exit(status);
}
