#include "operator/control/actor.hpp"

#include <nlohmann/json.hpp>

#include "base/pod_contract.hpp"

namespace troupe::control {
namespace {

using desired::Action;

constexpr Duration taken_for = std::chrono::minutes(1);

std::string describe(const Action& action) {
  return std::string(to_string(action.verb)) + " " + std::string(to_string(action.kind)) + " " + action.name;
}

/// No answer, or one of a server in trouble: the write may be there all the same.
bool may_have_happened(const kube::ApiError& error) { return error.status == 0 || error.status >= 500; }

}  // namespace

struct Actor::Round {
  const kube::Object& cluster;
  const desired::Owner& owner;
  std::string key;
  ActOutcome outcome;

  /// Notes why `action` failed. False: the round ends here.
  bool failed(const Action& action, const kube::ApiError& error) {
    outcome.problems.push_back(problem_of(error, describe(action)));
    return false;
  }
  bool outdated() {
    outcome.stale = true;
    return false;
  }
};

Actor::Actor(std::shared_ptr<kube::Client> client, OwnedTypes types, Expectations& expectations, const Clock& clock,
             EventSink events)
    : client_(std::move(client)),
      types_(std::move(types)),
      expectations_(expectations),
      clock_(clock),
      events_(std::move(events)) {}

ActOutcome Actor::act(const kube::Object& cluster, const desired::Owner& owner, const std::vector<Action>& actions) {
  Round round{cluster, owner, cluster.key(), {}};
  for (const Action& action : actions) {
    bool go_on = false;
    switch (action.verb) {
      case desired::Verb::create:
        go_on = create(round, action);
        break;
      case desired::Verb::patch:
        go_on = patch(round, action);
        break;
      case desired::Verb::remove:
        go_on = remove(round, action);
        break;
    }
    if (!go_on) {
      break;
    }
  }
  return std::move(round.outcome);
}

bool Actor::create(Round& round, const Action& action) {
  const auto created = client_->create_object(type_of(action.kind), round.owner.namespace_name, *action.body);
  if (created.ok()) {
    expectations_.expect_written(round.key, action.kind, *created, clock_.now());
    ++round.outcome.done;
    if (action.kind == OwnedKind::pod) {
      tell(round, kube::EventType::normal, "SuccessfulCreate", "Created pod " + action.name + " " + action.why);
    }
    return true;
  }
  if (created.error().already_exists()) {
    return create_over(round, action);
  }
  if (may_have_happened(created.error())) {
    const auto live = client_->get(type_of(action.kind), round.owner.namespace_name, action.name);
    if (live.ok() && is_owned(round.owner, live->json())) {
      expectations_.expect_written(round.key, action.kind, *live, clock_.now());
    } else if (!live.ok() && !live.error().not_found()) {
      expectations_.expect_perhaps(round.key, action.kind, action.name, clock_.now());
    }
  }
  const Problem problem = problem_of(created.error(), describe(action));
  if (action.kind == OwnedKind::pod && problem.lasting()) {
    tell(round, kube::EventType::warning, "FailedCreate", problem.message);
  }
  return round.failed(action, created.error());
}

/// The name is taken by an object that the cache does not show: a late cache, a lost label, or somebody else's.
bool Actor::create_over(Round& round, const Action& action) {
  const auto live = client_->get(type_of(action.kind), round.owner.namespace_name, action.name);
  if (!live.ok()) {
    return live.error().not_found() ? round.outdated() : round.failed(action, live.error());
  }
  const bool ours = is_owned(round.owner, live->json());
  const bool shown = live->label(pod_contract::cluster_label) == round.owner.name;
  if (ours && shown) {
    expectations_.expect_written(round.key, action.kind, *live, clock_.now());
    return round.outdated();
  }
  if (action.kind == OwnedKind::pod) {
    const std::lock_guard lock(mutex_);
    if (const auto ordinal = desired::ordinal_of(round.owner, action.name)) {
      taken_[round.key][*ordinal] = clock_.now() + taken_for;
    }
    round.outcome.stale = true;
  }
  if (ours && action.kind != OwnedKind::pod) {
    Action relabel = action;
    relabel.verb = desired::Verb::patch;
    nlohmann::json wanted = {{"metadata", {{"labels", (*action.body)["metadata"]["labels"]}}}};
    relabel.body = desired::patch_towards(live->json(), wanted);
    return relabel.body ? patch(round, relabel) : round.outdated();
  }
  if (!ours) {
    const std::string message = std::string(to_string(action.kind)) + " " + action.name +
                                " exists and does not belong to this cluster; delete or rename one of the two";
    round.outcome.problems.push_back({"NameConflict", message});
    tell(round, kube::EventType::warning, "NameConflict", message);
  }
  return action.kind == OwnedKind::pod;
}

bool Actor::patch(Round& round, const Action& action) {
  const auto patched = client_->patch(type_of(action.kind), round.owner.namespace_name, action.name,
                                      kube::PatchType::merge, *action.body);
  if (patched.ok()) {
    expectations_.expect_written(round.key, action.kind, *patched, clock_.now());
    ++round.outcome.done;
    return true;
  }
  if (patched.error().conflict() || patched.error().not_found()) {
    return round.outdated();
  }
  return round.failed(action, patched.error());
}

bool Actor::remove(Round& round, const Action& action) {
  kube::DeleteOptions options;
  options.uid = action.uid;
  options.resource_version = action.resource_version;
  const auto removed = client_->remove(type_of(action.kind), round.owner.namespace_name, action.name, options);
  if (removed.ok()) {
    expectations_.expect_removed(round.key, action.kind, action.name, action.uid, clock_.now());
    ++round.outcome.done;
    if (action.kind == OwnedKind::pod) {
      tell(round, kube::EventType::normal, "SuccessfulDelete", "Deleted pod " + action.name + " " + action.why);
    }
    return true;
  }
  if (removed.error().conflict() || removed.error().not_found()) {
    return round.outdated();
  }
  if (may_have_happened(removed.error())) {
    const auto live = client_->get(type_of(action.kind), round.owner.namespace_name, action.name);
    const bool untouched = live.ok() && live->uid() == action.uid && !live->being_deleted();
    if (!untouched) {
      expectations_.expect_removed(round.key, action.kind, action.name, action.uid, clock_.now());
    }
  }
  return round.failed(action, removed.error());
}

void Actor::tell(const Round& round, kube::EventType type, std::string_view reason, const std::string& message) {
  if (events_) {
    events_(round.cluster, type, reason, message);
  }
}

std::set<int> Actor::taken_ordinals(const std::string& cluster_key) {
  const std::lock_guard lock(mutex_);
  std::set<int> ordinals;
  const auto it = taken_.find(cluster_key);
  if (it == taken_.end()) {
    return ordinals;
  }
  const Instant now = clock_.now();
  std::erase_if(it->second, [now](const auto& one) { return one.second <= now; });
  for (const auto& [ordinal, until] : it->second) {
    ordinals.insert(ordinal);
  }
  if (ordinals.empty()) {
    taken_.erase(it);
  }
  return ordinals;
}

void Actor::forget(const std::string& cluster_key) {
  const std::lock_guard lock(mutex_);
  taken_.erase(cluster_key);
}

}  // namespace troupe::control
