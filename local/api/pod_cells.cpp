#include "local/api/pod_cells.hpp"

#include <nlohmann/json.hpp>

#include "local/api/object_meta.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

json at(const json& object, const char* pointer, json absent = nullptr) {
  const json::json_pointer path(pointer);
  return object.is_structured() && object.contains(path) ? object[path] : std::move(absent);
}

std::string text_at(const json& object, const char* pointer, const std::string& absent = "<none>") {
  const json found = at(object, pointer);
  return found.is_string() && found != "" ? found.get<std::string>() : absent;
}

std::string ended_reason(const json& terminated) {
  const std::string reason = text_at(terminated, "/reason", "");
  if (!reason.empty()) {
    return reason;
  }
  const json signal = at(terminated, "/signal", 0);
  return signal != 0 ? "Signal:" + signal.dump() : "ExitCode:" + at(terminated, "/exitCode", 0).dump();
}

struct ContainerSum {
  std::size_t ready = 0;
  std::int64_t restarts = 0;
  std::string reason;  // Of the last container that says one.
  bool running = false;
};

ContainerSum sum_up(const json& statuses) {
  ContainerSum sum;
  for (auto status = statuses.rbegin(); status != statuses.rend(); ++status) {
    const json restarts = at(*status, "/restartCount", 0);
    sum.restarts += restarts.is_number_integer() ? restarts.get<std::int64_t>() : 0;
    const std::string waiting = text_at(*status, "/state/waiting/reason", "");
    const json terminated = at(*status, "/state/terminated");
    if (!waiting.empty()) {
      sum.reason = waiting;
    } else if (terminated.is_object()) {
      sum.reason = ended_reason(terminated);
    } else if (at(*status, "/ready") == true && at(*status, "/state/running").is_object()) {
      sum.running = true;
      ++sum.ready;
    }
  }
  return sum;
}

}  // namespace

json pod_cells(const json& pod, const std::string& age) {
  const json containers = at(pod, "/spec/containers", json::array());
  const json statuses = at(pod, "/status/containerStatuses", json::array());
  const ContainerSum sum = sum_up(statuses.is_array() ? statuses : json::array());
  std::string status = text_at(pod, "/status/reason", text_at(pod, "/status/phase", "Unknown"));
  if (!sum.reason.empty()) {
    status = sum.reason;
  }
  if (status == "Completed" && sum.running) {
    status = sum.ready == containers.size() ? "Running" : "NotReady";
  }
  if (being_deleted(pod)) {
    status = text_at(pod, "/status/reason", "") == "NodeLost" ? "Unknown" : "Terminating";
  }
  const json gates = at(pod, "/spec/readinessGates", json::array());
  return json::array({metadata_text(pod, "name"), std::to_string(sum.ready) + "/" + std::to_string(containers.size()),
                      status, std::to_string(sum.restarts), age, text_at(pod, "/status/podIP"),
                      text_at(pod, "/spec/nodeName"), text_at(pod, "/status/nominatedNodeName"),
                      gates.empty() ? "<none>" : "0/" + std::to_string(gates.size())});
}

}  // namespace troupe::local
