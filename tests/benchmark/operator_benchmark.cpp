#include "tests/benchmark/operator_benchmark.hpp"

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "kube/resource_types.hpp"
#include "tests/benchmark/local_cluster.hpp"

namespace troupe::benchmark {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

json cluster_of_three(const std::string& name) {
  return {{"apiVersion", "troupe.dev/v1alpha1"},
          {"kind", "TroupeCluster"},
          {"metadata", {{"name", name}}},
          {"spec",
           {{"replicas", 3}, {"image", "troupe-worker:bench"}, {"distribution", {{"tls", {{"mode", "Disabled"}}}}}}}};
}

bool all_joined(kube::Client& client, const std::string& name) {
  auto object = client.get(kube::troupe_clusters, "default", name);
  const json::json_pointer joined("/status/joinedReplicas");
  return object && object->json().contains(joined) && object->json().at(joined) == 3;
}

Result<double> seconds_to_join(kube::Client& client, const std::string& name) {
  const auto began = SteadyClock::now();
  if (auto created = client.create_object(kube::troupe_clusters, "default", cluster_of_three(name)); !created) {
    return Error{ErrorCode::unavailable, created.error().message};
  }
  while (!all_joined(client, name)) {
    if (SteadyClock::now() - began > 60s) {
      return Error{ErrorCode::timeout, "three workers did not join within 60 s"};
    }
    std::this_thread::sleep_for(5ms);
  }
  const double seconds = std::chrono::duration<double>(SteadyClock::now() - began).count();
  if (auto removed = client.remove(kube::troupe_clusters, "default", name); !removed) {
    return Error{ErrorCode::unavailable, removed.error().message};
  }
  kube::ListOptions ours;
  ours.namespace_name = "default";
  ours.label_selector = "troupe.dev/cluster=" + name;
  while (SteadyClock::now() - began < 120s) {
    auto left = client.list(kube::pods, ours);
    if (left && left->items.empty()) {
      return seconds;
    }
    std::this_thread::sleep_for(20ms);
  }
  return Error{ErrorCode::timeout, "the pods of a deleted cluster did not go"};
}

}  // namespace

Result<std::vector<BenchmarkResult>> run_operator_benchmarks(const std::filesystem::path& bin,
                                                             const std::filesystem::path& image, int rounds) {
  auto cluster = LocalCluster::start(bin, image);
  if (!cluster) {
    return cluster.error();
  }
  std::vector<double> seconds;
  for (int round = 0; round < rounds; ++round) {
    auto one = seconds_to_join((*cluster)->client(), "bench-" + std::to_string(round));
    if (!one) {
      return one.error();
    }
    seconds.push_back(*one);
  }
  return std::vector<BenchmarkResult>{
      {"apply_to_joined_3", "s", spread(std::move(seconds)), std::nullopt, std::nullopt, true}};
}

}  // namespace troupe::benchmark
