// Create, replace and patch: what kube-apiserver does between the body of a request and its storage.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "local/api/request.hpp"
#include "local/api/status_error.hpp"
#include "local/api/store.hpp"

namespace troupe::local {

/// What writes need besides the request.
struct WriteContext {
  Store& store;
  const Clock& clock;
  Random& random;
  std::string ca_pem;  ///< Published in each namespace as ConfigMap kube-root-ca.crt.
};

struct WriteTarget {
  const ResourceEntry* resource = nullptr;
  std::string namespace_name;
  std::string name;         ///< "" for create.
  std::string subresource;  ///< "" or "status".
  WriteParameters parameters;

  [[nodiscard]] ObjectKey key() const { return {resource->storage, namespace_name, name}; }
};

struct WriteOutcome {
  StoredObject object;
  bool created = false;
  std::vector<std::string> warnings;
};

enum class PatchFormat { json, merge, strategic_merge };

ApiResult<WriteOutcome> create_object(const WriteContext& context, const WriteTarget& target, nlohmann::json body);
ApiResult<WriteOutcome> replace_object(const WriteContext& context, const WriteTarget& target, nlohmann::json body);
ApiResult<WriteOutcome> patch_object(const WriteContext& context, const WriteTarget& target, PatchFormat format,
                                     const nlohmann::json& patch);

/// Reads the current object and writes what `change` makes of it, with every rule of a replace. For subresources whose
/// documents are not the object itself (scale, binding).
using ObjectChange = std::function<ApiResult<nlohmann::json>(const nlohmann::json& current)>;
ApiResult<WriteOutcome> change_object(const WriteContext& context, const WriteTarget& target,
                                      const ObjectChange& change);

/// The document as this version of the API shows it.
[[nodiscard]] nlohmann::json in_version(const nlohmann::json& document, const ResourceEntry& resource);
/// The same as text, without copying when the stored version is the one asked for.
[[nodiscard]] std::string text_in_version(const StoredObject& object, const ResourceEntry& resource);

/// Creates namespace `name` with what every namespace holds, unless it exists.
void ensure_namespace(const WriteContext& context, std::string_view name);

}  // namespace troupe::local
