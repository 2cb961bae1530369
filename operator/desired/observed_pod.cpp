#include "operator/desired/observed_pod.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/pod_contract.hpp"
#include "operator/resource/condition.hpp"
#include "operator/resource/timestamp.hpp"

namespace troupe::desired {
namespace {

using nlohmann::json;
namespace contract = pod_contract;

const json& member(const json& object, std::string_view key) {
  static const json nothing;
  if (!object.is_object()) {
    return nothing;
  }
  const auto it = object.find(key);
  return it == object.end() ? nothing : *it;
}

std::string text(const json& object, std::string_view key) {
  const json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::optional<WallTime> time(const json& object, std::string_view key) {
  return resource::parse_timestamp(text(object, key));
}

struct WaitingReason {
  std::string_view kubelet;
  std::string_view ours;
};
constexpr std::array waiting_reasons{
    WaitingReason{"ErrImagePull", "ImagePullFailed"},
    WaitingReason{"ImagePullBackOff", "ImagePullFailed"},
    WaitingReason{"InvalidImageName", "ImagePullFailed"},
    WaitingReason{"ErrImageNeverPull", "ImagePullFailed"},
    WaitingReason{"ImageInspectError", "ImagePullFailed"},
    WaitingReason{"RegistryUnavailable", "ImagePullFailed"},
    WaitingReason{"CrashLoopBackOff", "CrashLoop"},
    WaitingReason{"CreateContainerConfigError", "ContainerCannotStart"},
    WaitingReason{"CreateContainerError", "ContainerCannotStart"},
    WaitingReason{"RunContainerError", "ContainerCannotStart"},
};

/// How the container last ended: "exit code 134 (Error)".
std::string last_end(const json& container) {
  const json& terminated = member(member(container, "lastState"), "terminated");
  if (!terminated.is_object()) {
    return {};
  }
  const json& code = member(terminated, "exitCode");
  const std::string reason = text(terminated, "reason");
  return ", last exit code " + (code.is_number_integer() ? std::to_string(code.get<std::int64_t>()) : "unknown") +
         (reason.empty() ? "" : " (" + reason + ")");
}

std::optional<PodTrouble> container_trouble(const json& statuses) {
  if (!statuses.is_array()) {
    return std::nullopt;
  }
  for (const json& container : statuses) {
    const json& waiting = member(member(container, "state"), "waiting");
    const std::string reason = text(waiting, "reason");
    for (const WaitingReason& known : waiting_reasons) {
      if (known.kubelet == reason) {
        const std::string message = text(waiting, "message");
        return PodTrouble{std::string(known.ours), "container " + text(container, "name") + ": " + reason +
                                                       (message.empty() ? "" : ": " + message) + last_end(container)};
      }
    }
  }
  return std::nullopt;
}

std::optional<PodTrouble> find_trouble(const json& status, bool ended) {
  if (ended) {
    const std::string reason = text(status, "reason");
    const std::string message = text(status, "message");
    return PodTrouble{"PodFailed", (reason.empty() ? "ended" : reason) + (message.empty() ? "" : ": " + message)};
  }
  const json* scheduled = resource::find_condition(member(status, "conditions"), "PodScheduled");
  if (scheduled != nullptr && text(*scheduled, "status") == "False" && text(*scheduled, "reason") == "Unschedulable") {
    return PodTrouble{"Unschedulable", text(*scheduled, "message")};
  }
  if (auto trouble = container_trouble(member(status, "initContainerStatuses"))) {
    return trouble;
  }
  return container_trouble(member(status, "containerStatuses"));
}

WallTime end_of(const json& status, WallTime created) {
  WallTime latest = created;
  const auto take = [&latest](std::optional<WallTime> found) { latest = std::max(latest, found.value_or(latest)); };
  if (const json& containers = member(status, "containerStatuses"); containers.is_array()) {
    for (const json& container : containers) {
      take(time(member(member(container, "state"), "terminated"), "finishedAt"));
    }
  }
  if (const json* ready = resource::find_condition(member(status, "conditions"), "Ready")) {
    take(time(*ready, "lastTransitionTime"));
  }
  return latest;
}

bool is_true(const json& conditions, std::string_view type) {
  const json* condition = resource::find_condition(conditions, type);
  return condition != nullptr && text(*condition, "status") == "True";
}

int small_number(const std::string& digits) {
  constexpr int failures_max = 1000;
  int number = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return parsed.ec == std::errc() ? std::clamp(number, 0, failures_max) : 0;
}

}  // namespace

ObservedPod observe_pod(const Owner& owner, const json& document) {
  const json& metadata = member(document, "metadata");
  const json& status = member(document, "status");
  const json& conditions = member(status, "conditions");
  const std::string phase = text(status, "phase");
  ObservedPod pod;
  pod.name = text(metadata, "name");
  pod.uid = text(metadata, "uid");
  pod.resource_version = text(metadata, "resourceVersion");
  pod.ordinal = ordinal_of(owner, pod.name);
  pod.revision = text(member(metadata, "labels"), contract::revision_label);
  pod.owned = is_owned(owner, document);
  pod.being_deleted = !text(metadata, "deletionTimestamp").empty();
  pod.ended = phase == "Failed" || phase == "Succeeded";
  pod.created = time(metadata, "creationTimestamp").value_or(WallTime{});
  pod.ready = !pod.ended && is_true(conditions, "Ready");
  pod.joined = pod.ready && is_true(conditions, contract::joined_condition);
  const json* ready = resource::find_condition(conditions, "Ready");
  pod.ready_since = ready == nullptr ? pod.created : time(*ready, "lastTransitionTime").value_or(pod.created);
  pod.ended_at = pod.ended ? end_of(status, pod.created) : pod.created;
  pod.failures = small_number(text(member(metadata, "annotations"), failures_annotation));
  if (!pod.being_deleted) {
    pod.trouble = find_trouble(status, pod.ended);
  }
  return pod;
}

}  // namespace troupe::desired
