#include "operator/desired/pod_plan.hpp"

#include <algorithm>
#include <climits>
#include <tuple>

namespace troupe::desired {
namespace {

using Pods = std::vector<const ObservedPod*>;

Duration replacement_delay(int failures) {
  Duration delay = replacement_delay_min;
  for (int i = 1; i < failures && delay < replacement_delay_max; ++i) {
    delay *= 2;
  }
  return failures == 0 ? Duration{0} : std::min(delay, replacement_delay_max);
}

std::string workers(int count) { return std::to_string(count) + (count == 1 ? " worker" : " workers"); }

/// How many in a row have ended soon, this one included.
int failures_with(const ObservedPod& ended) {
  return ended.ended_at - ended.created < short_life ? ended.failures + 1 : 0;
}

class PodPlanner {
 public:
  PodPlanner(const PodRules& rules, const std::vector<ObservedPod>& pods, WallTime now)
      : rules_(rules), now_(now), taken_(rules.taken_ordinals), state_(rollout_state(rules, pods)) {
    for (const ObservedPod& pod : pods) {
      if (pod.ordinal) {
        taken_.insert(*pod.ordinal);
      }
      if (pod.active()) {
        active_.push_back(&pod);
      } else if (pod.owned && !pod.being_deleted) {
        ended_.push_back(&pod);
      }
    }
    sort_first_to_go(active_);
    std::sort(ended_.begin(), ended_.end(), [](const ObservedPod* a, const ObservedPod* b) {
      return due(*a) != due(*b) ? due(*a) < due(*b) : a->name < b->name;
    });
  }

  PodPlan plan() {
    remove_surplus();
    replace_missing();
    add_surge();
    roll();
    return std::move(plan_);
  }

 private:
  static WallTime due(const ObservedPod& ended) { return ended.ended_at + replacement_delay(failures_with(ended)); }

  [[nodiscard]] bool outdated(const ObservedPod& pod) const { return pod.revision != rules_.update_revision; }

  /// Of neither revision: left behind by a rollout that another one overtook.
  [[nodiscard]] bool stray(const ObservedPod& pod) const {
    return outdated(pod) && pod.revision != rules_.current_revision;
  }

  void sort_first_to_go(Pods& pods) const {
    const auto rank = [this](const ObservedPod* pod) {
      return std::tuple(pod->ready, !(rolling() && outdated(*pod)), !stray(*pod), -pod->ordinal.value_or(INT_MAX));
    };
    std::sort(pods.begin(), pods.end(), [&](const ObservedPod* a, const ObservedPod* b) { return rank(a) < rank(b); });
  }

  [[nodiscard]] int outdated_count() const { return state_.active - state_.updated; }

  /// Some pods are to be replaced because of their revision, now.
  [[nodiscard]] bool rolling() const {
    return rules_.rollout.type == resource::RolloutType::rolling_update && !rules_.rollout.paused &&
           rules_.replicas > 0 && outdated_count() > rules_.replicas - state_.target;
  }

  void remove(const ObservedPod& pod, std::string why) {
    plan_.remove.push_back({pod.name, pod.uid, pod.resource_version, std::move(why)});
    removed_.insert(pod.name);
  }

  [[nodiscard]] int lowest_free_ordinal() {
    int ordinal = 0;
    while (taken_.contains(ordinal)) {
      ++ordinal;
    }
    taken_.insert(ordinal);
    return ordinal;
  }

  void create(int failures, std::string why) {
    const bool on_delete = rules_.rollout.type == resource::RolloutType::on_delete;
    const bool update = on_delete || state_.updated + created_updated_ < state_.target;
    const std::string& revision = update ? rules_.update_revision : rules_.current_revision;
    created_updated_ += revision == rules_.update_revision ? 1 : 0;
    plan_.create.push_back({lowest_free_ordinal(), revision, failures, std::move(why)});
  }

  void remove_surplus() {
    const int limit = rules_.replicas + (rolling() ? rules_.rollout.max_surge : 0);
    for (int i = 0; i < state_.active - limit; ++i) {
      const ObservedPod& pod = *active_[static_cast<std::size_t>(i)];
      remove(pod, "to have " + workers(rules_.replicas) + "; it " +
                      (pod.ready ? "has the highest ordinal of those that may go" : "is not ready"));
    }
  }

  /// Each ended pod goes; as long as workers are missing its place is taken, when its time has come.
  void replace_missing() {
    int missing = rules_.replicas - state_.active;
    for (const ObservedPod* pod : ended_) {
      if (missing <= 0) {
        remove(*pod, "it has ended and is not needed");
        continue;
      }
      --missing;
      if (due(*pod) > now_) {
        const Duration wait = due(*pod) - now_;
        plan_.look_again_after = std::min(plan_.look_again_after.value_or(wait), wait);
        continue;
      }
      create(failures_with(*pod), "to replace " + pod->name + ", which has ended");
      remove(*pod, "it has ended and is replaced");
    }
    for (; missing > 0; --missing) {
      create(0, "to have " + workers(rules_.replicas));
    }
  }

  void add_surge() {
    if (!rolling() || state_.active < rules_.replicas) {
      return;
    }
    const int room = rules_.replicas + rules_.rollout.max_surge - state_.active;
    const int wanted = state_.target - state_.updated - created_updated_;
    for (int i = 0; i < std::min(room, wanted); ++i) {
      create(0, "to replace a worker of an older revision");
    }
  }

  void roll() {
    if (!rolling()) {
      return;
    }
    int excess = outdated_count() - (rules_.replicas - state_.target);
    int active = state_.active;
    int available = state_.ready;
    for (const ObservedPod* pod : active_) {
      if (removed_.contains(pod->name)) {
        --active;
        available -= pod->ready ? 1 : 0;
        excess -= outdated(*pod) ? 1 : 0;
      }
    }
    const int least = std::max(0, rules_.replicas - rules_.rollout.max_unavailable);
    // New pods that are not ready yet hold back the next step, even one that takes a pod which is not ready either: all
    // of them may have been unready for a moment only.
    int steps = active - least - (state_.updated - state_.updated_ready);
    for (const ObservedPod* pod : active_) {
      if (excess <= 0 || steps <= 0 || (pod->ready && available <= least)) {
        break;
      }
      if (removed_.contains(pod->name) || !outdated(*pod)) {
        continue;
      }
      available -= pod->ready ? 1 : 0;
      --excess;
      --steps;
      remove(*pod, "to replace revision " + pod->revision + " by " + rules_.update_revision);
    }
  }

  const PodRules& rules_;
  WallTime now_;
  std::set<int> taken_;
  RolloutState state_;
  Pods active_;
  Pods ended_;
  std::set<std::string> removed_;
  int created_updated_ = 0;
  PodPlan plan_;
};

}  // namespace

RolloutState rollout_state(const PodRules& rules, const std::vector<ObservedPod>& pods) {
  RolloutState state;
  for (const ObservedPod& pod : pods) {
    if (pod.active()) {
      const bool updated = pod.revision == rules.update_revision;
      ++state.active;
      state.ready += pod.ready ? 1 : 0;
      state.updated += updated ? 1 : 0;
      state.updated_ready += updated && pod.ready ? 1 : 0;
    }
  }
  const bool changing = rules.update_revision != rules.current_revision;
  state.target = rules.replicas;
  if (changing && rules.rollout.paused) {
    state.target = std::min(state.updated, rules.replicas);
  } else if (changing && rules.rollout.canary > 0) {
    // A smaller canary never takes back what runs the new revision already.
    state.target = std::min(std::max(rules.rollout.canary, std::min(state.updated, rules.replicas)), rules.replicas);
  }
  state.complete = state.active == rules.replicas && state.updated_ready == rules.replicas;
  state.at_canary = changing && !rules.rollout.paused && state.target < rules.replicas &&
                    state.updated_ready >= state.target && state.active == rules.replicas;
  return state;
}

PodPlan plan_pods(const PodRules& rules, const std::vector<ObservedPod>& pods, WallTime now) {
  return PodPlanner(rules, pods, now).plan();
}

}  // namespace troupe::desired
