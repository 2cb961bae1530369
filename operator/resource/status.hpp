// What the operator writes into the status of its resources.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "operator/resource/condition.hpp"

namespace troupe::resource {

struct ClusterStatus {
  std::int64_t observed_generation = 0;
  int replicas = 0;         ///< Worker pods that are not being deleted and have not ended.
  int ready_replicas = 0;   ///< Of those, Ready.
  int joined_replicas = 0;  ///< Of those, Ready and linked to every other worker.
  std::string selector;
  std::string current_revision;
  std::string update_revision;
  std::vector<Condition> conditions;  ///< Ready, Progressing, Degraded.
};

struct ApplicationStatus {
  std::int64_t observed_generation = 0;
  std::map<std::string, int> members_by_version;
  std::vector<Condition> conditions;  ///< Accepted, Ready, Progressing.
};

/// The whole status as it is to be; `previous` is the status as it stands (null when there is none).
[[nodiscard]] nlohmann::json status_document(const ClusterStatus& status, const nlohmann::json& previous, WallTime now);
[[nodiscard]] nlohmann::json status_document(const ApplicationStatus& status, const nlohmann::json& previous,
                                             WallTime now);

/// The JSON merge patch (RFC 7386) that turns `from` into `to`; an empty object when they are equal. Lists are replaced
/// whole.
[[nodiscard]] nlohmann::json merge_patch(const nlohmann::json& from, const nlohmann::json& to);

}  // namespace troupe::resource
