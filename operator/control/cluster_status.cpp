#include "operator/control/cluster_status.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/json_text.hpp"
#include "operator/resource/timestamp.hpp"

namespace troupe::control {
namespace {

using nlohmann::json;
using resource::Condition;
using resource::condition;
using resource::ConditionStatus;

std::string count_of(int part, int whole) { return std::to_string(part) + " of " + std::to_string(whole); }

/// Problem, PodTrouble or NameConflict: whatever a person should know.
struct Finding {
  std::string reason;
  std::string message;
};

std::vector<Finding> find_problems(const desired::Plan& plan, const std::vector<Problem>& problems) {
  std::vector<Finding> findings;
  for (const desired::NameConflict& conflict : plan.conflicts) {
    findings.push_back({"NameConflict", std::string(to_string(conflict.kind)) + " " + conflict.name +
                                            " exists and does not belong to this cluster"});
  }
  for (const Problem& problem : problems) {
    if (problem.lasting()) {
      findings.push_back({problem.reason, problem.message});
    }
  }
  constexpr std::size_t pods_named_max = 5;
  std::map<std::string, std::vector<const desired::ObservedPod*>> troubled;
  for (const desired::ObservedPod& pod : plan.pods) {
    if (pod.owned && !pod.being_deleted && pod.trouble) {
      troubled[pod.trouble->reason].push_back(&pod);
    }
  }
  for (const auto& [reason, pods] : troubled) {
    std::string message;
    for (std::size_t i = 0; i < std::min(pods.size(), pods_named_max); ++i) {
      message += (i == 0 ? "" : "; ") + pods[i]->name + ": " + pods[i]->trouble->message;
    }
    if (pods.size() > pods_named_max) {
      message += "; and " + std::to_string(pods.size() - pods_named_max) + " more";
    }
    findings.push_back({reason, std::move(message)});
  }
  return findings;
}

class Reporter {
 public:
  Reporter(const resource::Cluster& cluster, const desired::Plan& plan, const std::vector<Problem>& problems,
           const json& previous, WallTime now)
      : cluster_(cluster), plan_(plan), previous_(previous), now_(now), findings_(find_problems(plan, problems)) {}

  ClusterReport report() {
    ClusterReport made;
    resource::ClusterStatus& status = made.status;
    status.observed_generation = cluster_.metadata.generation;
    status.replicas = plan_.rollout.active;
    status.ready_replicas = plan_.rollout.ready;
    status.joined_replicas = joined();
    status.selector = desired::worker_selector_text(desired::owner_of(cluster_));
    status.current_revision = plan_.current_revision;
    status.update_revision = plan_.update_revision;
    const Condition progressing = report_progressing(made.look_again_after);
    status.conditions = {report_ready(), progressing, report_degraded(progressing)};
    return made;
  }

 private:
  [[nodiscard]] int joined() const {
    return static_cast<int>(std::count_if(plan_.pods.begin(), plan_.pods.end(),
                                          [](const desired::ObservedPod& pod) { return pod.active() && pod.joined; }));
  }

  [[nodiscard]] bool conflicted() const { return !findings_.empty() && findings_.front().reason == "NameConflict"; }

  [[nodiscard]] Condition report_ready() const {
    const int wanted = cluster_.replicas;
    const int ready = plan_.rollout.ready;
    if (conflicted() && ready < wanted) {
      return condition("Ready", false, "NameConflict", findings_.front().message);
    }
    if (wanted == 0) {
      return plan_.rollout.active == 0 ? condition("Ready", true, "Hibernated", "no workers are asked for")
                                       : condition("Ready", false, "Hibernating",
                                                   std::to_string(plan_.rollout.active) + " workers are still there");
    }
    if (ready < wanted) {
      return condition("Ready", false, "PodsNotReady", count_of(ready, wanted) + " workers are ready");
    }
    if (joined() < wanted) {
      return condition("Ready", false, "NotJoined", count_of(joined(), wanted) + " workers have joined the cluster");
    }
    return condition("Ready", true, "AllReady", "all " + std::to_string(wanted) + " workers are ready and joined");
  }

  /// All that is asked for now is there, though perhaps not of the newest revision.
  [[nodiscard]] bool settled() const {
    return plan_.rollout.active == cluster_.replicas && plan_.rollout.ready == cluster_.replicas;
  }

  /// The latest sign that something moves.
  [[nodiscard]] WallTime last_progress() const {
    WallTime latest{};
    for (const desired::ObservedPod& pod : plan_.pods) {
      if (pod.owned) {
        latest = std::max({latest, pod.created, pod.ready ? pod.ready_since : pod.created});
      }
    }
    const json conditions = previous_.is_object() ? previous_.value("conditions", json::array()) : json::array();
    const json* before = resource::find_condition(conditions, "Progressing");
    if (before == nullptr || before->value("observedGeneration", json()) != json(cluster_.metadata.generation)) {
      return now_;  // What is asked for is new: the clock starts now.
    }
    const std::string since = resource::condition_since(conditions, "Progressing", ConditionStatus::is_true);
    return std::max(latest, resource::parse_timestamp(since).value_or(latest));
  }

  [[nodiscard]] Condition report_progressing(std::optional<Duration>& look_again_after) const {
    const desired::RolloutState& rollout = plan_.rollout;
    const std::string at =
        count_of(rollout.updated_ready, cluster_.replicas) + " workers are ready at revision " + plan_.update_revision;
    if (rollout.complete) {
      return condition("Progressing", false, "Complete", at);
    }
    if (settled()) {
      if (cluster_.rollout.type == resource::RolloutType::on_delete) {
        return condition("Progressing", false, "OnDelete", at + "; the others get it when they are deleted");
      }
      if (cluster_.rollout.paused) {
        return condition("Progressing", false, "Paused", at);
      }
      if (rollout.at_canary) {
        return condition("Progressing", false, "CanaryHeld", at + "; set canary to 0 to go on");
      }
    }
    if (conflicted() && plan_.actions.empty()) {
      return condition("Progressing", false, "NameConflict", findings_.front().message);
    }
    const Duration deadline = std::chrono::seconds(cluster_.rollout.progress_deadline_seconds);
    const Duration still = now_ - last_progress();
    if (still >= deadline) {
      return condition(
          "Progressing", false, "ProgressDeadlineExceeded",
          "nothing has moved for " + std::to_string(cluster_.rollout.progress_deadline_seconds) + " s; " + at);
    }
    look_again_after = deadline - still;
    const bool rolling = plan_.current_revision != plan_.update_revision;
    return condition("Progressing", true, rolling ? "RollingUpdate" : "Scaling", at);
  }

  [[nodiscard]] Condition report_degraded(const Condition& progressing) const {
    if (!findings_.empty()) {
      std::string message;
      for (const Finding& finding : findings_) {
        message += (message.empty() ? "" : "; ") + finding.message;
      }
      return condition("Degraded", true, findings_.front().reason, std::move(message));
    }
    if (progressing.reason == "ProgressDeadlineExceeded") {
      return condition("Degraded", true, progressing.reason, progressing.message);
    }
    return condition("Degraded", false, "AsExpected", "");
  }

  const resource::Cluster& cluster_;
  const desired::Plan& plan_;
  const json& previous_;
  WallTime now_;
  std::vector<Finding> findings_;
};

int number_in(const json& object, const char* key) {
  constexpr std::int64_t most = 1'000'000;
  const auto it = object.find(key);
  return it != object.end() && it->is_number_integer()
             ? static_cast<int>(std::clamp<std::int64_t>(it->get<std::int64_t>(), 0, most))
             : 0;
}

}  // namespace

ClusterReport report_cluster(const resource::Cluster& cluster, const desired::Plan& plan,
                             const std::vector<Problem>& problems, const json& previous, WallTime now) {
  return Reporter(cluster, plan, problems, previous, now).report();
}

resource::ClusterStatus report_invalid_cluster(std::int64_t generation, const resource::FieldErrors& errors,
                                               const json& previous) {
  const json before = previous.is_object() ? previous : json::object();
  resource::ClusterStatus status;
  status.observed_generation = generation;
  status.replicas = number_in(before, "replicas");
  status.ready_replicas = number_in(before, "readyReplicas");
  status.joined_replicas = number_in(before, "joinedReplicas");
  status.selector = text_in(before, "selector");
  status.current_revision = text_in(before, "currentRevision");
  status.update_revision = text_in(before, "updateRevision");
  const std::string message = resource::to_string(errors);
  status.conditions = {condition("Ready", false, "InvalidSpec", message),
                       condition("Progressing", false, "InvalidSpec", message),
                       condition("Degraded", true, "InvalidSpec", message)};
  return status;
}

}  // namespace troupe::control
