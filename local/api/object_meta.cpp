#include "local/api/object_meta.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/ascii.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

bool is_alphanumeric(char c) { return ascii::is_lower(c) || ascii::is_digit(c); }

bool is_dns_label(std::string_view text) {
  return !text.empty() && text.size() <= 63 && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_dns_subdomain(std::string_view text) {
  if (text.empty() || text.size() > 253) {
    return false;
  }
  while (true) {
    const std::size_t dot = text.find('.');
    const std::string_view part = text.substr(0, dot);
    if (part.empty() || !is_alphanumeric(part.front()) || !is_alphanumeric(part.back()) ||
        !std::ranges::all_of(part, [](char c) { return is_alphanumeric(c) || c == '-'; })) {
      return false;
    }
    if (dot == std::string_view::npos) {
      return true;
    }
    text.remove_prefix(dot + 1);
  }
}

constexpr std::string_view subdomain_rule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view label_rule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view dns_1035_rule =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view qualified_rule =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr std::string_view label_value_rule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

bool is_name_part(std::string_view text) {
  auto letter = [](char c) { return is_alphanumeric(c) || ascii::is_upper(c); };
  return !text.empty() && text.size() <= 63 && letter(text.front()) && letter(text.back()) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || c == '-' || c == '_' || c == '.'; });
}

bool is_qualified_name(std::string_view text) {
  const std::size_t slash = text.find('/');
  return slash == std::string_view::npos
             ? is_name_part(text)
             : is_dns_subdomain(text.substr(0, slash)) && is_name_part(text.substr(slash + 1));
}

void check_name(const std::string& name, const ResourceEntry& resource, std::vector<StatusCause>& causes) {
  auto bad = [&](std::string_view rule) { causes.push_back(invalid_cause("metadata.name", json(name).dump(), rule)); };
  if (resource.group == "rbac.authorization.k8s.io") {
    if (name == "." || name == ".." || name.find_first_of("/%") != std::string::npos) {
      bad("may not contain '/' or '%', nor be '.' or '..'");
    }
  } else if (resource.storage == Storage::namespaces) {
    if (!is_dns_label(name)) {
      bad(label_rule);
    }
  } else if (resource.storage == Storage::services) {
    if (!is_dns_label(name) || (name.front() >= '0' && name.front() <= '9')) {
      bad(dns_1035_rule);
    }
  } else if (!is_dns_subdomain(name)) {
    bad(subdomain_rule);
  }
}

void check_labels(const json& metadata, std::vector<StatusCause>& causes) {
  auto labels = metadata.find("labels");
  if (labels == metadata.end()) {
    return;
  }
  for (const auto& [key, value] : labels->items()) {
    if (!is_qualified_name(key)) {
      causes.push_back(invalid_cause("metadata.labels", json(key).dump(), qualified_rule));
    }
    const std::string text = value.get<std::string>();
    if (text.size() > 63) {
      causes.push_back(invalid_cause("metadata.labels", value.dump(), "must be no more than 63 bytes"));
    } else if (!text.empty() && !is_name_part(text)) {
      causes.push_back(invalid_cause("metadata.labels", value.dump(), label_value_rule));
    }
  }
}

void check_annotations(const json& metadata, std::vector<StatusCause>& causes) {
  constexpr std::size_t annotations_bytes_max = 256 * 1024;
  auto annotations = metadata.find("annotations");
  if (annotations == metadata.end()) {
    return;
  }
  std::size_t total = 0;
  for (const auto& [key, value] : annotations->items()) {
    std::string lower(key);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!is_qualified_name(lower)) {
      causes.push_back(invalid_cause("metadata.annotations", json(key).dump(), qualified_rule));
    }
    total += key.size() + value.get_ref<const std::string&>().size();
  }
  if (total > annotations_bytes_max) {
    causes.push_back({"FieldValueTooLong",
                      "Too long: may not be more than " + std::to_string(annotations_bytes_max) + " bytes",
                      "metadata.annotations"});
  }
}

void check_owner_references(const json& metadata, std::vector<StatusCause>& causes) {
  auto references = metadata.find("ownerReferences");
  if (references == metadata.end()) {
    return;
  }
  int controllers = 0;
  for (const json& reference : *references) {
    for (const char* field : {"apiVersion", "kind", "name", "uid"}) {
      auto value = reference.find(field);
      if (value == reference.end() || !value->is_string() || value->get_ref<const std::string&>().empty()) {
        causes.push_back(invalid_cause(std::string("metadata.ownerReferences.") + field, "\"\"", "must not be empty"));
      }
    }
    if (auto controller = reference.find("controller"); controller != reference.end() && *controller == true) {
      ++controllers;
    }
  }
  if (controllers > 1) {
    causes.push_back(invalid_cause("metadata.ownerReferences", references->dump(),
                                   "Only one reference can have Controller set to true."));
  }
}

bool is_string_map(const json& value) {
  return value.is_object() && std::ranges::all_of(value, [](const json& item) { return item.is_string(); });
}

// Go would refuse these while decoding: 400 and not a field error.
ApiResult<void> check_metadata_types(const json& metadata) {
  for (const char* field : {"labels", "annotations"}) {
    auto value = metadata.find(field);
    if (value != metadata.end() && !value->is_null() && !is_string_map(*value)) {
      return bad_request("json: cannot unmarshal into Go struct field ObjectMeta.metadata." + std::string(field) +
                         " of type map[string]string");
    }
  }
  for (const char* field : {"name", "generateName", "namespace", "uid", "resourceVersion"}) {
    auto value = metadata.find(field);
    if (value != metadata.end() && !value->is_null() && !value->is_string()) {
      return bad_request("json: cannot unmarshal into Go struct field ObjectMeta.metadata." + std::string(field) +
                         " of type string");
    }
  }
  for (const char* field : {"finalizers", "ownerReferences"}) {
    auto value = metadata.find(field);
    if (value == metadata.end() || value->is_null()) {
      continue;
    }
    const bool strings = std::string_view(field) == "finalizers";
    if (!value->is_array() ||
        !std::ranges::all_of(*value, [&](const json& item) { return strings ? item.is_string() : item.is_object(); })) {
      return bad_request("json: cannot unmarshal into Go struct field ObjectMeta.metadata." + std::string(field));
    }
  }
  return {};
}

}  // namespace

std::string rfc3339_seconds(WallTime time) {
  const std::time_t seconds =
      std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::system_clock::duration>(time));
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

std::string make_uuid(Random& random) {
  const std::uint64_t high = (random.next() & ~0xF000ULL) | 0x4000ULL;
  const std::uint64_t low = (random.next() & ~(0xC0ULL << 56)) | (0x80ULL << 56);
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(high >> 32),
                static_cast<unsigned>((high >> 16) & 0xFFFF), static_cast<unsigned>(high & 0xFFFF),
                static_cast<unsigned>(low >> 48), static_cast<unsigned long long>(low & 0xFFFFFFFFFFFFULL));
  return text.data();
}

std::string make_name_suffix(Random& random) {
  static constexpr std::string_view letters = "bcdfghjklmnpqrstvwxz2456789";
  std::string suffix;
  for (int i = 0; i < 5; ++i) {
    suffix.push_back(letters[random.below(letters.size())]);
  }
  return suffix;
}

std::string metadata_text(const json& object, std::string_view key) {
  auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) {
    return "";
  }
  auto found = metadata->find(std::string(key));
  return found == metadata->end() || !found->is_string() ? std::string() : found->get<std::string>();
}

bool has_finalizers(const json& object) {
  auto found = object["metadata"].find("finalizers");
  return found != object["metadata"].end() && found->is_array() && !found->empty();
}

bool has_finalizer(const json& object, std::string_view finalizer) {
  return has_finalizers(object) &&
         std::ranges::find(object["metadata"]["finalizers"], json(finalizer)) != object["metadata"]["finalizers"].end();
}

bool being_deleted(const json& object) { return object["metadata"].contains("deletionTimestamp"); }

ApiResult<void> settle_identity(json& object, const ResourceEntry& resource, std::string_view namespace_name,
                                std::string_view name) {
  if (!object.is_object()) {
    return bad_request("the body must be a JSON object of kind " + std::string(resource.kind));
  }
  auto text = [&](const char* field) {
    auto found = object.find(field);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const std::string version = text("apiVersion");
  const std::string kind = text("kind");
  if (kind.empty() && resource.custom) {
    return bad_request("Object 'Kind' is missing in '" + object.dump() + "'");
  }
  if (resource.custom && kind != resource.kind && version == resource.group_version()) {
    return invalid(resource.group, kind, metadata_text(object, "name"),
                   {invalid_cause("kind", json(kind).dump(), "must be " + std::string(resource.kind))});
  }
  if ((!kind.empty() && kind != resource.kind) || (!version.empty() && version != resource.group_version())) {
    return bad_request(kind + " in version \"" + (version.empty() ? resource.group_version() : version) +
                       "\" cannot be handled as a " + std::string(resource.kind) + ": the request is for " +
                       std::string(resource.kind) + " in version \"" + resource.group_version() + "\"");
  }
  object["apiVersion"] = resource.group_version();
  object["kind"] = resource.kind;
  json& metadata = object["metadata"];
  if (metadata.is_null()) {
    metadata = json::object();
  }
  if (!metadata.is_object()) {
    return bad_request("metadata must be an object");
  }
  if (ApiResult<void> types = check_metadata_types(metadata); !types.ok()) {
    return types;
  }
  const std::string sent_namespace = metadata_text(object, "namespace");
  if (!sent_namespace.empty() && sent_namespace != namespace_name) {
    return bad_request("the namespace of the provided object does not match the namespace sent on the request");
  }
  metadata.erase("namespace");
  if (resource.namespaced) {
    metadata["namespace"] = namespace_name;
  }
  const std::string sent_name = metadata_text(object, "name");
  if (!name.empty()) {
    if (!sent_name.empty() && sent_name != name) {
      return bad_request("the name of the object (" + sent_name + ") does not match the name on the URL (" +
                         std::string(name) + ")");
    }
    metadata["name"] = name;
  }
  return {};
}

void clean_metadata(json& object, std::vector<std::string>& unknown) {
  static const std::vector<std::string> written_by_clients{"name",       "generateName", "namespace",
                                                           "labels",     "annotations",  "ownerReferences",
                                                           "finalizers", "uid",          "resourceVersion"};
  static const std::vector<std::string> written_by_server{
      "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink",
      "managedFields",     "clusterName"};
  json& metadata = object["metadata"];
  for (auto at = metadata.begin(); at != metadata.end();) {
    const bool kept = std::ranges::find(written_by_clients, at.key()) != written_by_clients.end();
    if (!kept && std::ranges::find(written_by_server, at.key()) == written_by_server.end()) {
      unknown.push_back("metadata." + at.key());
    }
    const bool empty = at->is_null() || (at->is_structured() && at->empty()) || (at->is_string() && *at == "");
    at = kept && !empty ? std::next(at) : metadata.erase(at);
  }
}

std::vector<StatusCause> validate_metadata(const json& object, const ResourceEntry& resource) {
  std::vector<StatusCause> causes;
  const json& metadata = object["metadata"];
  const std::string name = metadata_text(object, "name");
  if (name.empty()) {
    causes.push_back(required_cause("metadata.name", "name or generateName is required"));
  } else {
    check_name(name, resource, causes);
  }
  check_labels(metadata, causes);
  check_annotations(metadata, causes);
  check_owner_references(metadata, causes);
  if (auto finalizers = metadata.find("finalizers"); finalizers != metadata.end()) {
    for (const json& finalizer : *finalizers) {
      const std::string text = finalizer.get<std::string>();
      const bool standard = text == "orphan" || text == "foregroundDeletion" || text == "kubernetes";
      if (!is_qualified_name(text)) {
        causes.push_back(invalid_cause("metadata.finalizers", finalizer.dump(), qualified_rule));
      } else if (!standard && text.find('/') == std::string::npos) {
        causes.push_back(invalid_cause("metadata.finalizers", finalizer.dump(),
                                       "name is neither a standard finalizer name nor is it fully qualified"));
      }
    }
  }
  return causes;
}

std::vector<StatusCause> validate_metadata_update(const json& object, const json& before) {
  if (!being_deleted(before) || !has_finalizers(object)) {
    return {};
  }
  std::string added;
  for (const json& finalizer : object["metadata"]["finalizers"]) {
    if (!has_finalizer(before, finalizer.get<std::string>())) {
      added += (added.empty() ? "" : ", ") + finalizer.dump();
    }
  }
  if (added.empty()) {
    return {};
  }
  return {forbidden_cause(
      "metadata.finalizers",
      "no new finalizers can be added if the object is being deleted, found new finalizers []string{" + added + "}")};
}

}  // namespace troupe::local
