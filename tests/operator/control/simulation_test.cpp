// The operator in a hostile world, over many seeds: caches that lag each on its own and skip what happened between,
// lost answers, failing requests, users who change their mind, pods that fail, nodes that take their time. Whatever
// happens, no pod is made twice and none deleted wrongly; when the world calms down, everything is as asked for and
// nothing is sent.
#include <gtest/gtest.h>

#include <algorithm>

#include "operator/desired/observed_pod.hpp"
#include "tests/operator/control/harness.hpp"
#include "tests/seeds.hpp"

namespace troupe::control {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

const std::string cluster_key = "shop/counter";

class World {
 public:
  World(std::uint64_t seed, bool pods_fail) : random_(seed), harness_(seed), pods_fail_(pods_fail) {
    harness_.client->refuse = [this](const fake::Request&) -> std::optional<kube::ApiError> {
      if (hostile_ && random_.below(20) == 0) {
        return kube::ApiError{500, "InternalError", "etcd has no leader", "", {}};
      }
      return std::nullopt;
    };
    harness_.client->lose_answer = [this](const fake::Request&) { return hostile_ && random_.below(20) == 0; };
    harness_.client->on_write = [this](const fake::Request& request, const auto& before, const auto& after) {
      judge(request, before, after);
    };
    harness_.client->put(kube::troupe_clusters, Harness::cluster_document(3));
  }

  void run() {
    for (int i = 0; i < 400; ++i) {
      step();
    }
    hostile_ = false;
    mend_pods();
    for (int i = 0; i < 60; ++i) {
      ASSERT_TRUE(harness_.settle()) << "does not come to rest";
      harness_.clock.advance(31s);
    }
    harness_.clock.advance(2000s);
    ASSERT_TRUE(harness_.settle());
    expect_rest();
  }

  std::vector<std::string> wrongs;

 private:
  void step() {
    switch (random_.below(10)) {
      case 0:
      case 1:
      case 2:
      case 3:
        move_cache();
        break;
      case 4:
      case 5:
      case 6:
        harness_.round();
        break;
      case 7:
      case 8:
        move_a_pod();
        break;
      default:
        harness_.clock.advance(std::chrono::milliseconds(random_.below(4000)));
        if (random_.below(4) == 0) {
          edit_spec();
        }
    }
  }

  void move_cache() {
    const auto behind = harness_.cache.behind();
    if (behind.empty()) {
      return;
    }
    const std::string& plural = behind[random_.below(behind.size())];
    const std::size_t events = 1 + random_.below(4);
    if (random_.below(5) == 0) {
      harness_.cache.relist(plural, events);
    } else {
      harness_.cache.deliver(plural, events);
    }
  }

  void edit_spec() {
    harness_.client->edit(kube::troupe_clusters, cluster_key, [this](json& cluster) {
      json& spec = cluster["spec"];
      switch (random_.below(4)) {
        case 0:
          spec["replicas"] = random_.below(6);
          break;
        case 1:
          spec["image"] = "image:" + std::to_string(random_.below(3));
          break;
        case 2:
          spec["rollout"]["rollingUpdate"] = {{"maxUnavailable", 1 + random_.below(2)}, {"maxSurge", random_.below(3)}};
          break;
        default:
          spec["rollout"]["paused"] = random_.below(4) == 0;
      }
    });
  }

  void move_a_pod() {
    const auto pods = harness_.client->all(kube::pods);
    if (pods.empty()) {
      return;
    }
    const kube::Object& pod = pods[random_.below(pods.size())];
    if (pod.being_deleted()) {
      harness_.client->erase(kube::pods, pod.key());
    } else if (status_of(pod).is_null()) {
      harness_.make_ready(pod.key());
    } else if (pods_fail_ && status_of(pod)["phase"] == "Running" && random_.below(6) == 0) {
      harness_.client->edit(kube::pods, pod.key(), [this](json& document) {
        const bool ends = random_.below(2) == 0;
        document["status"] = ends ? json{{"phase", "Failed"}, {"reason", "Evicted"}}
                                  : json{{"phase", "Running"}, {"conditions", json::array()}};
      });
    }
  }

  /// Those that run and were unready become ready again.
  void mend_pods() {
    for (const desired::ObservedPod& pod : pods_now()) {
      const kube::Object object = harness_.client->find(kube::pods, "shop/" + pod.name).value();
      if (pod.active() && !pod.ready && !status_of(object).is_null()) {
        harness_.make_ready(object.key());
      }
    }
  }

  std::vector<desired::ObservedPod> pods_now() const {
    std::vector<desired::ObservedPod> observed;
    const auto cluster = harness_.client->find(kube::troupe_clusters, cluster_key);
    const desired::Owner owner{"counter", "shop", cluster->uid()};
    for (const kube::Object& pod : harness_.client->all(kube::pods)) {
      observed.push_back(desired::observe_pod(owner, pod.json()));
    }
    return observed;
  }

  std::string describe_cache() const {
    std::string text;
    for (const kube::Object& pod : harness_.cache.index.owned(OwnedKind::pod, cluster_key)) {
      text += pod.name() + (pod.being_deleted() ? " leaves " : " ") + pod.resource_version() + ", ";
    }
    for (const kube::Object& pod : harness_.client->all(kube::pods)) {
      text += "| " + pod.name() + (pod.being_deleted() ? " leaves " : " ") + pod.resource_version();
    }
    return text;
  }

  /// Against what the operator knows the user to want: its cached cluster.
  void judge(const fake::Request& request, const std::optional<kube::Object>& before, const kube::Object&) {
    if (request.plural != "pods") {
      return;
    }
    const auto known = harness_.cache.index.cluster(cluster_key);
    const auto cluster = resource::parse_cluster(known->json());
    const auto pods = pods_now();
    const auto active =
        static_cast<int>(std::count_if(pods.begin(), pods.end(), [](const auto& pod) { return pod.active(); }));
    const auto ready = static_cast<int>(
        std::count_if(pods.begin(), pods.end(), [](const auto& pod) { return pod.active() && pod.ready; }));
    if (request.verb == "create" && active > cluster->replicas + cluster->rollout.max_surge) {
      wrongs.push_back("made " + request.name + " too much: " + std::to_string(active) + " for " +
                       std::to_string(cluster->replicas) + "; seen: " + describe_cache());
    }
    if (request.verb != "delete") {
      return;
    }
    const desired::ObservedPod gone = desired::observe_pod({"counter", "shop", known->uid()}, before->json());
    if (gone.being_deleted || !gone.owned) {
      wrongs.push_back("deleted " + request.name + ", which is not to be deleted");
    }
    const int least = std::max(0, cluster->replicas - cluster->rollout.max_unavailable);
    // Where pods fail at any time the cache cannot know of all that are ready.
    if (!pods_fail_ && gone.ready && !gone.ended && ready < least) {
      wrongs.push_back("deleted " + request.name + " and left " + std::to_string(ready));
    }
  }

  void expect_rest() {
    const auto cluster = harness_.client->find(kube::troupe_clusters, cluster_key);
    const auto wanted = resource::parse_cluster(cluster->json());
    int active = 0;
    for (const desired::ObservedPod& pod : pods_now()) {
      active += pod.active() ? 1 : 0;
      EXPECT_TRUE(pod.active()) << pod.name;
    }
    EXPECT_EQ(active, wanted->replicas);
    EXPECT_EQ(harness_.status()["replicas"], wanted->replicas);
    EXPECT_EQ(harness_.status()["observedGeneration"], cluster->generation());
    if (!wanted->rollout.paused) {
      EXPECT_EQ(harness_.status()["currentRevision"], harness_.status()["updateRevision"]);
    }
    EXPECT_EQ(harness_.condition("Degraded")["status"], "False") << harness_.condition("Degraded");
    const std::size_t before = harness_.client->requests.size();
    harness_.clusters.queue().add(cluster_key);
    ASSERT_TRUE(harness_.settle());
    EXPECT_EQ(harness_.client->requests.size(), before) << "something is still sent";
  }

  SeededRandom random_;
  Harness harness_;
  bool pods_fail_;
  bool hostile_ = true;
};

void expect_no_wrongs(bool pods_fail) {
  test::for_each_seed(100, 5'000, [&](std::uint64_t seed) {
    World world(seed, pods_fail);
    world.run();
    ASSERT_TRUE(world.wrongs.empty()) << world.wrongs.front();
    ASSERT_FALSE(testing::Test::HasFailure());
  });
}

TEST(Simulation, no_pod_is_made_twice_or_deleted_wrongly_while_caches_lag_and_answers_are_lost) {
  expect_no_wrongs(false);
}

TEST(Simulation, nor_while_pods_fail_as_well) { expect_no_wrongs(true); }

}  // namespace
}  // namespace troupe::control
