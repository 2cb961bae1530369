// What a worker reads of a TroupeApplication. The operator has validated it; a worker still trusts nothing. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "kube/object.hpp"
#include "troupe/supervisor.hpp"
#include "troupe/term.hpp"

namespace troupe::node {

struct ModuleReference {
  std::string name;
  std::string version;
  std::string path;
  std::string sha256;  ///< "" = not checked.
};

struct ChildDescription {
  std::string name;
  std::string process_class;       ///< "" for a command.
  Term arguments = Term::map({});  ///< Of the class, by field name.
  std::vector<std::string> argv;   ///< Of a command.
  Restart restart = Restart::permanent;
  std::chrono::seconds shutdown_timeout{5};
};

struct ApplicationSpec {
  std::string name;
  std::string uid;
  std::optional<ModuleReference> module;
  Strategy strategy = Strategy::one_for_one;
  RestartIntensity intensity;
  std::vector<ChildDescription> children;
  std::string fingerprint;  ///< Changes with anything.
  /// Changes with anything but the module: while it stays, a running application can be upgraded in place.
  std::string shape;
};

/// spec.clusterRef.name; "" when there is none.
[[nodiscard]] std::string cluster_of(const kube::Object& application);

/// Errors: `invalid_argument` with the field's path and what was wrong; `unsupported` for what this version cannot do.
Result<ApplicationSpec> parse_application(const kube::Object& application);

/// JSON to the term a class's start arguments are read from: objects become maps with binary keys, strings binaries,
/// null the atom undefined.
[[nodiscard]] Term term_from_json(const nlohmann::json& value);

}  // namespace troupe::node
