#include "local/api/watch.hpp"

#include <nlohmann/json.hpp>

#include "local/api/table_view.hpp"
#include "local/api/writes.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

// As often as kube-apiserver's watch cache sends them.
constexpr std::chrono::seconds bookmark_interval{60};
// kube-apiserver draws from [1800, 3600) when a client names none.
constexpr std::chrono::seconds timeout_default{1800};
constexpr std::chrono::seconds timeout_max{24 * 3600};

StoredObject with_revision(const StoredObject& object, std::uint64_t revision) {
  json document = *object.document;
  document["metadata"]["resourceVersion"] = std::to_string(revision);
  return {std::make_shared<const json>(document),
          std::make_shared<const std::string>(document.dump(-1, ' ', false, json::error_handler_t::replace)), revision};
}

std::string event_text(std::string_view type, const std::string& object) {
  return "{\"type\":\"" + std::string(type) + "\",\"object\":" + object + "}\n";
}

class WatchSession : public std::enable_shared_from_this<WatchSession> {
 public:
  WatchSession(std::shared_ptr<Store> store, EventLoop& loop, WatchRequest request,
               std::shared_ptr<platform::HttpStream> stream)
      : store_(std::move(store)), loop_(loop), request_(std::move(request)), stream_(std::move(stream)) {}

  void start() {
    auto self = shared_from_this();
    auto deliver = [self](const Change& change) { self->deliver(change); };
    const Storage storage = request_.resource->storage;
    std::optional<Store::WatchId> id = request_.after_revision
                                           ? store_->watch(storage, *request_.after_revision, deliver)
                                           : std::optional(store_->watch_with_state(storage, deliver));
    if (!id) {
      const StatusError error = expired("too old resource version: " + std::to_string(*request_.after_revision) + " (" +
                                        std::to_string(store_->revision()) + ")");
      std::string status = to_status_json(error);
      status.pop_back();  // An event is one line.
      stream_->write(event_text("ERROR", status));
      stream_->close();
      return;
    }
    // Never from inside the stream: the store's lock may be held by a writer that waits for this stream.
    stream_->on_closed([self, id] { self->loop_.post([self, id] { self->end(*id); }); });
    // Weak: the store's watcher owns the session, so a client that leaves early frees it early.
    loop_.run_after(request_.timeout, [weak = weak_from_this()] {
      if (auto session = weak.lock()) {
        session->time_out();
      }
    });
    if (request_.bookmarks) {
      schedule_bookmark();
    }
  }

 private:
  void deliver(const Change& change) {
    if (!request_.selection.namespace_name.empty() && change.key.namespace_name != request_.selection.namespace_name) {
      return;
    }
    if (std::optional<SelectedEvent> event = select_event(change, request_.selection)) {
      stream_->write(event_text(event->type, rendered(event->object)));
    }
  }

  std::string rendered(const StoredObject& object) {
    const ResourceEntry& resource = *request_.resource;
    if (request_.representation.form != Representation::Form::table) {
      return render_object(object, resource, request_.representation, request_.include_object,
                           loop_.clock().wall_now());
    }
    // Only the first Table of a watch carries the columns.
    const json document = in_version(*object.document, resource);
    json table{{"kind", "Table"},
               {"apiVersion", "meta.k8s.io/" + request_.representation.meta_version},
               {"metadata", {{"resourceVersion", document["metadata"]["resourceVersion"]}}},
               {"columnDefinitions", columns_sent_ ? json() : table_columns(resource)},
               {"rows", json::array({table_row(document, resource, loop_.clock().wall_now(),
                                               parse_include_object(request_.include_object),
                                               request_.representation.meta_version)})}};
    columns_sent_ = true;
    return table.dump(-1, ' ', false, json::error_handler_t::replace);
  }

  void send_bookmark() {
    store_->at_revision([this](std::uint64_t revision) {
      const std::string text = std::to_string(revision);
      const ResourceEntry& resource = *request_.resource;
      json object{{"kind", resource.kind},
                  {"apiVersion", resource.group_version()},
                  {"metadata", {{"resourceVersion", text}, {"creationTimestamp", nullptr}}}};
      if (request_.representation.form == Representation::Form::table) {
        object = {{"kind", "Table"},
                  {"apiVersion", "meta.k8s.io/" + request_.representation.meta_version},
                  {"metadata", {{"resourceVersion", text}}},
                  {"columnDefinitions", nullptr},
                  {"rows", json::array()}};
      } else if (request_.representation.form == Representation::Form::metadata_only) {
        object["kind"] = "PartialObjectMetadata";
        object["apiVersion"] = "meta.k8s.io/" + request_.representation.meta_version;
      }
      stream_->write(event_text("BOOKMARK", object.dump()));
    });
  }

  void schedule_bookmark() {
    std::weak_ptr<WatchSession> weak = weak_from_this();
    loop_.run_after(bookmark_interval, [weak] {
      auto self = weak.lock();
      if (self && !self->ended_) {
        self->send_bookmark();
        self->schedule_bookmark();
      }
    });
  }

  void time_out() {
    if (ended_) {
      return;
    }
    if (request_.bookmarks) {
      send_bookmark();
    }
    stream_->close();
  }

  void end(Store::WatchId id) {
    ended_ = true;
    store_->unwatch(id);
  }

  std::shared_ptr<Store> store_;
  EventLoop& loop_;
  WatchRequest request_;
  std::shared_ptr<platform::HttpStream> stream_;
  bool columns_sent_ = false;  // Touched under the store's lock only.
  bool ended_ = false;         // Touched on the loop's thread only.
};

}  // namespace

ApiResult<WatchRequest> parse_watch_request(const ResourcePath& path, const Query& query,
                                            const Representation& representation) {
  WatchRequest request;
  request.resource = path.resource;
  request.representation = representation;
  request.include_object = query.get("includeObject");
  request.bookmarks = query.flag("allowWatchBookmarks");
  if (query.has("sendInitialEvents")) {
    return invalid(
        "meta.k8s.io", "ListOptions", "",
        {forbidden_cause("sendInitialEvents",
                         "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled")});
  }
  if (!query.get("resourceVersionMatch").empty()) {
    return invalid(
        "meta.k8s.io", "ListOptions", "",
        {forbidden_cause("resourceVersionMatch",
                         "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")});
  }
  ApiResult<Selection> selection = parse_selection(path, query);
  if (!selection.ok()) {
    return selection.error();
  }
  request.selection = std::move(*selection);
  ApiResult<std::uint64_t> revision = parse_revision(query.get("resourceVersion"));
  if (!revision.ok()) {
    return revision.error();
  }
  if (*revision > 0) {
    request.after_revision = *revision;
  }
  const std::string seconds = query.get("timeoutSeconds");
  char* end = nullptr;
  const long long asked = std::strtoll(seconds.c_str(), &end, 10);
  if (*end != '\0' || asked < 0) {
    return bad_request("timeoutSeconds must be a whole number of seconds, not \"" + seconds + "\"");
  }
  request.timeout = asked == 0 ? timeout_default : std::min(std::chrono::seconds(asked), timeout_max);
  return request;
}

std::optional<SelectedEvent> select_event(const Change& change, const Selection& selection) {
  const bool before = change.before && selection.matches(*change.before->document);
  const bool after = change.after && selection.matches(*change.after->document);
  if (after) {
    return SelectedEvent{before ? "MODIFIED" : "ADDED", *change.after};
  }
  if (!before) {
    return std::nullopt;
  }
  return SelectedEvent{"DELETED", change.last ? *change.last : with_revision(*change.before, change.revision)};
}

void start_watch(std::shared_ptr<Store> store, EventLoop& loop, WatchRequest request,
                 const std::shared_ptr<platform::HttpExchange>& exchange) {
  auto stream = exchange->stream(200, {{"Content-Type", "application/json"}, {"Cache-Control", "no-cache, private"}});
  std::make_shared<WatchSession>(std::move(store), loop, std::move(request), std::move(stream))->start();
}

}  // namespace troupe::local
