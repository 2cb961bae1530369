#include "operator/desired/plan.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "operator/desired/objects.hpp"
#include "operator/desired/revision.hpp"

namespace troupe::desired {
namespace {

using nlohmann::json;

std::string text_at(const json& document, const char* key) {
  const json metadata = document.value("metadata", json::object());
  const json value = metadata.value(key, json());
  return value.is_string() ? value.get<std::string>() : std::string();
}

/// Everything that one call of `plan` works on.
class Planner {
 public:
  Planner(const Desired& desired, const Observed& observed)
      : desired_(desired), observed_(observed), owner_(owner_of(desired.cluster)) {}

  Plan plan() {
    observe_pods();
    choose_revisions();
    plan_.rules = {desired_.cluster.replicas, desired_.cluster.rollout, plan_.current_revision, plan_.update_revision,
                   observed_.taken_ordinals};
    plan_.rollout = rollout_state(plan_.rules, plan_.pods);
    const PodPlan pods = plan_pods(plan_.rules, plan_.pods, desired_.now);
    plan_.look_again_after = pods.look_again_after;
    keep(OwnedKind::service_account, build_service_account(owner_));
    keep(OwnedKind::role, build_role(owner_, names_of_pods(pods)));
    keep(OwnedKind::role_binding, build_role_binding(owner_));
    keep_cookie();
    keep(OwnedKind::service, build_headless_service(owner_));
    keep_revision();
    keep(OwnedKind::pod_disruption_budget,
         build_pod_disruption_budget(owner_, desired_.policy_api_version, desired_.cluster.rollout));
    act_on(pods);
    if (plan_.rollout.complete) {
      plan_.current_revision = plan_.update_revision;
    }
    forget_old_revisions();
    drop_actions_on_conflict();
    return std::move(plan_);
  }

 private:
  void observe_pods() {
    for (const json* document : observed_.at(OwnedKind::pod)) {
      plan_.pods.push_back(observe_pod(owner_, *document));
      const ObservedPod& pod = plan_.pods.back();
      if (!pod.owned && pod.ordinal && *pod.ordinal < desired_.cluster.replicas && !pod.being_deleted) {
        plan_.conflicts.push_back({OwnedKind::pod, pod.name});
      }
    }
  }

  void choose_revisions() {
    intent_ = intent_document(desired_.cluster.intent);
    plan_.update_revision = revision_of(intent_);
    revisions_ = read_revisions(owner_, observed_.at(OwnedKind::controller_revision));
    const auto current = std::find_if(revisions_.begin(), revisions_.end(),
                                      [&](const Revision& one) { return one.hash == desired_.current_revision; });
    plan_.current_revision = plan_.update_revision;
    intents_.emplace(plan_.update_revision, desired_.cluster.intent);
    if (current == revisions_.end() || current->hash == plan_.update_revision) {
      return;
    }
    // One that an older operator wrote and this one no longer accepts cannot be made pods from.
    auto intent = resource::parse_intent((*current->document)["data"]["spec"]);
    if (intent.ok()) {
      plan_.current_revision = current->hash;
      intents_.emplace(current->hash, std::move(intent).value());
    }
  }

  const json* find(OwnedKind kind, const std::string& name) const {
    for (const json* document : observed_.at(kind)) {
      if (text_at(*document, "name") == name) {
        return document;
      }
    }
    return nullptr;
  }

  /// Makes the object or leads it back to what it should be.
  void keep(OwnedKind kind, json wanted) {
    Action action;
    action.kind = kind;
    action.name = wanted["metadata"]["name"].get<std::string>();
    const json* found = find(kind, action.name);
    if (found == nullptr) {
      action.body = std::make_shared<json>(std::move(wanted));
    } else if (!is_owned(owner_, *found)) {
      plan_.conflicts.push_back({kind, action.name});
      return;
    } else if (!text_at(*found, "deletionTimestamp").empty()) {
      return;  // It can be made again when it is gone; its DELETED event brings us back.
    } else {
      // The server leaves these two out of the items of a list.
      wanted.erase("kind");
      wanted.erase("apiVersion");
      action.verb = Verb::patch;
      action.body = patch_towards(*found, wanted);
      if (!action.body) {
        return;
      }
    }
    plan_.actions.push_back(std::move(action));
  }

  /// POSTed once: whatever the Secret holds later is its owner's will.
  void keep_cookie() {
    if (desired_.cluster.intent.cookie_secret) {
      return;
    }
    const std::string name = cookie_secret_name(owner_);
    const json* found = find(OwnedKind::secret, name);
    if (found == nullptr) {
      keep(OwnedKind::secret, build_cookie_secret(owner_, desired_.fresh_cookie));
    } else if (!is_owned(owner_, *found)) {
      plan_.conflicts.push_back({OwnedKind::secret, name});
    }
  }

  void keep_revision() {
    std::int64_t number = 1;
    for (const Revision& one : revisions_) {
      // Going back to an old intent makes it the newest again.
      number = std::max(number, one.number + (one.hash == plan_.update_revision ? 0 : 1));
    }
    keep(OwnedKind::controller_revision, build_controller_revision(owner_, plan_.update_revision, intent_, number));
  }

  std::vector<std::string> names_of_pods(const PodPlan& pods) const {
    std::set<int> ordinals;
    for (int i = 0; i < desired_.cluster.replicas + desired_.cluster.rollout.max_surge; ++i) {
      ordinals.insert(i);
    }
    for (const ObservedPod& pod : plan_.pods) {
      if (pod.owned && pod.ordinal) {
        ordinals.insert(*pod.ordinal);
      }
    }
    for (const PodCreation& creation : pods.create) {
      ordinals.insert(creation.ordinal);
    }
    if (desired_.cluster.replicas == 0 && plan_.pods.empty()) {
      ordinals.clear();
    }
    std::vector<std::string> names;
    for (const int ordinal : ordinals) {
      names.push_back(pod_name(owner_, ordinal));
    }
    return names;
  }

  void act_on(const PodPlan& pods) {
    for (const PodCreation& creation : pods.create) {
      Action action;
      action.name = pod_name(owner_, creation.ordinal);
      action.body = std::make_shared<json>(
          build_pod(owner_, intents_.at(creation.revision), {creation.ordinal, creation.revision, creation.failures}));
      action.why = creation.why;
      plan_.actions.push_back(std::move(action));
    }
    for (const PodRemoval& removal : pods.remove) {
      plan_.actions.push_back(
          {Verb::remove, OwnedKind::pod, removal.name, nullptr, removal.uid, removal.resource_version, removal.why});
    }
  }

  /// Workers must not run with an account, a Secret or a Service that is somebody else's.
  void drop_actions_on_conflict() {
    const bool blocked = std::any_of(plan_.conflicts.begin(), plan_.conflicts.end(),
                                     [](const NameConflict& conflict) { return conflict.kind != OwnedKind::pod; });
    if (blocked) {
      plan_.actions.clear();
    }
  }

  void forget_old_revisions() {
    std::vector<const Revision*> unused;
    for (const Revision& one : revisions_) {
      const bool used = one.hash == plan_.update_revision || one.hash == plan_.current_revision ||
                        std::any_of(plan_.pods.begin(), plan_.pods.end(),
                                    [&](const ObservedPod& pod) { return pod.revision == one.hash; });
      if (!used && text_at(*one.document, "deletionTimestamp").empty()) {
        unused.push_back(&one);
      }
    }
    for (std::size_t i = 0; i + revision_history_max < unused.size(); ++i) {
      const json& document = *unused[i]->document;
      plan_.actions.push_back({Verb::remove, OwnedKind::controller_revision, text_at(document, "name"), nullptr,
                               text_at(document, "uid"), text_at(document, "resourceVersion"), ""});
    }
  }

  const Desired& desired_;
  const Observed& observed_;
  Owner owner_;
  json intent_;
  std::vector<Revision> revisions_;
  std::map<std::string, resource::ClusterIntent> intents_;
  Plan plan_;
};

}  // namespace

std::string_view to_string(OwnedKind kind) {
  switch (kind) {
    case OwnedKind::service_account:
      return "ServiceAccount";
    case OwnedKind::role:
      return "Role";
    case OwnedKind::role_binding:
      return "RoleBinding";
    case OwnedKind::secret:
      return "Secret";
    case OwnedKind::service:
      return "Service";
    case OwnedKind::controller_revision:
      return "ControllerRevision";
    case OwnedKind::pod_disruption_budget:
      return "PodDisruptionBudget";
    case OwnedKind::pod:
      break;
  }
  return "Pod";
}

std::string_view to_string(Verb verb) {
  switch (verb) {
    case Verb::create:
      return "create";
    case Verb::patch:
      return "patch";
    case Verb::remove:
      break;
  }
  return "delete";
}

Plan plan(const Desired& desired, const Observed& observed) { return Planner(desired, observed).plan(); }

}  // namespace troupe::desired
