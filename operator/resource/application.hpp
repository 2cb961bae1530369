// TroupeApplication (crds/troupeapplications.yaml): parsed, defaulted, validated. The authority for what a valid one
// is.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "operator/resource/field_error.hpp"
#include "operator/resource/metadata.hpp"

namespace troupe::resource {

inline constexpr std::size_t children_max = 64;

struct Module {
  std::string name;
  std::string version;
  std::string sha256;  ///< 64 lower-case hexadecimal digits; empty when not given.
  std::string path;    ///< Absolute, in the worker's image.
};

enum class ChildType { process, command };

/// What the operator needs to know of a child; the worker reads the rest from the resource itself.
struct Child {
  std::string name;
  ChildType type = ChildType::process;
};

struct Application {
  Metadata metadata;
  std::string cluster;  ///< spec.clusterRef.name, in the same namespace.
  std::optional<Module> module;
  std::vector<Child> children;

  /// What the workers report as the version that runs: the module's, "" without a module.
  [[nodiscard]] std::string version() const { return module ? module->version : std::string(); }
};

[[nodiscard]] Parsed<Application> parse_application(const nlohmann::json& document);

/// spec.clusterRef.name of a document that may be invalid otherwise; "" when there is none.
[[nodiscard]] std::string cluster_of_application(const nlohmann::json& document);

}  // namespace troupe::resource
