#include "local/api/discovery.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "local/api/resource_table.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;
using GroupVersion = std::pair<std::string, std::string>;

std::string joined(const GroupVersion& at) { return at.first.empty() ? at.second : at.first + "/" + at.second; }

json resource_json(const ResourceEntry& entry) {
  json resource{{"name", entry.plural},
                {"singularName", entry.singular},
                {"namespaced", entry.namespaced},
                {"kind", entry.kind},
                {"verbs", entry.verbs}};
  if (!entry.short_names.empty()) {
    resource["shortNames"] = entry.short_names;
  }
  if (!entry.categories.empty()) {
    resource["categories"] = entry.categories;
  }
  return resource;
}

json subresource_json(const ResourceEntry& entry, const SubresourceEntry& sub) {
  json resource{{"name", std::string(entry.plural) + "/" + std::string(sub.name)},
                {"singularName", ""},
                {"namespaced", entry.namespaced},
                {"kind", sub.kind},
                {"verbs", sub.verbs}};
  if (!sub.version.empty()) {
    resource["group"] = sub.group;
    resource["version"] = sub.version;
  }
  return resource;
}

std::string resource_list(const GroupVersion& at) {
  json list{
      {"kind", "APIResourceList"}, {"apiVersion", "v1"}, {"groupVersion", joined(at)}, {"resources", json::array()}};
  for (const ResourceEntry& entry : resource_table()) {
    if (entry.group != at.first || entry.version != at.second) {
      continue;
    }
    list["resources"].push_back(resource_json(entry));
    for (const SubresourceEntry& sub : entry.subresources) {
      list["resources"].push_back(subresource_json(entry, sub));
    }
  }
  for (const ReviewEntry& review : review_kinds()) {
    if (review.group == at.first && review.version == at.second) {
      list["resources"].push_back({{"name", review.plural},
                                   {"singularName", std::string(review.plural).substr(0, review.plural.size() - 1)},
                                   {"namespaced", false},
                                   {"kind", review.kind},
                                   {"verbs", {"create"}}});
    }
  }
  return list.dump() + "\n";
}

std::vector<std::string> versions_of(const std::string& group) {
  std::vector<std::string> versions;
  for (const auto& [name, version] : served_versions()) {
    if (name == group) {
      versions.push_back(version);
    }
  }
  return versions;
}

std::vector<std::string> named_groups() {
  std::vector<std::string> groups;
  for (const auto& [group, version] : served_versions()) {
    if (!group.empty() && std::ranges::find(groups, group) == groups.end()) {
      groups.push_back(group);
    }
  }
  return groups;
}

json group_json(const std::string& group) {
  json document{{"name", group}, {"versions", json::array()}};
  for (const std::string& version : versions_of(group)) {
    document["versions"].push_back({{"groupVersion", joined({group, version})}, {"version", version}});
  }
  document["preferredVersion"] = document["versions"][0];
  return document;
}

json response_kind(std::string_view group, std::string_view version, std::string_view kind) {
  return {{"group", group}, {"version", version}, {"kind", kind}};
}

json aggregated_resource(const ResourceEntry& entry) {
  json resource{{"resource", entry.plural},
                {"responseKind", response_kind(entry.group, entry.version, entry.kind)},
                {"scope", entry.namespaced ? "Namespaced" : "Cluster"},
                {"singularResource", entry.singular},
                {"verbs", entry.verbs}};
  if (!entry.short_names.empty()) {
    resource["shortNames"] = entry.short_names;
  }
  if (!entry.categories.empty()) {
    resource["categories"] = entry.categories;
  }
  for (const SubresourceEntry& sub : entry.subresources) {
    resource["subresources"].push_back(
        {{"subresource", sub.name},
         {"responseKind", sub.version.empty() ? response_kind(entry.group, entry.version, sub.kind)
                                              : response_kind(sub.group, sub.version, sub.kind)},
         {"verbs", sub.verbs}});
  }
  return resource;
}

json aggregated_group(const std::string& group) {
  json item{{"metadata", group.empty() ? json::object() : json{{"name", group}}}, {"versions", json::array()}};
  for (const std::string& version : versions_of(group)) {
    json resources = json::array();
    for (const ResourceEntry& entry : resource_table()) {
      if (entry.group == group && entry.version == version) {
        resources.push_back(aggregated_resource(entry));
      }
    }
    for (const ReviewEntry& review : review_kinds()) {
      if (review.group == group && review.version == version) {
        resources.push_back({{"resource", review.plural},
                             {"responseKind", response_kind(group, version, review.kind)},
                             {"scope", "Cluster"},
                             {"singularResource", std::string(review.plural).substr(0, review.plural.size() - 1)},
                             {"verbs", {"create"}}});
      }
    }
    item["versions"].push_back({{"version", version}, {"resources", std::move(resources)}, {"freshness", "Current"}});
  }
  return item;
}

}  // namespace

const std::vector<ReviewEntry>& review_kinds() {
  static const std::vector<ReviewEntry> kinds{
      {"authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview"},
      {"authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview"}};
  return kinds;
}

std::vector<GroupVersion> served_versions() {
  std::vector<GroupVersion> versions;
  auto add = [&](std::string_view group, std::string_view version) {
    GroupVersion at{group, version};
    if (std::ranges::find(versions, at) == versions.end()) {
      versions.push_back(std::move(at));
    }
  };
  for (const ResourceEntry& entry : resource_table()) {
    add(entry.group, entry.version);
  }
  for (const ReviewEntry& review : review_kinds()) {
    add(review.group, review.version);
  }
  return versions;
}

std::optional<std::string> discovery_document(const std::vector<std::string>& segments,
                                              const std::string& server_address) {
  if (segments.size() == 1 && segments[0] == "api") {
    return json{{"kind", "APIVersions"},
                {"versions", {"v1"}},
                {"serverAddressByClientCIDRs", {{{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", server_address}}}}}
               .dump() +
           "\n";
  }
  if (segments.size() == 1 && segments[0] == "apis") {
    json list{{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", json::array()}};
    for (const std::string& group : named_groups()) {
      list["groups"].push_back(group_json(group));
    }
    return list.dump() + "\n";
  }
  if (segments.size() == 2 && segments[0] == "api" && segments[1] == "v1") {
    return resource_list({"", "v1"});
  }
  if (segments.size() < 2 || segments[0] != "apis" || versions_of(segments[1]).empty() || segments.size() > 3) {
    return std::nullopt;
  }
  if (segments.size() == 2) {
    json group = group_json(segments[1]);
    group["kind"] = "APIGroup";
    group["apiVersion"] = "v1";
    return group.dump() + "\n";
  }
  const std::vector<std::string> versions = versions_of(segments[1]);
  if (std::ranges::find(versions, segments[2]) == versions.end()) {
    return std::nullopt;
  }
  return resource_list({segments[1], segments[2]});
}

std::optional<std::string> aggregated_discovery_document(const std::vector<std::string>& segments,
                                                         const std::string& version) {
  if (segments.size() != 1 || (segments[0] != "api" && segments[0] != "apis")) {
    return std::nullopt;
  }
  json list{{"kind", "APIGroupDiscoveryList"},
            {"apiVersion", "apidiscovery.k8s.io/" + version},
            {"metadata", json::object()},
            {"items", json::array()}};
  if (segments[0] == "api") {
    list["items"].push_back(aggregated_group(""));
  } else {
    for (const std::string& group : named_groups()) {
      list["items"].push_back(aggregated_group(group));
    }
  }
  return list.dump() + "\n";
}

}  // namespace troupe::local
