// metadata: what a client may write there, and what the server writes. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "local/api/resource_table.hpp"
#include "local/api/status_error.hpp"

namespace troupe::local {

/// "2026-11-21T07:29:01Z".
[[nodiscard]] std::string rfc3339_seconds(WallTime time);
/// A random (version 4) UUID.
[[nodiscard]] std::string make_uuid(Random& random);
/// Five characters that cannot spell words, as generateName appends them.
[[nodiscard]] std::string make_name_suffix(Random& random);

/// The string at `object.metadata.key`; "" when absent.
[[nodiscard]] std::string metadata_text(const nlohmann::json& object, std::string_view key);
/// Whether metadata.finalizers holds anything.
[[nodiscard]] bool has_finalizers(const nlohmann::json& object);
[[nodiscard]] bool has_finalizer(const nlohmann::json& object, std::string_view finalizer);
[[nodiscard]] bool being_deleted(const nlohmann::json& object);

/// Checks that the body is an object of this resource for this namespace and name ("" for any), and writes apiVersion,
/// kind and namespace into it. Errors: 400.
ApiResult<void> settle_identity(nlohmann::json& object, const ResourceEntry& resource, std::string_view namespace_name,
                                std::string_view name);

/// Removes what only the server writes, unknown fields (appended to `unknown`), and empty maps and lists.
void clean_metadata(nlohmann::json& object, std::vector<std::string>& unknown);

/// Name, labels, annotations, finalizers and owner references, as kube-apiserver checks them.
[[nodiscard]] std::vector<StatusCause> validate_metadata(const nlohmann::json& object, const ResourceEntry& resource);
/// A new finalizer on an object that is being deleted.
[[nodiscard]] std::vector<StatusCause> validate_metadata_update(const nlohmann::json& object,
                                                                const nlohmann::json& before);

}  // namespace troupe::local
