#include "local/api/resource_handler.hpp"

#include <nlohmann/json.hpp>

#include "local/api/deletion.hpp"
#include "local/api/json_body.hpp"
#include "local/api/object_meta.hpp"
#include "local/api/reads.hpp"
#include "local/api/selectors.hpp"
#include "local/api/subresources.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

constexpr std::string_view unknown_format =
    "the body of the request was in an unknown format - accepted media types include: ";

ApiResult<json> body_of(const platform::HttpRequest& http) {
  const std::string type = media_type_of(http.header("content-type"));
  if (type == "application/vnd.kubernetes.protobuf") {
    return unsupported_media_type(std::string(unknown_format) +
                                  "application/json (this local API server does not read protobuf: send the object as "
                                  "JSON or YAML, for example with kubectl apply -f or kubectl create -f)");
  }
  // "*/*" is what clients send that do not say.
  if (!type.empty() && type != "application/json" && type != "*/*") {
    return unsupported_media_type(std::string(unknown_format) +
                                  "application/json (this local API server does not read " + type + ")");
  }
  return parse_json_body(http.body);
}

ApiResult<PatchFormat> patch_format_of(const ResourceRequest& request) {
  const std::string type = media_type_of(request.http.header("content-type"));
  if (type == "application/json-patch+json") {
    return PatchFormat::json;
  }
  if (type == "application/merge-patch+json") {
    return PatchFormat::merge;
  }
  if (type == "application/strategic-merge-patch+json" && !request.path.resource->custom) {
    return PatchFormat::strategic_merge;
  }
  if (type == "application/apply-patch+yaml" || type == "application/apply-patch+cbor") {
    return unsupported_media_type(
        "server-side apply is not supported by this local API server: use kubectl apply without --server-side");
  }
  return unsupported_media_type(std::string(unknown_format) +
                                "application/json-patch+json, application/merge-patch+json" +
                                (request.path.resource->custom ? "" : ", application/strategic-merge-patch+json"));
}

ApiResult<WriteTarget> write_target(const ResourceRequest& request) {
  ApiResult<WriteParameters> parameters = parse_write_parameters(request.target.query);
  if (!parameters.ok()) {
    return parameters.error();
  }
  return WriteTarget{request.path.resource, request.path.namespace_name, request.path.name, request.path.subresource,
                     *parameters};
}

Reply success(int status, std::string body) { return {status, std::move(body), "application/json", {}}; }

ApiResult<Reply> written(const WriteContext& context, const ResourceRequest& request, ApiResult<WriteOutcome> outcome) {
  if (!outcome.ok()) {
    return outcome.error();
  }
  Reply reply = success(outcome->created ? 201 : 200,
                        render_object(outcome->object, *request.path.resource, request.representation,
                                      request.target.query.get("includeObject"), context.clock.wall_now()));
  reply.warnings = std::move(outcome->warnings);
  return reply;
}

ApiResult<Reply> as_reply(int status, const ApiResult<json>& document) {
  return document.ok() ? ApiResult<Reply>(success(status, document->dump() + "\n"))
                       : ApiResult<Reply>(document.error());
}

ApiResult<Reply> as_success(int status, const ApiResult<void>& outcome) {
  if (!outcome.ok()) {
    return outcome.error();
  }
  return success(status, json{{"kind", "Status"},
                              {"apiVersion", "v1"},
                              {"metadata", json::object()},
                              {"status", "Success"},
                              {"code", status}}
                                 .dump() +
                             "\n");
}

ApiResult<Reply> handle_get(const WriteContext& context, const ResourceRequest& request) {
  const ReadContext read{context.store, context.clock};
  if (request.path.subresource == "scale") {
    return as_reply(
        200, read_scale(context, {request.path.resource, request.path.namespace_name, request.path.name, "", {}}));
  }
  ApiResult<std::string> text = request.path.name.empty()
                                    ? read_list(read, request.path, request.target.query, request.representation)
                                    : read_object(read, request.path, request.target.query, request.representation);
  return text.ok() ? ApiResult<Reply>(success(200, std::move(*text))) : ApiResult<Reply>(text.error());
}

ApiResult<Reply> handle_post(const WriteContext& context, const Credentials& credentials,
                             const ResourceRequest& request) {
  ApiResult<WriteTarget> target = write_target(request);
  if (!target.ok()) {
    return target.error();
  }
  const std::string& sub = request.path.subresource;
  if (sub.empty() != request.path.name.empty()) {
    return method_not_allowed();
  }
  ApiResult<json> body = body_of(request.http);
  if (!body.ok()) {
    return body.error();
  }
  if (sub.empty()) {
    return written(context, request, create_object(context, *target, std::move(*body)));
  }
  if (sub == "binding") {
    return as_success(201, bind_pod(context, *target, *body));
  }
  if (sub == "eviction") {
    return as_success(201, evict_pod(context, *target, *body));
  }
  if (sub == "token") {
    return as_reply(201, request_token(context, *target, credentials, std::move(*body)));
  }
  return method_not_allowed();
}

ApiResult<Reply> handle_put(const WriteContext& context, const ResourceRequest& request) {
  ApiResult<WriteTarget> target = write_target(request);
  if (!target.ok()) {
    return target.error();
  }
  ApiResult<json> body = body_of(request.http);
  if (!body.ok()) {
    return body.error();
  }
  if (request.path.subresource == "scale") {
    target->subresource.clear();
    return as_reply(200, replace_scale(context, *target, *body));
  }
  return written(context, request, replace_object(context, *target, std::move(*body)));
}

ApiResult<Reply> handle_patch(const WriteContext& context, const ResourceRequest& request) {
  ApiResult<WriteTarget> target = write_target(request);
  if (!target.ok()) {
    return target.error();
  }
  ApiResult<PatchFormat> format = patch_format_of(request);
  if (!format.ok()) {
    return format.error();
  }
  ApiResult<json> patch = parse_json_body(request.http.body);
  if (!patch.ok()) {
    return patch.error();
  }
  if (request.path.subresource == "scale") {
    target->subresource.clear();
    return as_reply(200, patch_scale(context, *target, *format, *patch));
  }
  return written(context, request, patch_object(context, *target, *format, *patch));
}

ApiResult<Reply> delete_one(const WriteContext& context, const ResourceRequest& request,
                            const DeleteParameters& parameters) {
  const ResourceEntry& resource = *request.path.resource;
  ApiResult<DeleteOutcome> outcome =
      delete_object(context, resource, {resource.storage, request.path.namespace_name, request.path.name}, parameters);
  if (!outcome.ok()) {
    return outcome.error();
  }
  if (outcome->gone && !resource.returns_deleted) {
    return success(200, success_status_json(resource.group, resource.plural, request.path.name,
                                            metadata_text(*outcome->last.document, "uid")));
  }
  return success(200, text_in_version(outcome->last, resource));
}

ApiResult<Reply> delete_collection(const WriteContext& context, const ResourceRequest& request,
                                   const DeleteParameters& parameters) {
  const ResourceEntry& resource = *request.path.resource;
  ApiResult<Selection> selection = parse_selection(request.path, request.target.query);
  if (!selection.ok()) {
    return selection.error();
  }
  std::vector<StoredObject> deleted;
  for (const StoredObject& object : context.store.list(resource.storage, request.path.namespace_name).objects) {
    const json& document = *object.document;
    if (!selection->matches(document)) {
      continue;
    }
    ApiResult<DeleteOutcome> outcome = delete_object(
        context, resource, {resource.storage, metadata_text(document, "namespace"), metadata_text(document, "name")},
        parameters);
    // Gone already is as good as deleted.
    if (!outcome.ok() && outcome.error().code != 404) {
      return outcome.error();
    }
    deleted.push_back(object);
  }
  return success(200, render_list(deleted, resource, Representation{}, "", context.clock.wall_now(),
                                  context.store.revision(), "", 0));
}

ApiResult<Reply> handle_delete(const WriteContext& context, const ResourceRequest& request) {
  if (!request.path.subresource.empty()) {
    return method_not_allowed();
  }
  ApiResult<json> body = json();
  if (!request.http.body.empty()) {
    body = body_of(request.http);
    if (!body.ok()) {
      return body.error();
    }
  }
  ApiResult<DeleteParameters> parameters = parse_delete_parameters(*body, request.target.query);
  if (!parameters.ok()) {
    return parameters.error();
  }
  if (request.path.name.empty()) {
    return delete_collection(context, request, *parameters);
  }
  return delete_one(context, request, *parameters);
}

std::string_view verb_of(const ResourceRequest& request) {
  const std::string& method = request.http.method;
  const bool collection = request.path.name.empty();
  if (method == "GET" || method == "HEAD") {
    return collection ? "list" : "get";
  }
  if (method == "POST") {
    return "create";
  }
  if (method == "PUT") {
    return collection ? "" : "update";
  }
  if (method == "PATCH") {
    return collection ? "" : "patch";
  }
  if (method == "DELETE") {
    return collection ? "deletecollection" : "delete";
  }
  return "";
}

bool allowed(const ResourceRequest& request, std::string_view verb) {
  const ResourceEntry& resource = *request.path.resource;
  if (verb.empty()) {
    return false;
  }
  const bool write_everywhere =
      resource.namespaced && request.path.namespace_name.empty() && verb != "list" && verb != "get";
  if (write_everywhere) {
    return false;
  }
  if (request.path.subresource.empty()) {
    return resource.allows(verb);
  }
  const SubresourceEntry& sub = *resource.subresource(request.path.subresource);
  return std::find(sub.verbs.begin(), sub.verbs.end(), verb) != sub.verbs.end();
}

}  // namespace

ApiResult<Reply> handle_resource(const WriteContext& context, const Credentials& credentials,
                                 const ResourceRequest& request) {
  const std::string_view verb = verb_of(request);
  if (!allowed(request, verb)) {
    return method_not_allowed();
  }
  if (verb == "get" || verb == "list") {
    return handle_get(context, request);
  }
  if (verb == "create") {
    return handle_post(context, credentials, request);
  }
  if (verb == "update") {
    return handle_put(context, request);
  }
  if (verb == "patch") {
    return handle_patch(context, request);
  }
  return handle_delete(context, request);
}

}  // namespace troupe::local
