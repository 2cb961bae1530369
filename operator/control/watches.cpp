#include "operator/control/watches.hpp"

#include <nlohmann/json.hpp>

#include "base/pod_contract.hpp"
#include "kube/resource_types.hpp"
#include "operator/control/cluster_reconciler.hpp"
#include "operator/resource/condition.hpp"

namespace troupe::control {
namespace {

using nlohmann::json;

/// What of a pod the status of an application is made from.
json applications_view(const std::optional<kube::Object>& pod) {
  if (!pod) {
    return nullptr;
  }
  const json& status = status_of(*pod);
  const json phase = status.is_object() ? status.value("phase", json()) : json();
  json word;
  if (status.is_object() && status.contains("conditions")) {
    const json* found = resource::find_condition(status["conditions"], pod_contract::applications_condition);
    word = found == nullptr ? json() : found->value("message", json());
  }
  return {pod->uid(), pod->being_deleted(), phase == "Failed" || phase == "Succeeded", word};
}

void tell_applications(const CacheIndex& index, const std::string& cluster_key, const ChangeHandlers& handlers) {
  for (const std::string& application : index.applications_of(cluster_key)) {
    handlers.on_application(application);
  }
}

}  // namespace

void apply_cluster_change(CacheIndex& index, const kube::Change& change, const ChangeHandlers& handlers) {
  const kube::Object& object = change.after ? *change.after : *change.before;
  if (change.after) {
    index.put_cluster(object);
  } else {
    index.remove_cluster(object.key());
  }
  handlers.on_cluster(object.key());
  if (!change.before || !change.after || change.before->generation() != change.after->generation()) {
    tell_applications(index, object.key(), handlers);
  }
}

void apply_application_change(CacheIndex& index, const kube::Change& change, const ChangeHandlers& handlers) {
  const kube::Object& object = change.after ? *change.after : *change.before;
  if (change.after) {
    index.put_application(object);
  } else {
    index.remove_application(object.key());
  }
  handlers.on_application(object.key());
}

void apply_owned_change(CacheIndex& index, OwnedKind kind, const kube::Change& change, const ChangeHandlers& handlers) {
  const std::string before = change.before ? cluster_key_of(*change.before) : std::string();
  const std::string after = change.after ? cluster_key_of(*change.after) : std::string();
  if (!before.empty() && before != after) {
    index.remove_owned(kind, *change.before);
  }
  if (!after.empty()) {
    index.put_owned(kind, *change.after);
  }
  const bool moved = before != after;
  const bool concerns_applications =
      kind == OwnedKind::pod && (moved || applications_view(change.before) != applications_view(change.after));
  for (const std::string& key : {before, moved ? after : std::string()}) {
    if (!key.empty()) {
      handlers.on_cluster(key);
      if (concerns_applications) {
        tell_applications(index, key, handlers);
      }
    }
  }
}

Watches::Watches(std::shared_ptr<kube::Client> client, const OwnedTypes& types,
                 const std::vector<std::string>& namespaces, const Clock& clock, Random& random, CacheIndex& index,
                 ChangeHandlers handlers, std::function<void()> on_synced)
    : client_(std::move(client)),
      clock_(clock),
      random_(random),
      index_(index),
      handlers_(std::move(handlers)),
      on_synced_(std::move(on_synced)) {
  const std::vector<std::string> watched = namespaces.empty() ? std::vector<std::string>{""} : namespaces;
  unsynced_ = static_cast<int>(watched.size() * (types.size() + 2));
  for (const std::string& name : watched) {
    for (std::size_t kind = 0; kind < types.size(); ++kind) {
      start(types[kind], name, true, [this, kind](const kube::Change& change) {
        apply_owned_change(index_, static_cast<OwnedKind>(kind), change, handlers_);
      });
    }
    start(kube::troupe_clusters, name, false,
          [this](const kube::Change& change) { apply_cluster_change(index_, change, handlers_); });
    start(kube::troupe_applications, name, false,
          [this](const kube::Change& change) { apply_application_change(index_, change, handlers_); });
  }
}

Watches::~Watches() = default;

void Watches::start(const kube::ResourceType& type, const std::string& namespace_name, bool by_label,
                    std::function<void(const kube::Change&)> on_change) {
  kube::Reflector::Options options;
  options.namespace_name = namespace_name;
  if (by_label) {
    options.label_selector = std::string(pod_contract::cluster_label);
  }
  reflectors_.push_back(
      std::make_unique<kube::Reflector>(client_, type, options, clock_, random_, std::move(on_change), [this] {
        if (unsynced_.fetch_sub(1) == 1) {
          on_synced_();
        }
      }));
}

std::string Watches::problem() const {
  if (synced()) {
    return {};
  }
  std::string text = "waiting for the first list of " + std::to_string(unsynced_.load()) + " resource types";
  for (const auto& reflector : reflectors_) {
    if (const std::string error = reflector->last_error(); !error.empty() && !reflector->store().synced()) {
      return text + ": " + error;
    }
  }
  return text;
}

}  // namespace troupe::control
