#include "tests/operator/fake_client/fake_client.hpp"

#include "base/check.hpp"
#include "kube/resource_types.hpp"
#include "operator/resource/timestamp.hpp"

namespace troupe::control::fake {
namespace {

using kube::ApiError;
using kube::ApiResult;
using kube::Object;
using nlohmann::json;

ApiError error(int status, std::string reason, std::string message) {
  ApiError made;
  made.status = status;
  made.reason = std::move(reason);
  made.message = std::move(message);
  return made;
}

std::string key_of(std::string_view namespace_name, std::string_view name) {
  return std::string(namespace_name) + "/" + std::string(name);
}

/// A precondition that travels in a body or in delete options; empty holds always.
bool holds(const json& document, const char* field, const json& wanted) {
  return wanted.is_null() || wanted == json("") || document["metadata"][field] == wanted;
}

}  // namespace

std::optional<ApiError> FakeClient::begin(const Request& request) {
  requests.push_back(request);
  return refuse ? refuse(request) : std::nullopt;
}

void FakeClient::stamp(json& document) { document["metadata"]["resourceVersion"] = std::to_string(++version_); }

void FakeClient::record(const std::string& plural, const json& document, bool deleted) {
  log.push_back({plural, Object(document), deleted});
}

ApiResult<Object> FakeClient::answer(const Request& request, const std::optional<Object>& before, const json& after) {
  const Object object(after);
  if (on_write) {
    on_write(request, before, object);
  }
  if (lose_answer && lose_answer(request)) {
    return error(0, "", "connection reset");
  }
  return object;
}

ApiResult<Object> FakeClient::get(const kube::ResourceType& type, std::string_view namespace_name,
                                  std::string_view name) {
  if (auto refused = begin({"get", type.plural, std::string(name)})) {
    return *refused;
  }
  const auto found = find(type, key_of(namespace_name, name));
  return found ? ApiResult<Object>(*found) : ApiResult<Object>(error(404, "NotFound", "not found"));
}

ApiResult<kube::ObjectList> FakeClient::list(const kube::ResourceType& type, const kube::ListOptions&) {
  kube::ObjectList list;
  list.items = all(type);
  list.resource_version = std::to_string(version_);
  return list;
}

std::unique_ptr<kube::Watch> FakeClient::watch(const kube::ResourceType&, const kube::WatchOptions&,
                                               kube::WatchHandler) {
  check(false, "the fake has no watches; tests read its log");
  return nullptr;
}

ApiResult<Object> FakeClient::create_object(const kube::ResourceType& type, std::string_view namespace_name,
                                            const json& document, const kube::WriteOptions&) {
  const auto name = document["metadata"]["name"].get<std::string>();
  const Request request{"create", type.plural, name};
  if (auto refused = begin(request)) {
    return *refused;
  }
  if (find(type, key_of(namespace_name, name))) {
    return error(409, "AlreadyExists", type.plural + " \"" + name + "\" already exists");
  }
  json made = document;
  made["metadata"]["namespace"] = namespace_name;
  return answer(request, std::nullopt, put(type, std::move(made)).json());
}

ApiResult<Object> FakeClient::replace(const kube::ResourceType&, std::string_view, std::string_view, const json&,
                                      const kube::WriteOptions&) {
  return error(405, "MethodNotAllowed", "the operator patches");
}

ApiResult<Object> FakeClient::patch(const kube::ResourceType& type, std::string_view namespace_name,
                                    std::string_view name, kube::PatchType patch_type, const json& patch,
                                    const kube::WriteOptions& options) {
  check(patch_type == kube::PatchType::merge, "the operator sends merge patches alone");
  const Request request{"patch", type.plural + (options.subresource.empty() ? "" : "/" + options.subresource),
                        std::string(name)};
  if (auto refused = begin(request)) {
    return *refused;
  }
  Objects& objects = objects_[type.plural];
  const auto it = objects.find(key_of(namespace_name, name));
  if (it == objects.end()) {
    return error(404, "NotFound", "not found");
  }
  const json metadata = patch.value("metadata", json::object());
  if (!holds(it->second, "uid", metadata.value("uid", json())) ||
      !holds(it->second, "resourceVersion", metadata.value("resourceVersion", json()))) {
    return error(409, "Conflict", "the object has been modified");
  }
  const Object before(it->second);
  json after = it->second;
  if (options.subresource == "status") {
    after["status"].merge_patch(patch.value("status", json::object()));
  } else {
    json without_status = patch;
    without_status.erase("status");
    after.merge_patch(without_status);
    if (after.value("spec", json()) != before.json().value("spec", json())) {
      after["metadata"]["generation"] = before.generation() + 1;
    }
  }
  if (after != before.json()) {
    stamp(after);
    it->second = after;
    record(type.plural, after, false);
  }
  return answer(request, before, after);
}

ApiResult<Object> FakeClient::remove(const kube::ResourceType& type, std::string_view namespace_name,
                                     std::string_view name, const kube::DeleteOptions& options) {
  const Request request{"delete", type.plural, std::string(name)};
  if (auto refused = begin(request)) {
    return *refused;
  }
  const std::string key = key_of(namespace_name, name);
  const auto found = find(type, key);
  if (!found) {
    return error(404, "NotFound", "not found");
  }
  if (!holds(found->json(), "uid", options.uid) || !holds(found->json(), "resourceVersion", options.resource_version)) {
    return error(409, "Conflict", "the precondition does not hold");
  }
  const bool graceful = type == kube::pods && found->json()["spec"].contains("nodeName");
  if (graceful) {
    edit(type, key,
         [this](json& pod) { pod["metadata"]["deletionTimestamp"] = resource::format_timestamp(clock_.wall_now()); });
    return answer(request, found, find(type, key)->json());
  }
  erase(type, key);
  return answer(request, found, json{{"kind", "Status"}, {"status", "Success"}});
}

ApiResult<Object> FakeClient::post_subresource(const kube::ResourceType&, std::string_view, std::string_view,
                                               std::string_view, const json&) {
  return error(404, "NotFound", "no such subresource");
}

ApiResult<std::string> FakeClient::get_raw(std::string_view) { return error(404, "NotFound", "no such path"); }

Object FakeClient::put(const kube::ResourceType& type, json document) {
  json& metadata = document["metadata"];
  metadata["uid"] = "uid-" + std::to_string(next_uid_++);
  metadata["generation"] = 1;
  metadata["creationTimestamp"] = resource::format_timestamp(clock_.wall_now());
  stamp(document);
  const Object object(document);
  objects_[type.plural][object.key()] = document;
  record(type.plural, document, false);
  return object;
}

void FakeClient::edit(const kube::ResourceType& type, const std::string& key,
                      const std::function<void(json&)>& change) {
  json& document = objects_[type.plural].at(key);
  const json spec = document.value("spec", json());
  change(document);
  if (document.value("spec", json()) != spec) {
    document["metadata"]["generation"] = document["metadata"]["generation"].get<int>() + 1;
  }
  stamp(document);
  record(type.plural, document, false);
}

void FakeClient::erase(const kube::ResourceType& type, const std::string& key) {
  Objects& objects = objects_[type.plural];
  json document = objects.at(key);
  objects.erase(key);
  stamp(document);
  record(type.plural, document, true);
}

std::optional<Object> FakeClient::find(const kube::ResourceType& type, const std::string& key) const {
  const auto objects = objects_.find(type.plural);
  if (objects == objects_.end() || !objects->second.contains(key)) {
    return std::nullopt;
  }
  return Object(objects->second.at(key));
}

std::vector<Object> FakeClient::all(const kube::ResourceType& type) const {
  std::vector<Object> found;
  if (const auto objects = objects_.find(type.plural); objects != objects_.end()) {
    for (const auto& [key, document] : objects->second) {
      found.emplace_back(document);
    }
  }
  return found;
}

}  // namespace troupe::control::fake
