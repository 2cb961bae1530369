#include "kube/client.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "kube/cpprest_transport.hpp"
#include "kube/decode.hpp"
#include "kube/request_path.hpp"
#include "kube/status.hpp"
#include "kube/watch_run.hpp"

namespace troupe::kube {
namespace {

using Json = nlohmann::json;
using std::chrono::steady_clock;

/// client-go's limit for answers with Retry-After.
constexpr int retries_max = 10;

std::string encode(const Json& document) {
  // A stray byte in somebody's text must not throw; the server refuses what it cannot take.
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string_view content_type(PatchType type) {
  switch (type) {
    case PatchType::merge:
      return "application/merge-patch+json";
    case PatchType::json:
      return "application/json-patch+json";
    case PatchType::strategic_merge:
      return "application/strategic-merge-patch+json";
    case PatchType::apply:
      return "application/apply-patch+yaml";
  }
  return "application/json";
}

std::string_view policy(Propagation propagation) {
  switch (propagation) {
    case Propagation::background:
      return "Background";
    case Propagation::foreground:
      return "Foreground";
    case Propagation::orphan:
      return "Orphan";
  }
  return "Background";
}

Json delete_body(const DeleteOptions& options) {
  Json body = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", policy(options.propagation)}};
  if (!options.uid.empty()) {
    body["preconditions"]["uid"] = options.uid;
  }
  if (!options.resource_version.empty()) {
    body["preconditions"]["resourceVersion"] = options.resource_version;
  }
  if (options.grace_period_seconds.has_value()) {
    body["gracePeriodSeconds"] = *options.grace_period_seconds;
  }
  if (options.dry_run) {
    body["dryRun"] = Json::array({"All"});
  }
  return body;
}

/// Items of a built-in list do not say what they are; single objects do. Here all do.
void name_type(Json& item, const ResourceType& type) {
  if (!item.contains("kind")) {
    item["kind"] = type.kind;
  }
  if (!item.contains("apiVersion")) {
    item["apiVersion"] = type.group_version();
  }
}

ApiError not_decodable(const Error& error, std::string_view context) {
  return error_of_transport(error.in("the answer"), context);
}

ApiResult<ObjectList> decode_list(std::string_view body, const ResourceType& type, std::string_view context) {
  auto document = decode_json(body);
  if (!document.ok()) {
    return not_decodable(document.error(), context);
  }
  const auto items = document->is_object() ? document->find("items") : document->end();
  const auto metadata = document->is_object() ? document->find("metadata") : document->end();
  // Go writes an empty list as null.
  const bool listed = items != document->end() && (items->is_array() || items->is_null());
  if (!listed || metadata == document->end() || !metadata->is_object()) {
    return not_decodable({ErrorCode::invalid_argument, "is not a list"}, context);
  }
  ObjectList out;
  const auto text = [&](const char* key) {
    const auto found = metadata->find(key);
    return found != metadata->end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  out.resource_version = text("resourceVersion");
  out.continue_token = text("continue");
  out.items.reserve(items->size());
  for (Json& item : *items) {
    if (!item.is_object()) {
      return not_decodable({ErrorCode::invalid_argument, "holds an item that is no object"}, context);
    }
    name_type(item, type);
    out.items.emplace_back(std::move(item));
  }
  return out;
}

ApiResult<Object> decode_object(std::string_view body, std::string_view context) {
  auto document = decode_json(body);
  if (!document.ok()) {
    return not_decodable(document.error(), context);
  }
  if (!document->is_object()) {
    return not_decodable({ErrorCode::invalid_argument, "is not an object"}, context);
  }
  return Object(std::move(*document));
}

class ApiClient final : public Client {
 public:
  ApiClient(Config config, Options options, std::shared_ptr<Transport> transport)
      : config_(std::move(config)), options_(std::move(options)), transport_(std::move(transport)) {}

  ApiResult<Object> get(const ResourceType& type, std::string_view namespace_name, std::string_view name) override {
    return for_object("GET", resource_path(type, namespace_name, name), {}, {});
  }

  ApiResult<ObjectList> list(const ResourceType& type, const ListOptions& options) override {
    const std::string path = resource_path(type, options.namespace_name);
    const auto body = request("GET", path + list_query(options), {}, {});
    if (!body.ok()) {
      return body.error();
    }
    return decode_list(*body, type, "GET " + path);
  }

  std::unique_ptr<Watch> watch(const ResourceType& type, const WatchOptions& options, WatchHandler handler) override {
    const std::string path = resource_path(type, options.namespace_name);
    const std::string target = path + watch_query(options);
    const auto silence = std::chrono::milliseconds(options.timeout) + options_.watch_grace;
    WatchPlan plan;
    plan.transport = transport_;
    plan.context = "GET " + path + " (watch)";
    plan.line_bytes_max = options_.watch_line_bytes_max;
    plan.head_timeout = options_.request_timeout;
    plan.make_request = [token = config_.token, agent = options_.user_agent, target,
                         silence]() -> Result<TransportRequest> {
      auto headers = make_headers(token, agent);
      if (!headers.ok()) {
        return headers.error();
      }
      return TransportRequest{"GET", target, std::move(*headers), {}, {}, silence};
    };
    plan.on_unauthorized = [token = config_.token] {
      if (token != nullptr) {
        token->invalidate();
      }
    };
    return run_watch(std::move(plan), std::move(handler));
  }

  ApiResult<Object> create_object(const ResourceType& type, std::string_view namespace_name, const Json& document,
                                  const WriteOptions& options) override {
    return for_object("POST", resource_path(type, namespace_name) + write_query(options), encode(document),
                      "application/json");
  }

  ApiResult<Object> replace(const ResourceType& type, std::string_view namespace_name, std::string_view name,
                            const Json& document, const WriteOptions& options) override {
    return for_object("PUT", resource_path(type, namespace_name, name, options.subresource) + write_query(options),
                      encode(document), "application/json");
  }

  ApiResult<Object> patch(const ResourceType& type, std::string_view namespace_name, std::string_view name,
                          PatchType patch_type, const Json& patch, const WriteOptions& options) override {
    return for_object("PATCH", resource_path(type, namespace_name, name, options.subresource) + write_query(options),
                      encode(patch), content_type(patch_type));
  }

  ApiResult<Object> remove(const ResourceType& type, std::string_view namespace_name, std::string_view name,
                           const DeleteOptions& options) override {
    return for_object("DELETE", resource_path(type, namespace_name, name), encode(delete_body(options)),
                      "application/json");
  }

  ApiResult<Object> post_subresource(const ResourceType& type, std::string_view namespace_name, std::string_view name,
                                     std::string_view subresource, const Json& document) override {
    return for_object("POST", resource_path(type, namespace_name, name, subresource), encode(document),
                      "application/json");
  }

  ApiResult<std::string> get_raw(std::string_view path_and_query) override {
    return request("GET", std::string(path_and_query), {}, {});
  }

  [[nodiscard]] const Config& config() const override { return config_; }

  void stop() override {
    transport_->stop();
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    stop_changed_.notify_all();
  }

 private:
  static Result<TransportHeaders> make_headers(const std::shared_ptr<TokenSource>& source, const std::string& agent) {
    TransportHeaders headers{{"Accept", "application/json"}, {"User-Agent", agent}};
    if (source != nullptr) {
      auto token = source->token();
      if (!token.ok()) {
        return token.error().in("bearer token");
      }
      if (!token->empty()) {
        headers.emplace_back("Authorization", "Bearer " + *token);
      }
    }
    return headers;
  }

  ApiResult<Object> for_object(std::string_view method, const std::string& target, std::string body,
                               std::string_view type) {
    const auto answer = request(method, target, std::move(body), type);
    if (!answer.ok()) {
      return answer.error();
    }
    return decode_object(*answer, context_of(method, target));
  }

  static std::string context_of(std::string_view method, std::string_view target) {
    return std::string(method) + " " + std::string(target.substr(0, target.find('?')));
  }

  /// The body of a 2xx answer.
  ApiResult<std::string> request(std::string_view method, const std::string& target, std::string body,
                                 std::string_view type) {
    const std::string context = context_of(method, target);
    const auto deadline = steady_clock::now() + options_.request_timeout;
    TransportRequest out{std::string(method), target, {}, std::move(body), std::string(type), {}};
    bool token_renewed = false;
    for (int tries = 0;; ++tries) {
      auto headers = make_headers(config_.token, options_.user_agent);
      if (!headers.ok()) {
        return error_of_transport(headers.error(), context);
      }
      out.headers = std::move(*headers);
      out.timeout = std::max(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_clock::now()),
                             std::chrono::milliseconds(1));
      auto answer = transport_->send(out);
      if (!answer.ok()) {
        return error_of_transport(answer.error(), context);
      }
      if (answer->status >= 200 && answer->status < 300) {
        warn(answer->header("Warning"), context);
        return std::move(answer->body);
      }
      ApiError error = error_of_response(answer->status, answer->body, answer->header("Retry-After"), context);
      if (error.unauthorized() && config_.token != nullptr && !token_renewed) {
        token_renewed = true;
        config_.token->invalidate();
      } else if (method != "GET" || !error.retriable() || tries >= retries_max ||
                 !wait_as_told(error.retry_after, deadline)) {
        return error;
      }
    }
  }

  /// False when the server did not say how long to wait, or says longer than the request may last.
  bool wait_as_told(std::optional<std::chrono::seconds> delay, steady_clock::time_point deadline) {
    if (!delay.has_value() || steady_clock::now() + *delay >= deadline) {
      return false;
    }
    std::unique_lock lock(mutex_);
    return !stop_changed_.wait_for(lock, *delay, [this] { return stopped_; });
  }

  static void warn(std::string_view warning, std::string_view context) {
    if (!warning.empty()) {
      log_warning("the API server warns", {{"request", context}, {"warning", warning}});
    }
  }

  const Config config_;
  const Options options_;
  const std::shared_ptr<Transport> transport_;
  std::mutex mutex_;
  std::condition_variable stop_changed_;
  bool stopped_ = false;
};

}  // namespace

Result<std::shared_ptr<Client>> Client::create(Config config, Options options) {
  auto transport = make_cpprest_transport(config, options.response_bytes_max);
  if (!transport.ok()) {
    return transport.error();
  }
  return std::shared_ptr<Client>(
      std::make_shared<ApiClient>(std::move(config), std::move(options), std::move(transport).value()));
}

}  // namespace troupe::kube
