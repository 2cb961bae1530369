#include "local/api/api.hpp"

#include <chrono>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "local/api/built_in_crds.hpp"
#include "local/api/discovery.hpp"
#include "local/api/json_body.hpp"
#include "local/api/object_meta.hpp"
#include "local/api/openapi.hpp"
#include "local/api/reply.hpp"
#include "local/api/resource_handler.hpp"
#include "local/api/watch.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

constexpr std::chrono::hours event_lifetime{1};  // kube-apiserver's --event-ttl.

bool is_health_path(const std::string& path) {
  return path == "/healthz" || path == "/readyz" || path == "/livez" || path.starts_with("/healthz/") ||
         path.starts_with("/readyz/") || path.starts_with("/livez/");
}

std::string version_document() {
  return json{{"major", "1"},    {"minor", "32"},      {"gitVersion", "v1.32.0-troupe-local"},
              {"gitCommit", ""}, {"gitTreeState", ""}, {"buildDate", "1970-01-01T00:00:00Z"},
              {"goVersion", ""}, {"compiler", "gcc"},  {"platform", "linux/amd64"}}
             .dump(2) +
         "\n";
}

std::string_view bearer_token(const platform::HttpRequest& request) {
  const std::string_view value = request.header("authorization");
  constexpr std::string_view scheme = "Bearer ";
  return value.starts_with(scheme) ? value.substr(scheme.size()) : std::string_view();
}

}  // namespace

class Api::Impl {
 public:
  Impl(std::shared_ptr<Store> store, EventLoop& loop, Random& random, Credentials credentials,
       std::unique_ptr<KubeletProxy> kubelets)
      : store_(std::move(store)),
        loop_(loop),
        credentials_(std::move(credentials)),
        context_{*store_, loop.clock(), random, credentials_.ca_pem()},
        kubelets_(std::move(kubelets)) {}

  void furnish() {
    for (const char* name : {"default", "kube-system", "kube-public", "kube-node-lease"}) {
      ensure_namespace(context_, name);
    }
    for (const json& crd : built_in_crds()) {
      ensure_definition(crd);
    }
  }

  void expire_events() {
    const WallTime now = loop_.clock().wall_now();
    const std::string oldest = rfc3339_seconds(now - event_lifetime);
    Result<void> done = store_->transact([&](Store::Transaction& transaction) {
      for (const StoredObject& event : transaction.list(Storage::events, "")) {
        const json& document = *event.document;
        const json last = document.value("lastTimestamp", json());
        const std::string seen =
            last.is_string() && last != "" ? last.get<std::string>() : metadata_text(document, "creationTimestamp");
        if (seen < oldest) {
          transaction.remove({Storage::events, metadata_text(document, "namespace"), metadata_text(document, "name")});
        }
      }
      return true;
    });
    if (!done.ok()) {
      log_warning("old events cannot be removed", {{"error", done.error().message}});
    }
  }

  void handle(const platform::HttpRequest& request, const std::shared_ptr<platform::HttpExchange>& exchange) {
    const std::optional<RequestTarget> target = parse_request_target(request.target);
    if (!target) {
      send(reply_to_error(bad_request("the request target is not a path with a query")), *exchange);
      return;
    }
    if (is_health_path(target->path)) {
      send({200, "ok", "text/plain; charset=utf-8", {}}, *exchange);
      return;
    }
    const std::string_view token = bearer_token(request);
    const std::optional<std::string> user = known_user(token);
    if (!user && (target->path != "/version" || !token.empty())) {
      send(reply_to_error(unauthorized()), *exchange);
      return;
    }
    ApiResult<std::optional<Reply>> reply = internal_error("not answered");
    try {
      reply = answer(request, *target, user.value_or(""), exchange);
    } catch (const json::exception& problem) {
      // Built-in kinds are kept as sent but for what is looked at, so a value of another type shows up where it is
      // used.
      reply = bad_request(std::string("an object holds a value of another type than its kind has there: ") +
                          problem.what());
    }
    if (!reply.ok()) {
      send(reply_to_error(reply.error()), *exchange);
    } else if (reply->has_value()) {
      send(**reply, *exchange);
    }
  }

  std::string address;

 private:
  std::optional<std::string> known_user(std::string_view token) const {
    const std::optional<Credentials::User> user = credentials_.user_of(token, loop_.clock().wall_now());
    if (!user || user->account_name.empty()) {
      return user ? std::optional(user->name) : std::nullopt;
    }
    // A token ends with its account; one of the same name is another account.
    auto account = store_->get({Storage::service_accounts, user->account_namespace, user->account_name});
    const bool same = account && metadata_text(*account->document, "uid") == user->account_uid;
    return same ? std::optional(user->name) : std::nullopt;
  }

  // Empty when the exchange has been taken over by a stream.
  ApiResult<std::optional<Reply>> answer(const platform::HttpRequest& request, const RequestTarget& target,
                                         const std::string& user,
                                         const std::shared_ptr<platform::HttpExchange>& exchange) {
    if (target.path == "/version") {
      return std::optional(Reply{200, version_document(), "application/json", {}});
    }
    if (std::optional<Reply> document = static_document(request, target)) {
      return document;
    }
    if (request.method == "POST" && target.segments.size() == 4 && target.segments[0] == "apis") {
      if (std::optional<ApiResult<Reply>> review = review_of(request, target, user)) {
        return review->ok() ? ApiResult<std::optional<Reply>>(std::optional(**review))
                            : ApiResult<std::optional<Reply>>(review->error());
      }
    }
    if (target.segments.empty() || (target.segments[0] != "api" && target.segments[0] != "apis")) {
      return std::optional(Reply{404, "404 page not found\n", "text/plain; charset=utf-8", {}});
    }
    return answer_resource(request, target, exchange);
  }

  ApiResult<std::optional<Reply>> answer_resource(const platform::HttpRequest& request, const RequestTarget& target,
                                                  const std::shared_ptr<platform::HttpExchange>& exchange) {
    ApiResult<ResourcePath> path = parse_resource_path(target);
    if (!path.ok() && target.segments.size() == 7 && target.segments[4] == "pods") {
      for (const char* refused : {"portforward", "attach", "proxy", "ephemeralcontainers"}) {
        if (target.segments[6] == refused) {
          return bad_request("pods/" + std::string(refused) + " is not supported by this local API server");
        }
      }
    }
    if (!path.ok()) {
      return path.error();
    }
    if (path->subresource == "log" || path->subresource == "exec") {
      return pass_to_kubelet(request, target, *path, exchange);
    }
    ApiResult<Representation> representation = negotiate(request.header("accept"));
    if (!representation.ok()) {
      return representation.error();
    }
    if (request.method == "GET" && path->subresource.empty() && (path->watch_prefix || target.query.flag("watch"))) {
      ApiResult<WatchRequest> watch = parse_watch_request(*path, target.query, *representation);
      if (!watch.ok()) {
        return watch.error();
      }
      start_watch(store_, loop_, std::move(*watch), exchange);
      return std::optional<Reply>();
    }
    ApiResult<Reply> reply = handle_resource(context_, credentials_, {request, target, *path, *representation});
    return reply.ok() ? ApiResult<std::optional<Reply>>(std::optional(std::move(*reply)))
                      : ApiResult<std::optional<Reply>>(reply.error());
  }

  ApiResult<std::optional<Reply>> pass_to_kubelet(const platform::HttpRequest& request, const RequestTarget& target,
                                                  const ResourcePath& path,
                                                  const std::shared_ptr<platform::HttpExchange>& exchange) {
    const bool exec = path.subresource == "exec";
    if (request.method != "GET" && !(exec && request.method == "POST")) {
      return method_not_allowed();
    }
    ApiResult<KubeletRequest> kubelet = find_kubelet(*store_, path, target);
    if (!kubelet.ok()) {
      return kubelet.error();
    }
    if (exec && request.header("upgrade").empty()) {
      return bad_request("Upgrade request required");
    }
    if (exec) {
      kubelets_->connect_exec(std::move(*kubelet), request, exchange);
    } else {
      kubelets_->stream_log(std::move(*kubelet), exchange);
    }
    return std::optional<Reply>();
  }

  std::optional<Reply> static_document(const platform::HttpRequest& request, const RequestTarget& target) const {
    if (request.method != "GET" && request.method != "HEAD") {
      return std::nullopt;
    }
    if (std::optional<Reply> document = openapi_document(target, request.header("accept"))) {
      return document;
    }
    const std::string aggregated = aggregated_discovery_version(request.header("accept"));
    if (!aggregated.empty()) {
      if (std::optional<std::string> document = aggregated_discovery_document(target.segments, aggregated)) {
        return Reply{200,
                     std::move(*document),
                     "application/json;g=apidiscovery.k8s.io;v=" + aggregated + ";as=APIGroupDiscoveryList",
                     {}};
      }
    }
    std::optional<std::string> document = discovery_document(target.segments, address);
    return document ? std::optional(Reply{200, std::move(*document), "application/json", {}}) : std::nullopt;
  }

  // SelfSubjectAccessReview and SelfSubjectReview: there is no RBAC, so everything is allowed.
  std::optional<ApiResult<Reply>> review_of(const platform::HttpRequest& request, const RequestTarget& target,
                                            const std::string& user) const {
    for (const ReviewEntry& review : review_kinds()) {
      if (target.segments[1] != review.group || target.segments[2] != review.version ||
          target.segments[3] != review.plural) {
        continue;
      }
      if (media_type_of(request.header("content-type")) == "application/vnd.kubernetes.protobuf") {
        return unsupported_media_type(
            "the body of the request was in an unknown format - accepted media types "
            "include: application/json (this local API server does not read protobuf)");
      }
      ApiResult<json> body = parse_json_body(request.body);
      if (!body.ok()) {
        return body.error();
      }
      json document = body->is_object() ? *body : json::object();
      document["kind"] = review.kind;
      document["apiVersion"] = std::string(review.group) + "/" + std::string(review.version);
      document["status"] = review.kind == "SelfSubjectReview"
                               ? json{{"userInfo", {{"username", user}, {"groups", {"system:authenticated"}}}}}
                               : json{{"allowed", true}, {"reason", "this local API server has no RBAC"}};
      return Reply{201, document.dump() + "\n", "application/json", {}};
    }
    return std::nullopt;
  }

  void ensure_definition(const json& crd) {
    const ObjectKey key{Storage::custom_resource_definitions, "", metadata_text(crd, "name")};
    Result<void> stored = store_->transact([&](Store::Transaction& transaction) {
      auto present = transaction.get(key);
      if (present && (*present->document)["spec"] == crd["spec"]) {
        return false;
      }
      json document = crd;
      json& metadata = document["metadata"];
      const std::string now = rfc3339_seconds(loop_.clock().wall_now());
      metadata["uid"] = present ? metadata_text(*present->document, "uid") : make_uuid(context_.random);
      metadata["creationTimestamp"] = present ? metadata_text(*present->document, "creationTimestamp") : now;
      metadata["generation"] = present ? (*present->document)["metadata"].value("generation", 0) + 1 : 1;
      for (json& condition : document["status"]["conditions"]) {
        condition["lastTransitionTime"] = now;
      }
      transaction.put(key, std::move(document));
      return true;
    });
    check(stored.ok(), "the built-in definitions cannot be stored");
  }

  const std::shared_ptr<Store> store_;
  EventLoop& loop_;
  const Credentials credentials_;
  const WriteContext context_;
  const std::unique_ptr<KubeletProxy> kubelets_;
};

Api::Api(std::shared_ptr<Store> store, EventLoop& loop, Random& random, Credentials credentials,
         std::unique_ptr<KubeletProxy> kubelets)
    : impl_(std::make_unique<Impl>(std::move(store), loop, random, std::move(credentials), std::move(kubelets))) {}
Api::~Api() = default;
void Api::furnish() { impl_->furnish(); }
void Api::expire_events() { impl_->expire_events(); }
void Api::set_address(std::string address) { impl_->address = std::move(address); }
void Api::handle(const platform::HttpRequest& request, const std::shared_ptr<platform::HttpExchange>& exchange) {
  impl_->handle(request, exchange);
}

}  // namespace troupe::local
