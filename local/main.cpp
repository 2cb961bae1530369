// troupe-local: wiring only.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "local/node.hpp"
#include "local/up.hpp"
#include "platform/log.hpp"

int main(int argc, char** argv) {
  using namespace troupe;
  CLI::App app{"A small Kubernetes API server and pod runner for Troupe, on this machine"};
  app.require_subcommand(1);
  std::string log_level = "info";
  app.add_option("--log-level", log_level, "debug, info, warning or error")->capture_default_str();

  local::UpOptions up;
  CLI::App* up_command = app.add_subcommand("up", "Serve the API and run pods until SIGTERM or SIGINT");
  up_command->add_option("--kubeconfig-out", up.kubeconfig_out, "File that receives the kubeconfig")->required();
  up_command->add_option("--port", up.port, "Port on 127.0.0.1; 0 takes a free one")->capture_default_str();
  up_command->add_option("--data-dir", up.data_dir, "Folder that keeps objects, CA and token over a restart");
  up_command->add_option("--image", up.images, "NAME=PATH: the folder or program that stands for an image");
  up_command->add_option("--pod-cidr", up.pod_cidr, "Loopback addresses for pods")->capture_default_str();
  bool without_node = false;
  up_command->add_flag("--without-node", without_node, "Serve the API alone; run pods with `troupe-local node`");

  local::NodeOptions node;
  CLI::App* node_command = app.add_subcommand("node", "Run pods of any API server until SIGTERM or SIGINT");
  node_command->add_option("--kubeconfig", node.kubeconfig, "How to reach the API server")->required();
  node_command->add_option("--node-name", node.node_name, "Name of the Node object")->capture_default_str();
  node_command->add_option("--image", node.images, "NAME=PATH: the folder that stands for an image's root");
  node_command->add_option("--pod-cidr", node.pod_cidr, "Loopback addresses for pods")->capture_default_str();
  node_command->add_option("--client-ca", node.client_ca_file,
                           "CA of the API server's client certificate, for logs and exec");
  CLI11_PARSE(app, argc, argv);

  const Result<LogLevel> level = platform::parse_log_level(log_level);
  if (!level.ok()) {
    std::fprintf(stderr, "troupe-local: %s\n", level.error().message.c_str());
    return 2;
  }
  platform::start_logging(platform::LogFormat::text, *level);
  const Result<void> done = node_command->parsed()
                                ? local::run_node(node)
                                : local::run_up(up, without_node ? local::StartNode() : local::start_node_beside);
  if (!done.ok()) {
    std::fprintf(stderr, "troupe-local: %s\n", done.error().message.c_str());
    return 1;
  }
  return 0;
}
