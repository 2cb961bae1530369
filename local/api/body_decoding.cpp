#include "local/api/body_decoding.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "local/api/built_in_crds.hpp"
#include "local/api/definitions.hpp"
#include "local/api/kind_rules.hpp"
#include "local/api/object_meta.hpp"
#include "local/api/schema.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

std::string listed(const std::vector<std::string>& unknown) {
  std::string text;
  for (const std::string& field : unknown) {
    text += (text.empty() ? "" : ", ") + ("unknown field \"" + field + "\"");
  }
  return text;
}

// For kinds whose real decoder drops null as absent.
void drop_nulls(json& value) {
  if (value.is_object()) {
    for (auto at = value.begin(); at != value.end();) {
      if (at->is_null()) {
        at = value.erase(at);
      } else {
        drop_nulls(*at);
        ++at;
      }
    }
  } else if (value.is_array()) {
    for (json& item : value) {
      drop_nulls(item);
    }
  }
}

// Built-in kinds have no whole schema here: their top-level fields are told apart, what lies below is kept as sent.
void drop_unknown_members(json& object, const ResourceEntry& resource, std::vector<std::string>& unknown) {
  const std::vector<std::string_view> known = built_in_fields(resource.storage);
  for (auto at = object.begin(); at != object.end();) {
    const bool type = at.key() == "apiVersion" || at.key() == "kind" || at.key() == "metadata";
    if (type || std::ranges::find(known, at.key()) != known.end()) {
      ++at;
    } else {
      unknown.push_back(at.key());
      at = object.erase(at);
    }
  }
}

}  // namespace

ApiResult<void> decode_body(json& object, const ResourceEntry& resource, const DecodeOptions& options,
                            std::vector<std::string>& warnings) {
  std::vector<std::string> unknown;
  clean_metadata(object, unknown);
  if (const json* schema = custom_schema(resource)) {
    prune_unknown_fields(object, *schema, unknown);
  } else {
    drop_unknown_members(object, resource, unknown);
    if (resource.storage != Storage::controller_revisions) {
      drop_nulls(object);
    }
  }
  apply_kind_defaults(object, resource);
  object["apiVersion"] = resource.storage_group_version();
  if (unknown.empty() || options.validation == WriteParameters::Validation::ignore) {
    return {};
  }
  if (options.validation == WriteParameters::Validation::warn) {
    for (const std::string& field : unknown) {
      warnings.push_back("unknown field \"" + field + "\"");
    }
    return {};
  }
  if (options.patched) {
    return invalid(resource.group, resource.kind, options.name,
                   {invalid_cause("patch", json(object.dump()).dump(), "strict decoding error: " + listed(unknown))});
  }
  return bad_request(std::string(resource.kind) + " in version \"" + std::string(resource.version) +
                     "\" cannot be handled as a " + std::string(resource.kind) +
                     ": strict decoding error: " + listed(unknown));
}

}  // namespace troupe::local
