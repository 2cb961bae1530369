#include "local/api/resource_table.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace troupe::local {
namespace {

using Names = std::vector<std::string_view>;

const Names all_verbs{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
const Names status_verbs{"get", "patch", "update"};
constexpr std::string_view rbac = "rbac.authorization.k8s.io";

ResourceEntry entry(Storage storage, std::string_view group, std::string_view version, std::string_view plural,
                    std::string_view singular, std::string_view kind, bool namespaced, Names short_names = {}) {
  ResourceEntry made;
  made.storage = storage;
  made.group = group;
  made.version = version;
  made.plural = plural;
  made.singular = singular;
  made.kind = kind;
  made.namespaced = namespaced;
  made.short_names = std::move(short_names);
  made.verbs = all_verbs;
  return made;
}

ResourceEntry with_status(ResourceEntry base) {
  base.has_status = true;
  base.subresources.push_back({"status", "", "", base.kind, status_verbs});
  return base;
}

ResourceEntry namespaces_entry() {
  ResourceEntry made =
      with_status(entry(Storage::namespaces, "", "v1", "namespaces", "namespace", "Namespace", false, {"ns"}));
  made.verbs = {"create", "delete", "get", "list", "patch", "update", "watch"};
  made.subresources.push_back({"finalize", "", "", "Namespace", {"update"}});
  return made;
}

ResourceEntry pods_entry() {
  ResourceEntry made = with_status(entry(Storage::pods, "", "v1", "pods", "pod", "Pod", true, {"po"}));
  made.categories = {"all"};
  made.returns_deleted = true;
  made.subresources.push_back({"binding", "", "", "Binding", {"create"}});
  made.subresources.push_back({"eviction", "policy", "v1", "Eviction", {"create"}});
  made.subresources.push_back({"exec", "", "", "PodExecOptions", {"create", "get"}});
  made.subresources.push_back({"log", "", "", "Pod", {"get"}});
  return made;
}

ResourceEntry services_entry() {
  ResourceEntry made = with_status(entry(Storage::services, "", "v1", "services", "service", "Service", true, {"svc"}));
  made.categories = {"all"};
  made.returns_deleted = true;
  return made;
}

ResourceEntry service_accounts_entry() {
  ResourceEntry made =
      entry(Storage::service_accounts, "", "v1", "serviceaccounts", "serviceaccount", "ServiceAccount", true, {"sa"});
  made.returns_deleted = true;
  made.subresources.push_back({"token", "authentication.k8s.io", "v1", "TokenRequest", {"create"}});
  return made;
}

ResourceEntry leases_entry() {
  ResourceEntry made = entry(Storage::leases, "coordination.k8s.io", "v1", "leases", "lease", "Lease", true);
  made.unconditional_update = false;
  made.create_on_update = true;
  return made;
}

ResourceEntry pod_disruption_budgets_entry(std::string_view version) {
  ResourceEntry made = with_status(entry(Storage::pod_disruption_budgets, "policy", version, "poddisruptionbudgets",
                                         "poddisruptionbudget", "PodDisruptionBudget", true, {"pdb"}));
  made.has_generation = true;
  made.unconditional_update = false;
  made.storage_version = "v1";
  return made;
}

ResourceEntry custom_resource_definitions_entry() {
  ResourceEntry made =
      entry(Storage::custom_resource_definitions, "apiextensions.k8s.io", "v1", "customresourcedefinitions",
            "customresourcedefinition", "CustomResourceDefinition", false, {"crd", "crds"});
  made.categories = {"api-extensions"};
  made.verbs = {"create", "get", "list", "patch", "update", "watch"};
  made.has_generation = true;
  made.unconditional_update = false;
  return made;
}

ResourceEntry custom_entry(Storage storage, std::string_view plural, std::string_view singular, std::string_view kind,
                           Names short_names) {
  ResourceEntry made =
      with_status(entry(storage, "troupe.dev", "v1alpha1", plural, singular, kind, true, std::move(short_names)));
  made.categories = {"all"};
  made.custom = true;
  made.has_generation = true;
  made.unconditional_update = false;
  return made;
}

std::vector<ResourceEntry> make_table() {
  std::vector<ResourceEntry> table;
  table.push_back(entry(Storage::config_maps, "", "v1", "configmaps", "configmap", "ConfigMap", true, {"cm"}));
  table.push_back(entry(Storage::endpoints, "", "v1", "endpoints", "endpoints", "Endpoints", true, {"ep"}));
  table.push_back(entry(Storage::events, "", "v1", "events", "event", "Event", true, {"ev"}));
  table.push_back(namespaces_entry());
  table.push_back(with_status(entry(Storage::nodes, "", "v1", "nodes", "node", "Node", false, {"no"})));
  table.push_back(pods_entry());
  table.push_back(entry(Storage::secrets, "", "v1", "secrets", "secret", "Secret", true));
  table.push_back(service_accounts_entry());
  table.push_back(services_entry());
  table.push_back(custom_resource_definitions_entry());
  table.push_back(entry(Storage::controller_revisions, "apps", "v1", "controllerrevisions", "controllerrevision",
                        "ControllerRevision", true));
  table.push_back(leases_entry());
  table.push_back(pod_disruption_budgets_entry("v1"));
  table.push_back(pod_disruption_budgets_entry("v1beta1"));
  table.push_back(entry(Storage::cluster_role_bindings, rbac, "v1", "clusterrolebindings", "clusterrolebinding",
                        "ClusterRoleBinding", false));
  table.push_back(entry(Storage::cluster_roles, rbac, "v1", "clusterroles", "clusterrole", "ClusterRole", false));
  table.push_back(entry(Storage::role_bindings, rbac, "v1", "rolebindings", "rolebinding", "RoleBinding", true));
  table.push_back(entry(Storage::roles, rbac, "v1", "roles", "role", "Role", true));
  table.push_back(custom_entry(Storage::troupe_applications, "troupeapplications", "troupeapplication",
                               "TroupeApplication", {"troupeapp"}));
  table.push_back(
      custom_entry(Storage::troupe_clusters, "troupeclusters", "troupecluster", "TroupeCluster", {"troupe"}));
  table.back().subresources.push_back({"scale", "autoscaling", "v1", "Scale", status_verbs});
  return table;
}

}  // namespace

std::string ResourceEntry::group_version() const {
  return group.empty() ? std::string(version) : std::string(group) + "/" + std::string(version);
}

std::string ResourceEntry::path_template() const {
  return (group.empty() ? "/api/" : "/apis/") + group_version() + (namespaced ? "/namespaces/{namespace}/" : "/") +
         std::string(plural) + "/{name}";
}

std::string ResourceEntry::storage_group_version() const {
  const std::string_view kept = storage_version.empty() ? version : storage_version;
  return group.empty() ? std::string(kept) : std::string(group) + "/" + std::string(kept);
}

const SubresourceEntry* ResourceEntry::subresource(std::string_view wanted) const {
  auto found = std::ranges::find(subresources, wanted, &SubresourceEntry::name);
  return found == subresources.end() ? nullptr : &*found;
}

bool ResourceEntry::allows(std::string_view verb) const { return std::ranges::find(verbs, verb) != verbs.end(); }

std::span<const ResourceEntry> resource_table() {
  static const std::vector<ResourceEntry> table = make_table();
  return table;
}

const ResourceEntry* find_resource(std::string_view group, std::string_view version, std::string_view plural) {
  for (const ResourceEntry& candidate : resource_table()) {
    if (candidate.plural == plural && candidate.group == group && candidate.version == version) {
      return &candidate;
    }
  }
  return nullptr;
}

const ResourceEntry& entry_of(Storage storage) {
  for (const ResourceEntry& candidate : resource_table()) {
    if (candidate.storage == storage &&
        (candidate.storage_version.empty() || candidate.storage_version == candidate.version)) {
      return candidate;
    }
  }
  check(false, "a storage without an entry in the resource table");
  std::abort();
}

const ResourceEntry* find_kind(std::string_view api_version, std::string_view kind) {
  for (const ResourceEntry& candidate : resource_table()) {
    if (candidate.kind == kind && candidate.group_version() == api_version) {
      return &candidate;
    }
  }
  return nullptr;
}

}  // namespace troupe::local
