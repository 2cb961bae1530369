// Standard status conditions (metav1.Condition).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace troupe::resource {

enum class ConditionStatus { is_true, is_false, unknown };
/// "True", "False", "Unknown".
[[nodiscard]] std::string_view to_string(ConditionStatus status);

/// One aspect of an object's state as it was just found. When it last changed is `conditions_document`'s business.
struct Condition {
  std::string type;  ///< "Ready", "Progressing", ...
  ConditionStatus status = ConditionStatus::unknown;
  std::string reason;   ///< One CamelCase word.
  std::string message;  ///< For people; cut to `condition_message_bytes_max`.

  bool operator==(const Condition&) const = default;
};

/// True or False, as `holds` says.
[[nodiscard]] Condition condition(std::string_view type, bool holds, std::string reason, std::string message);

/// Far below the schema's 32768, since a status is sent to every watcher.
inline constexpr std::size_t condition_message_bytes_max = 2048;

/// `found` as status.conditions. lastTransitionTime moves only when a condition's status differs from the one of that
/// type in `previous` (the list as it stands in the object; anything malformed in it is ignored). Conditions of other
/// types in `previous` are kept: they are somebody else's.
[[nodiscard]] nlohmann::json conditions_document(const nlohmann::json& previous, const std::vector<Condition>& found,
                                                 std::int64_t generation, WallTime now);

/// The condition of that type in a list of conditions; null when there is none.
[[nodiscard]] const nlohmann::json* find_condition(const nlohmann::json& conditions, std::string_view type);
const nlohmann::json* find_condition(const nlohmann::json&& conditions, std::string_view type) = delete;

/// When the condition of that type last changed its status, if it has `status` now.
[[nodiscard]] std::string condition_since(const nlohmann::json& conditions, std::string_view type,
                                          ConditionStatus status);

}  // namespace troupe::resource
