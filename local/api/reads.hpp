// Get and list: snapshots, pages, selectors, resourceVersion rules, and the documents they are answered with.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "local/api/representation.hpp"
#include "local/api/request.hpp"
#include "local/api/selectors.hpp"
#include "local/api/status_error.hpp"
#include "local/api/store.hpp"

namespace troupe::local {

struct ReadContext {
  const Store& store;
  const Clock& clock;
};

/// Both selectors of a list or watch.
struct Selection {
  std::string namespace_name;
  LabelSelector labels;
  FieldSelector fields;

  [[nodiscard]] bool matches(const nlohmann::json& object) const;
};
/// Errors: 400.
ApiResult<Selection> parse_selection(const ResourcePath& path, const Query& query);

/// A resourceVersion sent by a client; 0 for "" and "0". Error: 400.
ApiResult<std::uint64_t> parse_revision(const std::string& text);

/// The JSON text of one object. Errors: 404, 400, 504 for a resourceVersion that is not reached yet.
ApiResult<std::string> read_object(const ReadContext& context, const ResourcePath& path, const Query& query,
                                   const Representation& representation);

/// The JSON text of a list. Errors: 400, 410, 422, 504.
ApiResult<std::string> read_list(const ReadContext& context, const ResourcePath& path, const Query& query,
                                 const Representation& representation);

/// One object in the form asked for.
[[nodiscard]] std::string render_object(const StoredObject& object, const ResourceEntry& resource,
                                        const Representation& representation, std::string_view include_object,
                                        WallTime now);
/// A list of these objects; `revision` 0 and an empty token leave those fields out.
[[nodiscard]] std::string render_list(const std::vector<StoredObject>& objects, const ResourceEntry& resource,
                                      const Representation& representation, std::string_view include_object,
                                      WallTime now, std::uint64_t revision, const std::string& continue_token,
                                      std::size_t remaining);

}  // namespace troupe::local
