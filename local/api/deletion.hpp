// Deleting, and everything that follows from it: grace, finalizers, garbage collection by ownerReferences, namespaces.
//
// A real cluster does the following parts in controllers, some time later; here they happen in the transaction that
// causes them. Source: registry/generic/registry/store.go, controller/garbagecollector, controller/namespace.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "local/api/status_error.hpp"
#include "local/api/store.hpp"
#include "local/api/writes.hpp"

namespace troupe::local {

enum class Propagation { unset, background, foreground, orphan };

struct DeleteParameters {
  std::string uid;               ///< Precondition when set.
  std::string resource_version;  ///< Precondition when set.
  std::optional<std::int64_t> grace_period_seconds;
  Propagation propagation = Propagation::unset;
  bool dry_run = false;
};

/// From the body (a DeleteOptions document or null) and the query. Errors: 400, 422.
ApiResult<DeleteParameters> parse_delete_parameters(const nlohmann::json& body, const Query& query);

struct DeleteOutcome {
  StoredObject last;  ///< As it was when it went, or as it stands while it waits.
  bool gone = false;
};

ApiResult<DeleteOutcome> delete_object(const WriteContext& context, const ResourceEntry& resource, const ObjectKey& key,
                                       const DeleteParameters& parameters);

/// Writes `document`, or removes the object when only its last finalizer kept it. Returns the document as answered.
StoredObject write_or_finish(Store::Transaction& transaction, const ObjectKey& key, nlohmann::json document);

/// Garbage collection, orphaning, and emptied namespaces, for all that the transaction has changed.
void settle_consequences(Store::Transaction& transaction, const Clock& clock);

}  // namespace troupe::local
