// A node of Troupe's for the conformance suite: processes, distribution and groups as a worker has them, without
// Kubernetes. It does what its puppets are told (puppet.hpp) until it is killed; the first is registered as `puppet`.
//
//   conformance_node --name t@127.0.0.2 --cookie C --epmd-port P [--published] [--connect NODE] [--verbose]
//     [--tls FOLDER]                      with tls.crt, tls.key and ca.crt, as a Secret has them
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "platform/event_loop.hpp"
#include "platform/log.hpp"
#include "platform/os_random.hpp"
#include "platform/tls_network.hpp"
#include "tests/worker/distribution/conformance/puppet.hpp"
#include "tests/worker/distribution/conformance/subjects.hpp"
#include "troupe/node_name.hpp"
#include "worker/distribution/distribution.hpp"
#include "worker/distribution/pg_groups.hpp"
#include "worker/process/threaded_scheduler.hpp"

namespace troupe::conformance {
namespace {

struct Connections final : NodeControl {
  explicit Connections(Distribution& to) : distribution(to) {}
  void connect(NodeIndex node) override { distribution.connect(node); }
  void disconnect(NodeIndex node) override { distribution.disconnect(node); }
  Distribution& distribution;
};

/// `--name value` and `--name` alone, each at most once.
std::optional<std::map<std::string, std::string>> read_arguments(int count, char** arguments) {
  std::map<std::string, std::string> read;
  for (int i = 1; i < count; ++i) {
    const std::string word = arguments[i];
    if (!word.starts_with("--")) {
      return std::nullopt;
    }
    const bool has_value = i + 1 < count && !std::string_view(arguments[i + 1]).starts_with("--");
    read[word.substr(2)] = has_value ? arguments[++i] : "";
  }
  return read;
}

DistributionOptions distribution_options(const std::map<std::string, std::string>& arguments, std::uint32_t creation) {
  DistributionOptions options;
  options.node_name = arguments.at("name");
  options.creation = creation;
  options.cookies = {arguments.at("cookie")};
  options.hidden = !arguments.contains("published");
  const std::string host = options.node_name.substr(options.node_name.find('@') + 1);
  options.listen = {host, 0};
  options.connect_from = host;
  options.epmd_port = static_cast<std::uint16_t>(std::stoul(arguments.at("epmd-port")));
  return options;
}

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Null without --tls.
Result<std::unique_ptr<Network>> tls_network(platform::AsioLoop& loop,
                                             const std::map<std::string, std::string>& arguments) {
  const auto folder = arguments.find("tls");
  if (folder == arguments.end()) {
    return std::unique_ptr<Network>();
  }
  const auto file = [&](const char* name) { return text_of(folder->second + "/" + name); };
  auto credentials = platform::TlsCredentials::make({file("tls.crt"), file("tls.key"), file("ca.crt")});
  if (!credentials) {
    return credentials.error().in("certificates in " + folder->second);
  }
  return std::unique_ptr<Network>(std::make_unique<platform::TlsNetwork>(
      loop, [made = std::move(credentials).value()] { return made; }, std::vector<std::string>{}));
}

int fail(const Error& error) {
  std::fprintf(stderr, "conformance_node: %s\n", error.message.c_str());
  return 1;
}

int run(const std::map<std::string, std::string>& arguments) {
  platform::start_logging(platform::LogFormat::text, arguments.contains("verbose") ? LogLevel::debug : LogLevel::info);
  const auto creation = static_cast<std::uint32_t>(platform::os_random().below(0xffff'fff0)) + 4;
  name_this_node(arguments.at("name"), creation);
  platform::AsioLoop loop;
  const auto tls = tls_network(loop, arguments);
  if (!tls) {
    return fail(tls.error());
  }
  DistributionOptions options = distribution_options(arguments, creation);
  options.tls_network = tls->get();
  ThreadedScheduler scheduler(platform::real_clock(), {.threads = 2});
  Runtime runtime(scheduler);
  Distribution distribution(loop, loop, platform::os_random(), runtime, std::move(options));
  Connections connections(distribution);
  runtime.set_remote_nodes(&distribution);
  PgGroups groups(runtime, distribution);
  runtime.set_groups(&groups);
  if (auto started = start_subjects(runtime); !started) {
    return fail(started.error());
  }
  const Pid puppet = runtime.spawn<Puppet>(std::ref<NodeControl>(connections), Pid{});
  runtime.register_name("puppet", puppet);
  if (auto listening = distribution.start(); !listening) {
    return fail(listening.error());
  }
  if (const auto peer = arguments.find("connect"); peer != arguments.end()) {
    distribution.connect(intern_node_name(peer->second).value_or(0));
  }
  std::puts("ready");
  std::fflush(stdout);
  loop.run();  // Until killed: nothing stops it.
  return 0;
}

}  // namespace
}  // namespace troupe::conformance

int main(int count, char** arguments) {
  const auto read = troupe::conformance::read_arguments(count, arguments);
  for (const char* needed : {"name", "cookie", "epmd-port"}) {
    if (!read || !read->contains(needed)) {
      std::fprintf(stderr, "conformance_node: --%s is missing, or an argument has no --\n", needed);
      return 2;
    }
  }
  return troupe::conformance::run(*read);
}
