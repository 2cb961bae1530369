#include "tests/benchmark/local_cluster.hpp"

#include <csignal>
#include <cstdlib>
#include <thread>

#include "kube/resource_types.hpp"

namespace troupe::benchmark {
namespace {

using namespace std::chrono_literals;

constexpr const char* image_name = "troupe-worker:bench";

Result<std::unique_ptr<platform::OsProcess>> run(std::vector<std::string> argv) {
  platform::OsProcessSpec spec;
  spec.argv = std::move(argv);
  spec.env = {{"PATH", std::getenv("PATH") == nullptr ? "/usr/bin" : std::getenv("PATH")}};
  return platform::OsProcess::start(std::move(spec), [](platform::OsProcessExit) {});
}

/// Asks until `holds`; an error after 30 s.
template <class Holds>
Result<void> wait_for(const char* what, Holds holds) {
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return Error{ErrorCode::timeout, std::string(what) + ": not within 30 s"};
    }
    std::this_thread::sleep_for(10ms);
  }
  return {};
}

}  // namespace

LocalCluster::~LocalCluster() {
  client_.reset();
  operator_.reset();
  api_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

Result<std::unique_ptr<LocalCluster>> LocalCluster::start(const std::filesystem::path& bin,
                                                          const std::filesystem::path& image) {
  std::unique_ptr<LocalCluster> cluster(new LocalCluster());
  std::string pattern = (std::filesystem::temp_directory_path() / "troupe-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    return Error{ErrorCode::internal, "cannot make a folder below " + std::filesystem::temp_directory_path().string()};
  }
  cluster->dir_ = pattern;
  const std::string kubeconfig = (cluster->dir_ / "kubeconfig").string();
  auto api = run({(bin / "troupe-local").string(), "up", "--kubeconfig-out", kubeconfig, "--pod-cidr", "127.90.0.0/16",
                  "--image", std::string(image_name) + "=" + image.string()});
  if (!api) {
    return api.error();
  }
  cluster->api_ = std::move(*api);
  auto ready = wait_for("the API server answers", [&] {
    auto config = kube::load_kubeconfig(kubeconfig);
    auto client =
        config ? kube::Client::create(std::move(*config)) : Result<std::shared_ptr<kube::Client>>(config.error());
    if (!client || !(*client)->get_raw("/readyz")) {
      return false;
    }
    cluster->client_ = std::move(*client);
    return true;
  });
  if (!ready) {
    return ready.error();
  }
  auto started = run({(bin / "troupe-operator").string(), "--kubeconfig", kubeconfig, "--leader-elect=false",
                      "--metrics-address", "127.0.0.1:0"});
  if (!started) {
    return started.error();
  }
  cluster->operator_ = std::move(*started);
  return cluster;
}

}  // namespace troupe::benchmark
