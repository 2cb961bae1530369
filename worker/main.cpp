// troupe-worker: wiring only.
#include <CLI/CLI.hpp>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <mutex>

#include "base/log.hpp"
#include "base/pod_contract.hpp"
#include "kube/client.hpp"
#include "kube/config.hpp"
#include "platform/event_loop.hpp"
#include "platform/local_socket.hpp"
#include "platform/log.hpp"
#include "platform/os_random.hpp"
#include "platform/signals.hpp"
#include "worker/node/admin.hpp"
#include "worker/node/worker.hpp"

namespace {

using namespace troupe;

int complain(const Error& error) {
  std::fprintf(stderr, "troupe-worker: %s\n", error.message.c_str());
  return 1;
}

std::optional<std::string> environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

/// Asks the worker of this pod; prints its answer.
int ask(const std::vector<std::string>& words, int timeout_seconds) {
  const auto uid = environment(pod_contract::pod_uid_env);
  if (!uid) {
    return complain({ErrorCode::invalid_argument,
                     std::string(pod_contract::pod_uid_env) + " is not set: run ctl in a worker's container"});
  }
  auto answer = platform::ask_local_socket(node::admin_socket_name(*uid), node::join_question(words),
                                           std::chrono::seconds(timeout_seconds));
  if (!answer) {
    return complain(answer.error());
  }
  if (!answer->starts_with('+')) {
    return complain({ErrorCode::unavailable, answer->empty() ? "no answer" : answer->substr(1)});
  }
  std::cout << answer->substr(1) << (answer->ends_with('\n') ? "" : "\n");
  return 0;
}

int serve(const std::string& kubeconfig, node::Worker::Options options) {
  std::mutex mutex;
  std::condition_variable asked;
  bool stop = false;
  bool restart = false;
  platform::on_stop_signal([&](int) {
    const std::lock_guard lock(mutex);
    stop = true;
    asked.notify_all();
  });
  options.ask_for_restart = [&] {
    const std::lock_guard lock(mutex);
    stop = restart = true;
    asked.notify_all();
  };
  auto config = node::read_worker_config(environment);
  if (!config) {
    return complain(config.error());
  }
  auto api = kubeconfig.empty() ? kube::in_cluster_config() : kube::load_kubeconfig(kubeconfig);
  if (!api) {
    return complain(api.error());
  }
  auto client = kube::Client::create(std::move(*api));
  if (!client) {
    return complain(client.error());
  }
  auto worker = node::Worker::start(std::move(*config), options, std::move(*client), platform::real_clock(),
                                    platform::os_random());
  if (!worker) {
    return complain(worker.error());
  }
  {
    std::unique_lock lock(mutex);
    asked.wait(lock, [&] { return stop; });
  }
  (*worker)->drain();
  return restart ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"A Troupe worker: runs the supervised processes of a TroupeCluster's pod"};
  std::string kubeconfig;
  std::string log_format = "json";
  std::string log_level = "info";
  node::Worker::Options options;
  app.add_option("--kubeconfig", kubeconfig, "How to reach the API server; absent: as the pod's service account");
  app.add_option("--log-format", log_format, "json or text")->capture_default_str();
  app.add_option("--log-level", log_level, "debug, info, warning or error")->capture_default_str();
  app.add_option("--scheduler-threads", options.scheduler_threads, "Absent: one for each CPU of the container's limit");
  CLI::App* ctl = app.add_subcommand(
      "ctl",
      "Ask the worker of this container: call NAME TERM, cast NAME TERM, send NAME TERM, processes, registered, "
      "info WHO, top [mailbox|memory|reductions [COUNT]], tree, state WHO, suspend WHO, resume WHO, "
      "trace WHO [on [EVENTS] | off]");
  std::vector<std::string> words;
  int timeout_seconds = 10;
  ctl->add_option("question", words, "What to ask")->required();
  ctl->add_option("--timeout-seconds", timeout_seconds, "How long to wait for the answer")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (ctl->parsed()) {
    return ask(words, timeout_seconds);
  }
  const auto format = platform::parse_log_format(log_format);
  const auto level = platform::parse_log_level(log_level);
  if (!format || !level) {
    return complain(!format ? format.error() : level.error());
  }
  platform::start_logging(*format, *level);
  return serve(kubeconfig, options);
}
