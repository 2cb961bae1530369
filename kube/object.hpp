// Kubernetes objects as the client hands them out: an immutable JSON document, cheap to copy, safe to read from any
// thread. managedFields are dropped while decoding.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::kube {

/// A resource as discovery names it: where it lives in the API.
struct ResourceType {
  std::string group;    ///< "" for core.
  std::string version;  ///< "v1".
  std::string plural;   ///< "pods".
  std::string kind;     ///< "Pod".
  bool namespaced = true;

  bool operator==(const ResourceType&) const = default;
  [[nodiscard]] std::string group_version() const { return group.empty() ? version : group + "/" + version; }
};

class Object {
 public:
  Object();  ///< An empty JSON object.
  explicit Object(nlohmann::json document);

  [[nodiscard]] const nlohmann::json& json() const { return *document_; }
  /// Empty when absent.
  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] const std::string& namespace_name() const;
  [[nodiscard]] const std::string& uid() const;
  [[nodiscard]] const std::string& resource_version() const;
  [[nodiscard]] const std::string& kind() const;
  [[nodiscard]] bool being_deleted() const;  ///< Has a deletionTimestamp.
  [[nodiscard]] std::int64_t generation() const;
  [[nodiscard]] std::string label(std::string_view key) const;
  [[nodiscard]] std::string annotation(std::string_view key) const;
  /// UID of the ownerReference with controller: true.
  [[nodiscard]] std::string controller_uid() const;
  /// "namespace/name", or the name alone when it has no namespace.
  [[nodiscard]] std::string key() const;

 private:
  std::shared_ptr<const nlohmann::json> document_;
};

}  // namespace troupe::kube
