// Label and field selectors as `labelSelector` and `fieldSelector` carry them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "local/api/resource_table.hpp"
#include "local/api/status_error.hpp"

namespace troupe::local {

/// "a=b,c!=d,e in (f,g),h notin (i),j,!k,n>1": all must hold. Empty matches everything.
class LabelSelector {
 public:
  /// Error: 400 naming the part that cannot be parsed.
  static ApiResult<LabelSelector> parse(std::string_view text);
  /// From a metav1.LabelSelector document ({matchLabels, matchExpressions}).
  static ApiResult<LabelSelector> from_document(const nlohmann::json& selector);

  [[nodiscard]] bool matches(const nlohmann::json& object) const;
  [[nodiscard]] bool empty() const { return requirements_.empty(); }

 private:
  enum class Operator { in, not_in, exists, absent, greater, less };
  struct Requirement {
    std::string key;
    Operator op;
    std::vector<std::string> values;
  };
  static ApiResult<Requirement> parse_requirement(std::string_view text);

  std::vector<Requirement> requirements_;
};

/// "metadata.name=x,status.phase!=Running": all must hold. The fields are those that kube-apiserver knows for the kind.
class FieldSelector {
 public:
  /// Error: 400 naming the field that the kind has no selector for.
  static ApiResult<FieldSelector> parse(std::string_view text, const ResourceEntry& resource);

  [[nodiscard]] bool matches(const nlohmann::json& object) const;
  [[nodiscard]] bool empty() const { return requirements_.empty(); }

 private:
  struct Requirement {
    std::vector<std::string> path;
    std::string value;
    bool equal;
  };
  std::vector<Requirement> requirements_;
};

}  // namespace troupe::local
