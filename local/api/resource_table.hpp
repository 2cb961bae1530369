// The fixed table of kinds that this API server knows: what discovery says of them and how their objects are treated.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::local {

/// Where objects are kept. Two served versions of one kind share one.
enum class Storage {
  namespaces,
  nodes,
  custom_resource_definitions,
  cluster_roles,
  cluster_role_bindings,
  service_accounts,
  secrets,
  config_maps,
  services,
  endpoints,
  events,
  roles,
  role_bindings,
  leases,
  pod_disruption_budgets,
  controller_revisions,
  pods,
  troupe_clusters,
  troupe_applications,
};
inline constexpr int storage_count = 19;

struct SubresourceEntry {
  std::string_view name;   ///< "status"
  std::string_view group;  ///< Of `kind`, when it differs from the parent's.
  std::string_view version;
  std::string_view kind;
  std::vector<std::string_view> verbs;
};

struct ResourceEntry {
  Storage storage;
  std::string_view group;  ///< "" for core.
  std::string_view version;
  std::string_view plural;
  std::string_view singular;
  std::string_view kind;
  bool namespaced = true;
  std::vector<std::string_view> short_names;
  std::vector<std::string_view> categories;
  std::vector<std::string_view> verbs;
  std::vector<SubresourceEntry> subresources;
  bool custom =
      false;  ///< Defined by one of the built-in CustomResourceDefinitions: schema, pruning, list items with kind.
  bool has_status = false;                ///< The main resource ignores `status`; /status writes nothing else.
  bool has_generation = false;            ///< metadata.generation counts changes of the intent.
  bool unconditional_update = true;       ///< PUT without resourceVersion overwrites.
  bool create_on_update = false;          ///< PUT of an absent object creates it.
  bool returns_deleted = false;           ///< DELETE answers with the object instead of a Status.
  std::string_view storage_version = "";  ///< Version in which objects are kept, when it is not `version`.

  [[nodiscard]] std::string group_version() const;
  /// Of one object, as OpenAPI writes paths: "/apis/GROUP/VERSION/namespaces/{namespace}/PLURAL/{name}".
  [[nodiscard]] std::string path_template() const;
  /// "policy/v1" for every version of poddisruptionbudgets.
  [[nodiscard]] std::string storage_group_version() const;
  [[nodiscard]] const SubresourceEntry* subresource(std::string_view name) const;
  [[nodiscard]] bool allows(std::string_view verb) const;
};

/// Every entry; preferred versions first within a group. Lives as long as the program.
[[nodiscard]] std::span<const ResourceEntry> resource_table();
/// Null when not served.
[[nodiscard]] const ResourceEntry* find_resource(std::string_view group, std::string_view version,
                                                 std::string_view plural);
/// The entry of the storage's own version.
[[nodiscard]] const ResourceEntry& entry_of(Storage storage);
/// Null when no served kind has that apiVersion and kind.
[[nodiscard]] const ResourceEntry* find_kind(std::string_view api_version, std::string_view kind);

}  // namespace troupe::local
