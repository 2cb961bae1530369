#include "operator/resource/condition.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json_text.hpp"
#include "operator/resource/timestamp.hpp"

namespace troupe::resource {
namespace {

using nlohmann::json;

/// Cuts between UTF-8 characters, never inside one.
std::string cut(std::string message) {
  if (message.size() > condition_message_bytes_max) {
    std::size_t end = condition_message_bytes_max - 3;
    while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0U) == 0x80U) {
      --end;
    }
    message.resize(end);
    message += "...";
  }
  return message;
}

}  // namespace

Condition condition(std::string_view type, bool holds, std::string reason, std::string message) {
  return {std::string(type), holds ? ConditionStatus::is_true : ConditionStatus::is_false, std::move(reason),
          std::move(message)};
}

std::string_view to_string(ConditionStatus status) {
  switch (status) {
    case ConditionStatus::is_true:
      return "True";
    case ConditionStatus::is_false:
      return "False";
    case ConditionStatus::unknown:
      break;
  }
  return "Unknown";
}

const json* find_condition(const json& conditions, std::string_view type) {
  if (!conditions.is_array()) {
    return nullptr;
  }
  for (const json& condition : conditions) {
    if (condition.is_object() && text_in(condition, "type") == type) {
      return &condition;
    }
  }
  return nullptr;
}

std::string condition_since(const json& conditions, std::string_view type, ConditionStatus status) {
  const json* condition = find_condition(conditions, type);
  if (condition == nullptr || text_in(*condition, "status") != to_string(status)) {
    return {};
  }
  return text_in(*condition, "lastTransitionTime");
}

json conditions_document(const json& previous, const std::vector<Condition>& found, std::int64_t generation,
                         WallTime now) {
  json document = json::array();
  for (const Condition& condition : found) {
    std::string since = condition_since(previous, condition.type, condition.status);
    if (!parse_timestamp(since)) {
      since = format_timestamp(now);
    }
    document.push_back({{"type", condition.type},
                        {"status", to_string(condition.status)},
                        {"observedGeneration", generation},
                        {"lastTransitionTime", since},
                        {"reason", condition.reason},
                        {"message", cut(condition.message)}});
  }
  if (previous.is_array()) {
    for (const json& other : previous) {
      const std::string type = other.is_object() ? text_in(other, "type") : std::string();
      const bool ours = std::any_of(found.begin(), found.end(), [&](const Condition& c) { return c.type == type; });
      if (!type.empty() && !ours) {
        document.push_back(other);
      }
    }
  }
  return document;
}

}  // namespace troupe::resource
