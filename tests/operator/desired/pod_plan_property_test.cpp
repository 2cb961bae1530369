// Properties of plan_pods over random worlds: whatever state pods are in, a plan keeps its bounds, and a world that
// does what it is told comes to rest at what was asked for.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "operator/desired/pod_plan.hpp"
#include "tests/operator/desired/fixture.hpp"

namespace troupe::desired {
namespace {

using fixture::noon;
using namespace std::chrono_literals;

/// Each of 0 to 9 with a chance of one in `rarity`.
std::set<int> any_ordinals(int rarity) {
  std::set<int> ordinals;
  for (int i = 0; i < 10; ++i) {
    if (*rc::gen::inRange(0, rarity) == 0) {
      ordinals.insert(i);
    }
  }
  return ordinals;
}

PodRules any_rules() {
  PodRules rules;
  rules.replicas = *rc::gen::inRange(0, 7);
  rules.rollout.max_unavailable = *rc::gen::inRange(0, 4);
  rules.rollout.max_surge = *rc::gen::inRange(rules.rollout.max_unavailable == 0 ? 1 : 0, 4);
  rules.rollout.canary = *rc::gen::element(0, 0, 0, 1, 2, 9);
  rules.rollout.paused = *rc::gen::inRange(0, 8) == 0;
  rules.rollout.type =
      *rc::gen::inRange(0, 8) == 0 ? resource::RolloutType::on_delete : resource::RolloutType::rolling_update;
  rules.update_revision = "new";
  rules.current_revision = *rc::gen::element<std::string>("old", "old", "new");
  rules.taken_ordinals = any_ordinals(4);
  return rules;
}

std::vector<ObservedPod> any_pods() {
  std::vector<ObservedPod> pods;
  for (const int ordinal : any_ordinals(2)) {
    ObservedPod pod = fixture::pod(ordinal, *rc::gen::element<std::string>("old", "new", "stray"));
    pod.ready = *rc::gen::arbitrary<bool>();
    pod.owned = *rc::gen::inRange(0, 10) != 0;
    pod.being_deleted = *rc::gen::inRange(0, 5) == 0;
    if (*rc::gen::inRange(0, 5) == 0) {
      pod = fixture::ended_pod(ordinal, std::chrono::seconds(*rc::gen::inRange(0, 1200)),
                               std::chrono::seconds(*rc::gen::inRange(0, 400)), *rc::gen::inRange(0, 6));
    }
    pods.push_back(pod);
  }
  return pods;
}

int count(const std::vector<ObservedPod>& pods, bool ready_only) {
  return static_cast<int>(std::count_if(
      pods.begin(), pods.end(), [&](const ObservedPod& pod) { return pod.active() && (pod.ready || !ready_only); }));
}

ObservedPod& find(std::vector<ObservedPod>& pods, const std::string& name) {
  const auto it = std::find_if(pods.begin(), pods.end(), [&](const ObservedPod& pod) { return pod.name == name; });
  RC_ASSERT(it != pods.end());
  return *it;
}

/// What every plan owes, whatever it was made from. Does to `pods` what the plan says.
void apply_checked(const PodRules& rules, std::vector<ObservedPod>& pods, const PodPlan& plan, WallTime now) {
  const int active_before = count(pods, false);
  const int ready_before = count(pods, true);
  std::set<int> held = rules.taken_ordinals;
  for (const ObservedPod& pod : pods) {
    held.insert(pod.ordinal.value());
  }
  std::set<std::string> removed;
  for (const PodRemoval& removal : plan.remove) {
    ObservedPod& pod = find(pods, removal.name);
    RC_ASSERT(pod.owned);
    RC_ASSERT(!pod.being_deleted);
    RC_ASSERT(removal.uid == pod.uid);
    RC_ASSERT(removed.insert(removal.name).second);
    pod.being_deleted = true;
  }
  const int ready_after = count(pods, true);
  for (const PodCreation& creation : plan.create) {
    int lowest = 0;
    while (held.contains(lowest)) {
      ++lowest;
    }
    RC_ASSERT(creation.ordinal == lowest);
    held.insert(creation.ordinal);
    ObservedPod pod = fixture::pod(creation.ordinal, creation.revision, false);
    RC_ASSERT(creation.revision == rules.update_revision || creation.revision == rules.current_revision);
    pod.created = now;
    pod.failures = creation.failures;
    pods.push_back(pod);
  }
  RC_ASSERT(count(pods, false) <= std::max(active_before, rules.replicas + rules.rollout.max_surge));
  const int least = std::max(0, rules.replicas - rules.rollout.max_unavailable);
  RC_ASSERT(ready_after >= std::min(ready_before, least));
}

RC_GTEST_PROP(PodPlanProperty, keeps_its_bounds_in_any_state, ()) {
  const PodRules rules = any_rules();
  std::vector<ObservedPod> pods = any_pods();
  const PodPlan plan = plan_pods(rules, pods, noon);
  apply_checked(rules, pods, plan, noon);
}

RC_GTEST_PROP(PodPlanProperty, keeps_its_bounds_while_pods_come_and_go_at_random, ()) {
  PodRules rules = any_rules();
  std::vector<ObservedPod> pods;
  WallTime now = noon;
  const int steps = *rc::gen::inRange(1, 60);
  for (int i = 0; i < steps; ++i) {
    now += std::chrono::seconds(*rc::gen::inRange(0, 30));
    apply_checked(rules, pods, plan_pods(rules, pods, now), now);
    for (ObservedPod& pod : pods) {
      const int fate = *rc::gen::inRange(0, 12);
      pod.ready = fate < 6 ? true : (fate == 6 ? false : pod.ready);
      if (fate == 7 && !pod.ended) {
        pod.ended = true;
        pod.ready = false;
        pod.ended_at = now;
      }
    }
    std::erase_if(pods, [](const ObservedPod& pod) { return pod.being_deleted && *rc::gen::arbitrary<bool>(); });
    if (*rc::gen::inRange(0, 10) == 0) {
      rules.current_revision = "old";
      rules.update_revision = *rc::gen::element<std::string>("new", "newer", "old");
    }
  }
}

RC_GTEST_PROP(PodPlanProperty, comes_to_rest_at_what_was_asked_for, ()) {
  const PodRules rules = any_rules();
  std::vector<ObservedPod> pods = any_pods();
  WallTime now = noon;
  bool rest = false;
  for (int round = 0; round < 200 && !rest; ++round) {
    now += 60s;
    const PodPlan plan = plan_pods(rules, pods, now);
    rest = plan.create.empty() && plan.remove.empty() && !plan.look_again_after;
    apply_checked(rules, pods, plan, now);
    std::erase_if(pods, [](const ObservedPod& pod) { return pod.owned && pod.being_deleted; });
    for (ObservedPod& pod : pods) {
      rest = rest && (pod.ready || !pod.active());
      pod.ready = pod.active();
    }
  }
  RC_ASSERT(rest);
  const RolloutState state = rollout_state(rules, pods);
  RC_ASSERT(state.active == rules.replicas);
  const bool rolls = rules.rollout.type == resource::RolloutType::rolling_update && !rules.rollout.paused;
  if (rolls && (rules.rollout.canary == 0 || rules.current_revision == "new")) {
    RC_ASSERT(state.complete);
  } else if (rolls) {
    RC_ASSERT(state.updated >= std::min(rules.rollout.canary, rules.replicas));
  }
}

RC_GTEST_PROP(PodPlanProperty, is_the_same_for_the_same_state_in_any_order, ()) {
  const PodRules rules = any_rules();
  std::vector<ObservedPod> pods = any_pods();
  const PodPlan one = plan_pods(rules, pods, noon);
  std::reverse(pods.begin(), pods.end());
  const PodPlan two = plan_pods(rules, pods, noon);
  RC_ASSERT(one.create.size() == two.create.size());
  RC_ASSERT(one.remove.size() == two.remove.size());
  for (std::size_t i = 0; i < one.remove.size(); ++i) {
    RC_ASSERT(one.remove[i].name == two.remove[i].name);
  }
}

}  // namespace
}  // namespace troupe::desired
