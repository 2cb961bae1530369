// The part of Kubernetes's JSONPath that printer columns use: .a.b, ['a.b'], [0], [*], [?(@.type=="Ready")].
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

namespace troupe::local {

/// Every value that `path` (".spec.replicas", with or without braces) selects; none for a path that is not understood.
[[nodiscard]] std::vector<nlohmann::json> select_json_path(const nlohmann::json& document, std::string_view path);

}  // namespace troupe::local
