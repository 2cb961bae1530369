#include "local/api/table_view.hpp"

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>
#include <vector>

#include "local/api/built_in_crds.hpp"
#include "local/api/json_path.hpp"
#include "local/api/object_meta.hpp"
#include "local/api/pod_cells.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

struct Column {
  const char* name;
  const char* type;
  int priority;
  const char* path;  // JSONPath of the cell; null when cells_of computes it.
};

using Columns = std::vector<Column>;

const Columns& built_in_columns(Storage storage) {
  static const Columns pods{{"Name", "string", 0, nullptr},
                            {"Ready", "string", 0, nullptr},
                            {"Status", "string", 0, nullptr},
                            {"Restarts", "string", 0, nullptr},
                            {"Age", "string", 0, nullptr},
                            {"IP", "string", 1, nullptr},
                            {"Node", "string", 1, nullptr},
                            {"Nominated Node", "string", 1, nullptr},
                            {"Readiness Gates", "string", 1, nullptr}};
  static const Columns services{{"Name", "string", 0, ".metadata.name"},
                                {"Type", "string", 0, ".spec.type"},
                                {"Cluster-IP", "string", 0, ".spec.clusterIP"},
                                {"External-IP", "string", 0, ".spec.externalIPs"},
                                {"Port(s)", "string", 0, "ports"},
                                {"Age", "string", 0, "age"},
                                {"Selector", "string", 1, "selector"}};
  static const Columns nodes{{"Name", "string", 0, ".metadata.name"},
                             {"Status", "string", 0, "node-status"},
                             {"Roles", "string", 0, "roles"},
                             {"Age", "string", 0, "age"},
                             {"Version", "string", 0, ".status.nodeInfo.kubeletVersion"},
                             {"Internal-IP", "string", 1, ".status.addresses[?(@.type==\"InternalIP\")].address"},
                             {"External-IP", "string", 1, ".status.addresses[?(@.type==\"ExternalIP\")].address"},
                             {"OS-Image", "string", 1, ".status.nodeInfo.osImage"},
                             {"Kernel-Version", "string", 1, ".status.nodeInfo.kernelVersion"},
                             {"Container-Runtime", "string", 1, ".status.nodeInfo.containerRuntimeVersion"}};
  static const Columns namespaces{
      {"Name", "string", 0, ".metadata.name"}, {"Status", "string", 0, ".status.phase"}, {"Age", "string", 0, "age"}};
  static const Columns config_maps{
      {"Name", "string", 0, ".metadata.name"}, {"Data", "integer", 0, "data"}, {"Age", "string", 0, "age"}};
  static const Columns secrets{{"Name", "string", 0, ".metadata.name"},
                               {"Type", "string", 0, ".type"},
                               {"Data", "integer", 0, "data"},
                               {"Age", "string", 0, "age"}};
  static const Columns service_accounts{
      {"Name", "string", 0, ".metadata.name"}, {"Secrets", "integer", 0, "secrets"}, {"Age", "string", 0, "age"}};
  static const Columns events{{"Last Seen", "string", 0, "last-seen"},
                              {"Type", "string", 0, ".type"},
                              {"Reason", "string", 0, ".reason"},
                              {"Object", "string", 0, "involved"},
                              {"Subobject", "string", 1, ".involvedObject.fieldPath"},
                              {"Source", "string", 1, ".source.component"},
                              {"Message", "string", 0, ".message"},
                              {"First Seen", "string", 1, "first-seen"},
                              {"Count", "integer", 1, ".count"},
                              {"Name", "string", 1, ".metadata.name"}};
  static const Columns leases{{"Name", "string", 0, ".metadata.name"},
                              {"Holder", "string", 0, ".spec.holderIdentity"},
                              {"Age", "string", 0, "age"}};
  static const Columns budgets{{"Name", "string", 0, ".metadata.name"},
                               {"Min Available", "string", 0, ".spec.minAvailable"},
                               {"Max Unavailable", "string", 0, ".spec.maxUnavailable"},
                               {"Allowed Disruptions", "integer", 0, ".status.disruptionsAllowed"},
                               {"Age", "string", 0, "age"}};
  static const Columns revisions{{"Name", "string", 0, ".metadata.name"},
                                 {"Controller", "string", 0, "controller"},
                                 {"Revision", "integer", 0, ".revision"},
                                 {"Age", "string", 0, "age"}};
  static const Columns created{{"Name", "string", 0, ".metadata.name"},
                               {"Created At", "dateTime", 0, ".metadata.creationTimestamp"}};
  static const Columns bindings{
      {"Name", "string", 0, ".metadata.name"}, {"Role", "string", 0, "role"}, {"Age", "string", 0, "age"}};
  static const Columns plain{{"Name", "string", 0, ".metadata.name"}, {"Age", "string", 0, "age"}};
  switch (storage) {
    case Storage::pods:
      return pods;
    case Storage::services:
      return services;
    case Storage::nodes:
      return nodes;
    case Storage::namespaces:
      return namespaces;
    case Storage::config_maps:
      return config_maps;
    case Storage::secrets:
      return secrets;
    case Storage::service_accounts:
      return service_accounts;
    case Storage::events:
      return events;
    case Storage::leases:
      return leases;
    case Storage::pod_disruption_budgets:
      return budgets;
    case Storage::controller_revisions:
      return revisions;
    case Storage::custom_resource_definitions:
    case Storage::roles:
    case Storage::cluster_roles:
      return created;
    case Storage::role_bindings:
    case Storage::cluster_role_bindings:
      return bindings;
    default:
      return plain;
  }
}

std::string first_text(const json& object, std::string_view path, std::string absent = "<none>") {
  const std::vector<json> found = select_json_path(object, path);
  if (found.empty() || found.front().is_null() || found.front() == "") {
    return absent;
  }
  return found.front().is_string() ? found.front().get<std::string>() : found.front().dump();
}

std::string age_of(const std::string& stamp, WallTime now) {
  std::tm parts{};
  if (stamp.empty() || strptime(stamp.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr) {
    return "<unknown>";
  }
  const auto then = std::chrono::system_clock::from_time_t(timegm(&parts));
  return human_duration(std::chrono::duration_cast<std::chrono::seconds>(now - WallTime(then)));
}

std::string joined_pairs(const json& map) {
  std::string text;
  if (map.is_object()) {
    for (const auto& [key, value] : map.items()) {
      text += (text.empty() ? "" : ",") + key + "=" + (value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  return text.empty() ? "<none>" : text;
}

std::string ports_text(const json& service) {
  std::string text;
  for (const json& port : select_json_path(service, ".spec.ports[*]")) {
    text += (text.empty() ? "" : ",") + first_text(port, ".port", "") + "/" + first_text(port, ".protocol", "TCP");
  }
  return text.empty() ? "<none>" : text;
}

std::string node_status(const json& node) {
  const std::string ready = first_text(node, ".status.conditions[?(@.type==\"Ready\")].status", "Unknown");
  std::string text = ready == "True" ? "Ready" : ready == "False" ? "NotReady" : "Unknown";
  if (first_text(node, ".spec.unschedulable") == "true") {
    text += ",SchedulingDisabled";
  }
  return text;
}

std::string roles_text(const json& node) {
  constexpr std::string_view prefix = "node-role.kubernetes.io/";
  std::string text;
  for (const json& labels : select_json_path(node, ".metadata.labels")) {
    for (const auto& [key, value] : labels.items()) {
      if (key.starts_with(prefix)) {
        text += (text.empty() ? "" : ",") + key.substr(prefix.size());
      }
    }
  }
  return text.empty() ? "<none>" : text;
}

std::string lowered(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::size_t size_at(const json& object, const char* field) {
  return object.contains(field) && object[field].is_structured() ? object[field].size() : 0;
}

json computed_cell(const json& object, std::string_view what, WallTime now) {
  if (what == "age") {
    return age_of(metadata_text(object, "creationTimestamp"), now);
  }
  if (what == "data") {
    return size_at(object, "data") + size_at(object, "binaryData");
  }
  if (what == "secrets") {
    return size_at(object, "secrets");
  }
  if (what == "ports") {
    return ports_text(object);
  }
  if (what == "selector") {
    const std::vector<json> selector = select_json_path(object, ".spec.selector");
    return selector.empty() ? "<none>" : joined_pairs(selector.front());
  }
  if (what == "node-status") {
    return node_status(object);
  }
  if (what == "roles") {
    return roles_text(object);
  }
  if (what == "role") {
    return first_text(object, ".roleRef.kind") + "/" + first_text(object, ".roleRef.name");
  }
  if (what == "involved") {
    return lowered(first_text(object, ".involvedObject.kind", "")) + "/" +
           first_text(object, ".involvedObject.name", "");
  }
  if (what == "controller") {
    const std::string kind = first_text(object, ".metadata.ownerReferences[?(@.controller==true)].kind");
    return kind == "<none>"
               ? kind
               : lowered(kind) + "/" + first_text(object, ".metadata.ownerReferences[?(@.controller==true)].name");
  }
  const std::string first = first_text(object, ".firstTimestamp", metadata_text(object, "creationTimestamp"));
  return age_of(what == "first-seen" ? first : first_text(object, ".lastTimestamp", first), now);
}

json built_in_cell(const json& object, const Column& column, WallTime now) {
  const std::string_view path = column.path;
  if (!path.starts_with('.')) {
    return computed_cell(object, path, now);
  }
  const bool number = std::string_view(column.type) == "integer";
  const std::vector<json> found = select_json_path(object, path);
  if (number) {
    return found.empty() || !found.front().is_number() ? json(0) : found.front();
  }
  return first_text(
      object, path,
      std::string_view(column.name) == "Min Available" || std::string_view(column.name) == "Max Unavailable"
          ? "N/A"
          : "<none>");
}

json custom_cell(const json& object, const json& column, WallTime now) {
  const std::vector<json> found = select_json_path(object, column["jsonPath"].get<std::string>());
  if (found.empty() || found.front().is_null()) {
    return nullptr;
  }
  const std::string type = column["type"];
  if (type == "date") {
    return found.front().is_string() ? json(age_of(found.front().get<std::string>(), now)) : json("<unknown>");
  }
  if (type == "string" && !found.front().is_string()) {
    return found.front().dump();
  }
  return found.front();
}

json column_json(const std::string& name, const std::string& type, const std::string& format,
                 const std::string& description, int priority) {
  return json{{"name", name}, {"type", type}, {"format", format}, {"description", description}, {"priority", priority}};
}

json cells_of(const json& object, const ResourceEntry& resource, WallTime now) {
  json cells = json::array();
  if (const json* printed = printer_columns(resource)) {
    cells.push_back(metadata_text(object, "name"));
    for (const json& column : *printed) {
      cells.push_back(custom_cell(object, column, now));
    }
  } else if (resource.storage == Storage::pods) {
    cells = pod_cells(object, age_of(metadata_text(object, "creationTimestamp"), now));
  } else {
    for (const Column& column : built_in_columns(resource.storage)) {
      cells.push_back(built_in_cell(object, column, now));
    }
  }
  return cells;
}

}  // namespace

json table_columns(const ResourceEntry& resource) {
  json columns = json::array();
  if (const json* printed = printer_columns(resource)) {
    columns.push_back(column_json("Name", "string", "name", "Name of the object.", 0));
    for (const json& column : *printed) {
      columns.push_back(column_json(column["name"], column["type"], column.value("format", ""),
                                    column.value("description", ""), column.value("priority", 0)));
    }
    return columns;
  }
  for (const Column& column : built_in_columns(resource.storage)) {
    const bool name = std::string_view(column.name) == "Name";
    columns.push_back(column_json(column.name, column.type, name ? "name" : "",
                                  std::string(column.name) + " of the " + std::string(resource.kind) + ".",
                                  column.priority));
  }
  return columns;
}

IncludeObject parse_include_object(std::string_view text) {
  return text == "None" ? IncludeObject::none : text == "Object" ? IncludeObject::whole : IncludeObject::metadata;
}

json table_row(const json& object, const ResourceEntry& resource, WallTime now, IncludeObject include,
               const std::string& meta_version) {
  json cells;
  try {
    cells = cells_of(object, resource, now);
  } catch (const json::exception&) {
    // A value of another type than the kind has: the row still names its object.
    cells = json::array({metadata_text(object, "name")});
    cells.insert(cells.end(), table_columns(resource).size() - 1, json("<invalid>"));
  }
  json row{{"cells", std::move(cells)}};
  if (include == IncludeObject::whole) {
    row["object"] = object;
  } else if (include == IncludeObject::metadata) {
    row["object"] = partial_metadata(object, meta_version);
  } else {
    row["object"] = nullptr;
  }
  return row;
}

json partial_metadata(const json& object, const std::string& meta_version) {
  return json{{"kind", "PartialObjectMetadata"},
              {"apiVersion", "meta.k8s.io/" + meta_version},
              {"metadata", object["metadata"]}};
}

std::string human_duration(std::chrono::seconds duration) {
  const long long seconds = std::max<long long>(0, duration.count());
  const long long minutes = seconds / 60;
  const long long hours = minutes / 60;
  const long long days = hours / 24;
  auto two = [](long long big, const char* big_unit, long long small, const char* small_unit) {
    return std::to_string(big) + big_unit + (small == 0 ? "" : std::to_string(small) + small_unit);
  };
  if (seconds < 120) {
    return std::to_string(seconds) + "s";
  }
  if (minutes < 10) {
    return two(minutes, "m", seconds % 60, "s");
  }
  if (minutes < 180) {
    return std::to_string(minutes) + "m";
  }
  if (hours < 8) {
    return two(hours, "h", minutes % 60, "m");
  }
  if (hours < 48) {
    return std::to_string(hours) + "h";
  }
  if (days < 8) {
    return two(days, "d", hours % 24, "h");
  }
  if (days < 365 * 2) {
    return std::to_string(days) + "d";
  }
  return days < 365 * 8 ? two(days / 365, "y", days % 365, "d") : std::to_string(days / 365) + "y";
}

}  // namespace troupe::local
