#include "operator/desired/plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "operator/desired/objects.hpp"
#include "operator/desired/revision.hpp"
#include "tests/operator/desired/fixture.hpp"

namespace troupe::desired {
namespace {

using fixture::cluster;
using fixture::cluster_document;
using fixture::noon;
using nlohmann::json;

/// Objects as an API server would hold them; does what actions say.
class World {
 public:
  Observed observed() const {
    Observed view;
    for (const auto& [kind, document] : objects_) {
      view.of[static_cast<std::size_t>(kind)].push_back(&document);
    }
    return view;
  }

  Plan plan_once(const json& document) {
    return plan({cluster(document), current_revision_, "policy/v1", "COOKIE", noon}, observed());
  }

  Plan reconcile(const json& document) {
    Plan made = plan_once(document);
    for (const Action& action : made.actions) {
      apply(action);
    }
    current_revision_ = made.current_revision;
    return made;
  }

  void make_ready() {
    for (auto& [kind, document] : objects_) {
      if (kind == OwnedKind::pod) {
        document["status"]["conditions"] = json::parse(R"([{"type": "Ready", "status": "True"}])");
      }
    }
  }

  void settle(const json& document) {
    for (int i = 0; i < 50; ++i) {
      const Plan made = reconcile(document);
      make_ready();
      if (made.actions.empty() && made.rollout.complete) {
        return;
      }
    }
    FAIL() << "does not come to rest";
  }

  json* find(OwnedKind kind, const std::string& name) {
    for (auto& [of, document] : objects_) {
      if (of == kind && document["metadata"]["name"] == name) {
        return &document;
      }
    }
    return nullptr;
  }

  std::size_t count(OwnedKind wanted) const {
    return static_cast<std::size_t>(
        std::count_if(objects_.begin(), objects_.end(), [&](const auto& one) { return one.first == wanted; }));
  }

  void put(OwnedKind kind, json document) {
    document["metadata"]["uid"] = "uid-" + std::to_string(++version_);
    document["metadata"]["resourceVersion"] = std::to_string(version_);
    objects_.emplace_back(kind, std::move(document));
  }

 private:
  void apply(const Action& action) {
    json* found = find(action.kind, action.name);
    if (action.verb == Verb::create) {
      ASSERT_EQ(found, nullptr) << action.name;
      put(action.kind, *action.body);
      return;
    }
    ASSERT_NE(found, nullptr) << action.name;
    if (action.verb == Verb::patch) {
      EXPECT_EQ((*action.body)["metadata"]["uid"], (*found)["metadata"]["uid"]);
      EXPECT_EQ((*action.body)["metadata"]["resourceVersion"], (*found)["metadata"]["resourceVersion"]);
      found->merge_patch(*action.body);
      (*found)["metadata"]["resourceVersion"] = std::to_string(++version_);
    } else {
      EXPECT_EQ(action.uid, (*found)["metadata"]["uid"]);
      EXPECT_EQ(action.resource_version, (*found)["metadata"]["resourceVersion"]);
      std::erase_if(objects_, [&](const auto& one) { return &one.second == found; });
    }
  }

  std::vector<std::pair<OwnedKind, json>> objects_;
  std::string current_revision_;
  int version_ = 0;
};

TEST(Plan, makes_everything_a_cluster_needs_in_the_order_it_is_needed) {
  World world;
  const Plan made = world.plan_once(cluster_document(2));
  std::vector<std::string> names;
  for (const Action& action : made.actions) {
    EXPECT_EQ(action.verb, Verb::create);
    names.push_back(std::string(to_string(action.kind)) + "/" + action.name);
  }
  const std::vector<std::string> expected{
      "ServiceAccount/counter-worker", "Role/counter-worker", "RoleBinding/counter-worker",
      "Secret/counter-cookie",         "Service/counter",     "ControllerRevision/counter-" + made.update_revision,
      "PodDisruptionBudget/counter",   "Pod/counter-0",       "Pod/counter-1"};
  EXPECT_EQ(names, expected);
  EXPECT_EQ((*made.actions[3].body)["stringData"]["cookie"], "COOKIE");
}

TEST(Plan, comes_to_rest_and_then_does_nothing) {
  World world;
  world.settle(cluster_document(3));
  const Plan made = world.plan_once(cluster_document(3));
  EXPECT_TRUE(made.actions.empty());
  EXPECT_EQ(made.current_revision, made.update_revision);
  EXPECT_EQ(world.count(OwnedKind::pod), 3U);
}

TEST(Plan, leaves_the_servers_defaults_and_other_peoples_labels_alone) {
  World world;
  world.settle(cluster_document(1));
  json& service = *world.find(OwnedKind::service, "counter");
  service["spec"]["ports"][0]["nodePort"] = 0;
  service["spec"]["sessionAffinity"] = "None";
  service["metadata"]["labels"]["audit"] = "yes";
  EXPECT_TRUE(world.plan_once(cluster_document(1)).actions.empty());
}

TEST(Plan, leads_changed_objects_back_by_a_merge_patch) {
  World world;
  world.settle(cluster_document(1));
  (*world.find(OwnedKind::service, "counter"))["spec"]["publishNotReadyAddresses"] = false;
  const Plan made = world.plan_once(cluster_document(1));
  ASSERT_EQ(made.actions.size(), 1U);
  EXPECT_EQ(made.actions[0].verb, Verb::patch);
  json body = *made.actions[0].body;
  EXPECT_TRUE(body["metadata"].contains("uid"));
  EXPECT_TRUE(body["metadata"].contains("resourceVersion"));
  body.erase("metadata");
  EXPECT_EQ(body, json::parse(R"({"spec": {"publishNotReadyAddresses": true}})"));
}

TEST(Plan, never_writes_the_cookie_again) {
  World world;
  world.settle(cluster_document(1));
  (*world.find(OwnedKind::secret, "counter-cookie"))["data"] = {{"cookie", "cm90YXRlZA=="}};
  EXPECT_TRUE(world.plan_once(cluster_document(1)).actions.empty());
}

TEST(Plan, makes_no_secret_when_the_user_brings_one) {
  World world;
  json document = cluster_document(1);
  document["spec"]["distribution"]["cookieSecretRef"] = {{"name", "mine"}};
  world.settle(document);
  EXPECT_EQ(world.count(OwnedKind::secret), 0U);
}

TEST(Plan, hibernating_keeps_secret_and_service) {
  World world;
  world.settle(cluster_document(3));
  world.settle(cluster_document(0));
  EXPECT_EQ(world.count(OwnedKind::pod), 0U);
  EXPECT_EQ(world.count(OwnedKind::secret), 1U);
  EXPECT_EQ(world.count(OwnedKind::service), 1U);
  EXPECT_EQ((*world.find(OwnedKind::role, "counter-worker"))["rules"].size(), 2U);
  world.settle(cluster_document(2));
  EXPECT_EQ(world.count(OwnedKind::pod), 2U);
}

TEST(Plan, grants_a_new_pod_its_rights_before_it_is_made) {
  World world;
  world.settle(cluster_document(1));
  const Plan made = world.plan_once(cluster_document(2));
  ASSERT_GE(made.actions.size(), 2U);
  EXPECT_EQ(made.actions.front().kind, OwnedKind::role);
  EXPECT_EQ((*made.actions.front().body)["rules"][2]["resourceNames"], json::parse(R"(["counter-0", "counter-1"])"));
  EXPECT_EQ(made.actions.back().kind, OwnedKind::pod);
}

TEST(Plan, never_takes_over_what_is_somebody_elses) {
  for (const OwnedKind kind : {OwnedKind::service_account, OwnedKind::role, OwnedKind::role_binding, OwnedKind::secret,
                               OwnedKind::service, OwnedKind::pod_disruption_budget}) {
    World world;
    world.settle(cluster_document(1));
    const bool by_cluster = kind == OwnedKind::service || kind == OwnedKind::pod_disruption_budget;
    const std::string name = kind == OwnedKind::secret ? "counter-cookie" : (by_cluster ? "counter" : "counter-worker");
    json& object = *world.find(kind, name);
    object["metadata"]["ownerReferences"][0]["uid"] = "somebody";
    object["metadata"]["labels"]["drift"] = "x";
    const Plan made = world.plan_once(cluster_document(3));
    ASSERT_EQ(made.conflicts.size(), 1U) << to_string(kind);
    EXPECT_EQ(made.conflicts[0].kind, kind);
    EXPECT_EQ(made.conflicts[0].name, name);
    EXPECT_TRUE(made.actions.empty()) << to_string(kind);
  }
}

TEST(Plan, steps_around_a_foreign_pod_and_says_so) {
  World world;
  world.put(OwnedKind::pod, json::parse(R"({"metadata": {"name": "counter-0"}})"));
  const Plan made = world.plan_once(cluster_document(1));
  ASSERT_EQ(made.conflicts.size(), 1U);
  EXPECT_EQ(made.actions.back().name, "counter-1");
}

TEST(Plan, rolls_to_a_new_intent_and_remembers_the_old_one) {
  World world;
  world.settle(cluster_document(2));
  json changed = cluster_document(2);
  changed["spec"]["image"] = "troupe-worker:0.2.0";
  const Plan first = world.reconcile(changed);
  EXPECT_NE(first.current_revision, first.update_revision);
  world.make_ready();
  world.settle(changed);
  EXPECT_EQ(world.count(OwnedKind::controller_revision), 2U);
  const Observed view = world.observed();
  for (const json* pod : view.at(OwnedKind::pod)) {
    EXPECT_EQ((*pod)["spec"]["containers"][0]["image"], "troupe-worker:0.2.0");
  }
}

TEST(Plan, makes_pods_of_the_old_revision_from_the_remembered_intent) {
  World world;
  world.settle(cluster_document(2));
  json changed = cluster_document(3);
  changed["spec"]["image"] = "troupe-worker:0.2.0";
  changed["spec"]["rollout"]["paused"] = true;
  const Plan made = world.plan_once(changed);
  const Action& last = made.actions.back();
  ASSERT_EQ(last.kind, OwnedKind::pod);
  EXPECT_EQ((*last.body)["spec"]["containers"][0]["image"], "troupe-worker:0.1.0");
  EXPECT_EQ((*last.body)["metadata"]["labels"]["troupe.dev/revision"], made.current_revision);
}

TEST(Plan, going_back_makes_an_old_revision_the_newest_again) {
  World world;
  world.settle(cluster_document(1));
  json changed = cluster_document(1);
  changed["spec"]["image"] = "other";
  world.settle(changed);
  world.settle(cluster_document(1));
  const auto revisions =
      read_revisions({"counter", "shop", "cluster-uid"}, world.observed().at(OwnedKind::controller_revision));
  ASSERT_EQ(revisions.size(), 2U);
  EXPECT_EQ((*revisions.back().document)["data"]["spec"]["image"], "troupe-worker:0.1.0");
  EXPECT_EQ(revisions.back().number, 3);
}

TEST(Plan, keeps_a_bounded_history) {
  World world;
  for (int i = 0; i < 20; ++i) {
    json changed = cluster_document(1);
    changed["spec"]["image"] = "image:" + std::to_string(i);
    world.settle(changed);
  }
  EXPECT_EQ(world.count(OwnedKind::controller_revision), revision_history_max + 1);
}

TEST(Plan, scaling_and_rollout_rules_make_no_new_revision) {
  World world;
  json document = cluster_document(1);
  const std::string before = world.plan_once(document).update_revision;
  document["spec"]["replicas"] = 5;
  document["spec"]["rollout"] = {{"paused", true}, {"rollingUpdate", {{"maxSurge", 2}}}};
  EXPECT_EQ(world.plan_once(document).update_revision, before);
}

}  // namespace
}  // namespace troupe::desired
