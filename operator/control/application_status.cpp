#include "operator/control/application_status.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/ascii.hpp"
#include "base/json_text.hpp"
#include "base/pod_contract.hpp"
#include "operator/desired/observed_pod.hpp"

namespace troupe::control {
namespace {

using nlohmann::json;
using resource::condition;
using resource::ConditionStatus;

constexpr std::size_t failures_named_max = 5;
constexpr std::size_t version_length_max = 63;

/// A worker's word as a condition's reason, which the schema wants in CamelCase.
std::string reason_of(const std::string& word) {
  const auto inside = [](char c) { return ascii::is_letter(c) || ascii::is_digit(c); };
  const bool fits = !word.empty() && word.size() <= 128 && ascii::is_letter(word.front()) &&
                    std::all_of(word.begin(), word.end(), inside);
  return fits ? word : "ApplicationFailed";
}

resource::ApplicationStatus rejected(std::int64_t generation, std::string reason, const std::string& message) {
  resource::ApplicationStatus status;
  status.observed_generation = generation;
  status.conditions = {condition("Accepted", false, std::move(reason), message),
                       condition("Ready", false, "NotAccepted", message),
                       condition("Progressing", false, "NotAccepted", message)};
  return status;
}

struct Tally {
  int workers = 0;  ///< Active pods.
  int ready = 0;    ///< Of those, running the version asked for.
  std::map<std::string, int> members_by_version;
  std::string failure_reason;  ///< Of the first worker that reports one.
  std::string failures;
  int failed = 0;
};

void count_report(const std::string& pod, const ApplicationReport& report, const std::string& wanted, Tally& tally) {
  if (report.ready) {
    ++tally.members_by_version[report.version];
    tally.ready += report.version == wanted ? 1 : 0;
    return;
  }
  if (report.reason.empty()) {
    return;
  }
  if (tally.failed == 0) {
    tally.failure_reason = reason_of(report.reason);
  }
  if (++tally.failed <= static_cast<int>(failures_named_max)) {
    tally.failures += (tally.failures.empty() ? "" : "; ") + pod + ": " + report.reason +
                      (report.message.empty() ? "" : ": " + report.message);
  }
}

Tally count(const resource::Application& application, const ApplicationCluster& cluster) {
  Tally tally;
  for (const json* document : cluster.pods) {
    const desired::ObservedPod pod = observe_pod(cluster.owner, *document);
    if (!pod.active()) {
      continue;
    }
    ++tally.workers;
    for (const ApplicationReport& report : read_application_reports(*document)) {
      if (report.name == application.metadata.name) {
        count_report(pod.name, report, application.version(), tally);
        break;
      }
    }
  }
  if (tally.failed > static_cast<int>(failures_named_max)) {
    tally.failures += "; and " + std::to_string(tally.failed - static_cast<int>(failures_named_max)) + " more";
  }
  return tally;
}

}  // namespace

std::vector<ApplicationReport> read_application_reports(const json& pod) {
  std::vector<ApplicationReport> reports;
  static const json::json_pointer conditions("/status/conditions");
  if (!pod.is_object() || !pod.contains(conditions)) {
    return reports;
  }
  const json* found = resource::find_condition(pod.at(conditions), pod_contract::applications_condition);
  if (found == nullptr) {
    return reports;
  }
  const std::string message = text_in(*found, "message");
  if (message.size() > static_cast<std::size_t>(pod_contract::applications_message_bytes_max)) {
    return reports;
  }
  const json list = json::parse(message, nullptr, false);
  if (!list.is_array()) {
    return reports;
  }
  for (const json& item : list) {
    if (!item.is_object() || text_in(item, "name").empty() || text_in(item, "version").size() > version_length_max) {
      continue;
    }
    const auto ready = item.find("ready");
    reports.push_back({text_in(item, "name"), text_in(item, "version"), ready != item.end() && *ready == json(true),
                       text_in(item, "reason"), text_in(item, "message")});
  }
  return reports;
}

resource::ApplicationStatus report_application(const resource::Application& application,
                                               const ApplicationCluster& cluster) {
  if (!cluster.exists) {
    return rejected(application.metadata.generation, "ClusterNotFound",
                    "spec.clusterRef.name: there is no TroupeCluster " + application.cluster + " in this namespace");
  }
  const Tally tally = count(application, cluster);
  resource::ApplicationStatus status;
  status.observed_generation = application.metadata.generation;
  status.members_by_version = tally.members_by_version;
  status.conditions.push_back(condition("Accepted", true, "Accepted", "runs on cluster " + application.cluster));
  const int wanted = std::max(tally.workers, cluster.replicas);
  const std::string progress = std::to_string(tally.ready) + " of " + std::to_string(wanted) + " workers run " +
                               (application.module ? "version " + application.version() : std::string("it"));
  if (wanted == 0) {
    status.conditions.push_back(condition("Ready", false, "NoWorkers", "the cluster has no workers"));
    status.conditions.push_back(condition("Progressing", false, "NoWorkers", "the cluster has no workers"));
  } else if (tally.failed > 0) {
    status.conditions.push_back(condition("Ready", false, tally.failure_reason, tally.failures));
    status.conditions.push_back(condition("Progressing", false, "Failed", progress));
  } else if (tally.ready < wanted) {
    const char* why = tally.workers < cluster.replicas ? "WorkersMissing" : "Starting";
    status.conditions.push_back(condition("Ready", false, why, progress));
    status.conditions.push_back(condition("Progressing", true, "Starting", progress));
  } else {
    status.conditions.push_back(condition("Ready", true, "AllReady", progress));
    status.conditions.push_back(condition("Progressing", false, "Complete", progress));
  }
  return status;
}

resource::ApplicationStatus report_invalid_application(std::int64_t generation, const resource::FieldErrors& errors) {
  return rejected(generation, "InvalidSpec", resource::to_string(errors));
}

}  // namespace troupe::control
