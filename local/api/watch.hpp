// A running watch: changes of one kind, selected and rendered for one client, until it leaves or its time is up.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/event_loop.hpp"
#include "local/api/reads.hpp"
#include "local/api/representation.hpp"
#include "local/api/store.hpp"
#include "platform/http_server.hpp"

namespace troupe::local {

struct WatchRequest {
  const ResourceEntry* resource = nullptr;
  Selection selection;
  Representation representation;
  std::string include_object;
  /// Empty: the present state first, then what follows.
  std::optional<std::uint64_t> after_revision;
  bool bookmarks = false;
  std::chrono::seconds timeout{0};
};

/// Errors: 400, and 422 for sendInitialEvents, which this server does not do.
ApiResult<WatchRequest> parse_watch_request(const ResourcePath& path, const Query& query,
                                            const Representation& representation);

/// What a client whose selection is `selection` is told of `change`: "ADDED", "MODIFIED", "DELETED" with the object to
/// show, or nothing. An object that leaves the selection is DELETED as it was, under the new resourceVersion.
struct SelectedEvent {
  std::string_view type;
  StoredObject object;
};
[[nodiscard]] std::optional<SelectedEvent> select_event(const Change& change, const Selection& selection);

/// Answers the exchange with a stream and returns at once. `loop` must outlive every watch.
void start_watch(std::shared_ptr<Store> store, EventLoop& loop, WatchRequest request,
                 const std::shared_ptr<platform::HttpExchange>& exchange);

}  // namespace troupe::local
