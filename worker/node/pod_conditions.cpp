#include "worker/node/pod_conditions.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/pod_contract.hpp"

namespace troupe::node {
namespace {

using nlohmann::json;

std::string rfc3339(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(static_cast<std::time_t>(seconds.count())));
}

/// At most `bytes_max`, cut before the middle of a UTF-8 sequence.
std::string cut(const std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) {
    return text;
  }
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
    --end;
  }
  return text.substr(0, end) + "...";
}

json one_application(const ApplicationReport& report, std::size_t message_bytes_max) {
  json entry = {{"name", report.name}, {"version", report.version}, {"ready", report.ready}};
  if (!report.ready) {
    entry["reason"] = report.reason;
    entry["message"] = cut(report.message, message_bytes_max);
  }
  return entry;
}

std::string dump(const json& document) {
  // What a module said may not be UTF-8: the API server would refuse the whole write.
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

void set_condition(json& conditions, std::string_view type, bool holds, const std::string& reason,
                   const std::string& message, WallTime now) {
  const char* status = holds ? "True" : "False";
  json made = {{"type", type},
               {"status", status},
               {"reason", reason},
               {"message", message},
               {"lastTransitionTime", rfc3339(now)}};
  for (json& condition : conditions) {
    if (condition.is_object() && condition.value("type", "") == type) {
      if (condition.value("status", "") == status && condition.contains("lastTransitionTime")) {
        made["lastTransitionTime"] = condition["lastTransitionTime"];
      }
      condition = std::move(made);
      return;
    }
  }
  conditions.push_back(std::move(made));
}

}  // namespace

std::string applications_message(const std::vector<ApplicationReport>& applications) {
  for (const std::size_t message_bytes_max : {std::size_t{1024}, std::size_t{256}, std::size_t{64}, std::size_t{0}}) {
    json list = json::array();
    for (const ApplicationReport& report : applications) {
      list.push_back(one_application(report, message_bytes_max));
    }
    std::string text = dump(list);
    if (text.size() <= static_cast<std::size_t>(pod_contract::applications_message_bytes_max)) {
      return text;
    }
  }
  // Too many to name: those that are not ready come first, as many as fit.
  std::vector<ApplicationReport> ordered = applications;
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& left, const auto& right) { return left.ready < right.ready; });
  json list = json::array();
  std::size_t size = 2;
  for (const ApplicationReport& report : ordered) {
    json entry = one_application(report, 0);
    size += dump(entry).size() + 1;
    if (size > static_cast<std::size_t>(pod_contract::applications_message_bytes_max)) {
      break;
    }
    list.push_back(std::move(entry));
  }
  return dump(list);
}

json with_worker_conditions(const json& conditions, const WorkerReport& report, WallTime now) {
  json changed = conditions.is_array() ? conditions : json::array();
  set_condition(changed, pod_contract::joined_condition, report.joined, report.joined_reason, report.joined_message,
                now);
  const bool all_ready =
      std::all_of(report.applications.begin(), report.applications.end(), [](const auto& one) { return one.ready; });
  set_condition(changed, pod_contract::applications_condition, all_ready, all_ready ? "AllReady" : "NotReady",
                applications_message(report.applications), now);
  return changed;
}

}  // namespace troupe::node
