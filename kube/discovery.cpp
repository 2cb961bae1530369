#include "kube/discovery.hpp"

#include <nlohmann/json.hpp>

#include "base/json_text.hpp"
#include "kube/decode.hpp"
#include "kube/request_path.hpp"

namespace troupe::kube {
namespace {

using Json = nlohmann::json;

/// Null when the list does not name it.
const Json* find_resource(const Json& list, std::string_view plural) {
  const auto resources = list.is_object() ? list.find("resources") : list.end();
  if (!list.is_object() || resources == list.end() || !resources->is_array()) {
    return nullptr;
  }
  for (const Json& resource : *resources) {
    if (resource.is_object() && text_in(resource, "name") == plural) {
      return &resource;
    }
  }
  return nullptr;
}

}  // namespace

ApiResult<ResourceType> served_type(Client& client, std::string_view group, std::string_view plural,
                                    const std::vector<std::string>& versions) {
  for (const std::string& version : versions) {
    const std::string path = group.empty() ? "/api/" + percent_encode(version)
                                           : "/apis/" + percent_encode(group) + "/" + percent_encode(version);
    const auto body = client.get_raw(path);
    if (!body.ok() && body.error().not_found()) {
      continue;
    }
    if (!body.ok()) {
      return body.error();
    }
    const auto list = decode_json(*body);
    const Json* resource = list.ok() ? find_resource(*list, plural) : nullptr;
    if (resource != nullptr) {
      const auto namespaced = resource->find("namespaced");
      return ResourceType{std::string(group), version, std::string(plural), text_in(*resource, "kind"),
                          namespaced != resource->end() && namespaced->is_boolean() && namespaced->get<bool>()};
    }
  }
  ApiError error;
  error.status = 404;
  error.reason = "NotFound";
  error.message = "the API server serves " + std::string(plural) + " of group '" + std::string(group) +
                  "' in none of the versions this build knows";
  for (const std::string& version : versions) {
    error.message += ' ' + version;
  }
  return error;
}

}  // namespace troupe::kube
