// Revisions: which intents of the user the cluster's pods were made from.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "operator/desired/owner.hpp"

namespace troupe::desired {

/// Ten characters that are safe in names and labels. Equal for equal intents, over releases of the operator too: only
/// what the user wrote goes in, never what the operator builds from it.
[[nodiscard]] std::string revision_of(const nlohmann::json& intent_document);

/// A ControllerRevision of ours. `document` belongs to whoever observed it.
struct Revision {
  std::string hash;
  std::int64_t number = 0;
  const nlohmann::json* document = nullptr;
};

/// Those of `documents` that are this cluster's and well-formed, oldest first.
[[nodiscard]] std::vector<Revision> read_revisions(const Owner& owner,
                                                   const std::vector<const nlohmann::json*>& documents);

/// ControllerRevisions that no pod was made from are kept up to this number, as a Deployment does.
inline constexpr std::size_t revision_history_max = 10;

}  // namespace troupe::desired
