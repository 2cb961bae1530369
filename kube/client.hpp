// Requests to a Kubernetes API server. All methods are thread-safe; all but `watch` block the caller (never call them
// on an event loop's thread) and end within Options::request_timeout.
//
// No write is sent twice behind the caller's back: after a lost answer a create may have happened; read back. A request
// refused with 401 is sent once more with a fresh token; a GET answered with 429 or 5xx and a Retry-After is sent again
// within its timeout. Redirects are not followed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "kube/api_error.hpp"
#include "kube/config.hpp"
#include "kube/object.hpp"

namespace troupe::kube {

template <class T>
using ApiResult = Result<T, ApiError>;

struct ObjectList {
  std::vector<Object> items;
  std::string resource_version;
  std::string continue_token;  ///< "" on the last page.
};

struct ListOptions {
  std::string namespace_name{};  ///< "" lists all namespaces.
  std::string label_selector{};
  std::string field_selector{};
  std::int64_t limit = 500;  ///< Page size; 0 asks for everything at once.
  std::string continue_token{};
  std::string resource_version{};  ///< "" = most recent, "0" = any cached.
};

struct WatchOptions {
  std::string namespace_name{};
  std::string label_selector{};
  std::string field_selector{};
  std::string resource_version{};
  bool bookmarks = true;
  std::chrono::seconds timeout{
      290};  ///< timeoutSeconds asked of the server; the client gives up 30 s of silence later.
};

enum class WatchEventType { added, modified, deleted, bookmark, error };

struct WatchEvent {
  WatchEventType type;
  Object object;   ///< For `error` empty.
  ApiError error;  ///< For `error` alone: the Status inside the stream.
};

/// Called on a thread of the client, one call at a time; blocking in it slows the stream down (back-pressure), and
/// nothing else; blocking for longer than a watch may be silent loses the watch.
struct WatchHandler {
  std::function<void()> on_open;  ///< Answered 200; events follow. May be null.
  std::function<void(WatchEvent)> on_event;
  /// Last call, exactly once unless the Watch is destroyed first. No error: the server ended the watch in an orderly
  /// way.
  std::function<void(std::optional<ApiError>)> on_end;
};

/// A running watch. Destroying it cancels and waits until no handler runs any more (do not destroy inside a handler).
class Watch {
 public:
  virtual ~Watch() = default;
};

enum class PatchType { merge, json, strategic_merge, apply };

struct WriteOptions {
  std::string subresource{};  ///< "status", "scale" or "".
  std::string field_manager = "troupe";
  bool dry_run = false;
  bool force = false;  ///< Server-side apply only.
};

enum class Propagation { background, foreground, orphan };

struct DeleteOptions {
  std::string uid{};               ///< Precondition when set.
  std::string resource_version{};  ///< Precondition when set.
  std::optional<std::int64_t> grace_period_seconds{};
  Propagation propagation = Propagation::background;
  bool dry_run = false;
};

class Client {
 public:
  struct Options {
    /// Of a watch, until it is answered.
    std::chrono::milliseconds request_timeout{30'000};
    std::string user_agent = "troupe";
    /// A watch that is silent for WatchOptions::timeout and this long is given up: the connection is half open.
    std::chrono::milliseconds watch_grace{30'000};
    std::size_t response_bytes_max = 256U * 1024 * 1024;  ///< A list page above it is `limit_exceeded`.
    std::size_t watch_line_bytes_max = 8U * 1024 * 1024;  ///< etcd refuses objects above 1.5 MiB.
  };

  /// Does not connect. Errors: `invalid_argument` for a config that cannot work (unreadable certificate, bad URL).
  static Result<std::shared_ptr<Client>> create(Config config, Options options);
  static Result<std::shared_ptr<Client>> create(Config config) { return create(std::move(config), Options{}); }
  virtual ~Client() = default;

  virtual ApiResult<Object> get(const ResourceType& type, std::string_view namespace_name, std::string_view name) = 0;
  /// One page.
  virtual ApiResult<ObjectList> list(const ResourceType& type, const ListOptions& options) = 0;
  virtual std::unique_ptr<Watch> watch(const ResourceType& type, const WatchOptions& options, WatchHandler handler) = 0;
  virtual ApiResult<Object> create_object(const ResourceType& type, std::string_view namespace_name,
                                          const nlohmann::json& document, const WriteOptions& options = {}) = 0;
  virtual ApiResult<Object> replace(const ResourceType& type, std::string_view namespace_name, std::string_view name,
                                    const nlohmann::json& document, const WriteOptions& options = {}) = 0;
  /// Preconditions travel in the body: metadata.uid and metadata.resourceVersion for a merge patch, `test` for JSON.
  virtual ApiResult<Object> patch(const ResourceType& type, std::string_view namespace_name, std::string_view name,
                                  PatchType patch_type, const nlohmann::json& patch,
                                  const WriteOptions& options = {}) = 0;
  /// The object as it stands while it is being deleted, or the server's Status document.
  virtual ApiResult<Object> remove(const ResourceType& type, std::string_view namespace_name, std::string_view name,
                                   const DeleteOptions& options = {}) = 0;
  /// POST to a subresource: pods/binding, serviceaccounts/token, pods/eviction.
  virtual ApiResult<Object> post_subresource(const ResourceType& type, std::string_view namespace_name,
                                             std::string_view name, std::string_view subresource,
                                             const nlohmann::json& document) = 0;
  /// GET of any path ("/version", "/readyz"): the body as text.
  virtual ApiResult<std::string> get_raw(std::string_view path_and_query) = 0;
  [[nodiscard]] virtual const Config& config() const = 0;
  /// Ends running requests and watches with status 0 and refuses all later ones, so that a program can stop in time
  /// though its server hangs.
  virtual void stop() {}
};

}  // namespace troupe::kube
