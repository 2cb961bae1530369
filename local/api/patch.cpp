#include "local/api/patch.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

namespace troupe::local {
namespace {

using nlohmann::json;

// A conflict of a JSON patch with the object, in the words of the API server.
StatusError rejected(std::string_view why) {
  return unprocessable("the server rejected our request due to an error in our request: " + std::string(why));
}

bool well_formed(const json& patch) {
  return patch.is_array() && std::ranges::all_of(patch, [](const json& operation) {
           return operation.is_object() && operation.contains("op") && operation["op"].is_string() &&
                  operation.contains("path") && operation["path"].is_string();
         });
}

// Copies can double the document at each step: its size is looked at before the next one.
ApiResult<json> applied_in_steps(const json& object, const json& patch) {
  constexpr std::size_t document_bytes_max = 3 * 1024 * 1024;
  const bool copies = std::ranges::any_of(patch, [](const json& operation) { return operation["op"] == "copy"; });
  if (!copies) {
    return object.patch(patch);
  }
  json result = object;
  for (const json& operation : patch) {
    result = result.patch(json::array({operation}));
    if (operation["op"] == "copy" && result.dump().size() > document_bytes_max) {
      return rejected("the copies make the document larger than " + std::to_string(document_bytes_max) + " bytes");
    }
  }
  return result;
}

}  // namespace

ApiResult<json> apply_merge_patch(const json& object, const json& patch) {
  if (!patch.is_object()) {
    return bad_request("a merge patch must be a JSON object");
  }
  json result = object;
  result.merge_patch(patch);
  return result;
}

ApiResult<json> apply_json_patch(const json& object, const json& patch) {
  if (!well_formed(patch)) {
    return bad_request("a JSON patch must be an array of objects with op and path");
  }
  if (patch.size() > 10'000) {
    StatusError error =
        bad_request("The allowed maximum operations in a JSON patch is 10000, got " + std::to_string(patch.size()));
    error.code = 413;
    error.reason = "RequestEntityTooLarge";
    return error;
  }
  try {
    return applied_in_steps(object, patch);
  } catch (const json::exception& problem) {
    return rejected(problem.what());
  }
}

}  // namespace troupe::local
