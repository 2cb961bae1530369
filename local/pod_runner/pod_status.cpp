#include "local/pod_runner/pod_status.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "local/pod_runner/container_log.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

json ended_json(const ContainerState::Ended& ended, const std::string& id) {
  json terminated = {{"exitCode", ended.signal != 0 ? 128 + ended.signal : ended.exit_code},
                     {"reason", ended.reason},
                     {"startedAt", rfc3339(ended.started)},
                     {"finishedAt", rfc3339(ended.finished)}};
  if (ended.signal != 0) {
    terminated["signal"] = ended.signal;
  }
  if (!ended.message.empty()) {
    terminated["message"] = ended.message;
  }
  if (!id.empty()) {
    terminated["containerID"] = id;
  }
  return terminated;
}

json container_status(const ContainerSpec& spec, const ContainerState& state) {
  json status = {{"name", spec.name},
                 {"image", spec.image},
                 {"imageID", spec.image},
                 {"ready", state.ready},
                 {"restartCount", state.restarts},
                 {"started", state.phase == ContainerState::Phase::running && state.startup_passed},
                 {"lastState", json::object()}};
  if (!state.id.empty()) {
    status["containerID"] = state.id;
  }
  switch (state.phase) {
    case ContainerState::Phase::waiting:
      status["state"] = {{"waiting", {{"reason", state.reason}}}};
      if (!state.message.empty()) {
        status["state"]["waiting"]["message"] = state.message;
      }
      break;
    case ContainerState::Phase::running:
      status["state"] = {{"running", {{"startedAt", rfc3339(state.started)}}}};
      break;
    case ContainerState::Phase::terminated:
      status["state"] = {{"terminated", state.last ? ended_json(*state.last, state.id) : json::object()}};
      break;
  }
  if (state.last && state.phase != ContainerState::Phase::terminated) {
    status["lastState"] = {{"terminated", ended_json(*state.last, "")}};
  }
  return status;
}

void set_condition(json& conditions, const std::string& type, bool holds, const std::string& reason,
                   const std::string& message, WallTime now) {
  const std::string status = holds ? "True" : "False";
  json made = {{"type", type}, {"status", status}, {"lastProbeTime", nullptr}, {"lastTransitionTime", rfc3339(now)}};
  if (!reason.empty()) {
    made["reason"] = reason;
    made["message"] = message;
  }
  for (json& condition : conditions) {
    if (condition.value("type", "") == type) {
      if (condition.value("status", "") == status && condition.contains("lastTransitionTime")) {
        made["lastTransitionTime"] = condition["lastTransitionTime"];
      }
      condition = std::move(made);
      return;
    }
  }
  conditions.push_back(std::move(made));
}

std::string join_names(const PodSpec& spec, const std::vector<ContainerState>& states) {
  std::string names;
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (!states[i].ready) {
      names += (names.empty() ? "" : " ") + spec.containers[i].name;
    }
  }
  return names;
}

}  // namespace

std::string pod_phase(const PodSpec& spec, const PodObservation& seen) {
  if (!seen.refused.empty()) {
    return "Failed";
  }
  bool any_started = false;
  bool all_ended = !seen.containers.empty();
  bool any_failed = false;
  for (const ContainerState& state : seen.containers) {
    any_started |= state.phase != ContainerState::Phase::waiting || state.last.has_value();
    all_ended &= state.phase == ContainerState::Phase::terminated;
    any_failed |= state.last && (state.last->exit_code != 0 || state.last->signal != 0);
  }
  if (all_ended && spec.restart_policy != RestartPolicy::always) {
    return any_failed ? "Failed" : "Succeeded";
  }
  return any_started ? "Running" : "Pending";
}

json build_pod_status(const PodSpec& spec, const PodObservation& seen, const json& current, WallTime now) {
  json status = json::object();
  status["phase"] = pod_phase(spec, seen);
  status["hostIP"] = seen.host_ip;
  if (!seen.pod_ip.empty()) {
    status["podIP"] = seen.pod_ip;
    status["podIPs"] = json::array({{{"ip", seen.pod_ip}}});
  }
  status["startTime"] = rfc3339(seen.started);
  json conditions =
      current.contains("conditions") && current["conditions"].is_array() ? current["conditions"] : json::array();
  const bool finished = status["phase"] == "Succeeded" || status["phase"] == "Failed";
  const bool all_ready = !finished && std::all_of(seen.containers.begin(), seen.containers.end(),
                                                  [](const ContainerState& c) { return c.ready; });
  const std::string reason = all_ready ? "" : status["phase"] == "Succeeded" ? "PodCompleted" : "ContainersNotReady";
  const std::string message =
      all_ready ? "" : "containers with unready status: [" + join_names(spec, seen.containers) + "]";
  set_condition(conditions, "Initialized", true, "", "", now);
  set_condition(conditions, "ContainersReady", all_ready, reason, message, now);
  set_condition(conditions, "Ready", all_ready, reason, message, now);
  set_condition(conditions, "PodScheduled", true, "", "", now);
  status["conditions"] = std::move(conditions);
  json containers = json::array();
  for (std::size_t i = 0; i < seen.containers.size(); ++i) {
    containers.push_back(container_status(spec.containers[i], seen.containers[i]));
  }
  status["containerStatuses"] = std::move(containers);
  // A merge patch removes what is null: an earlier refusal must not outlive its cause.
  status["reason"] = seen.refused.empty() ? json(nullptr) : json("UnsupportedByNode");
  status["message"] = seen.refused.empty() ? json(nullptr) : json(seen.refused);
  return status;
}

}  // namespace troupe::local
