// The resource types this project speaks of. Types whose served version differs between Kubernetes releases come from
// discovery (kube/discovery.hpp) instead.
#pragma once

#include "kube/object.hpp"

namespace troupe::kube {

inline const ResourceType pods{"", "v1", "pods", "Pod", true};
inline const ResourceType services{"", "v1", "services", "Service", true};
inline const ResourceType secrets{"", "v1", "secrets", "Secret", true};
inline const ResourceType config_maps{"", "v1", "configmaps", "ConfigMap", true};
inline const ResourceType service_accounts{"", "v1", "serviceaccounts", "ServiceAccount", true};
inline const ResourceType events{"", "v1", "events", "Event", true};
inline const ResourceType namespaces{"", "v1", "namespaces", "Namespace", false};
inline const ResourceType nodes{"", "v1", "nodes", "Node", false};
inline const ResourceType roles{"rbac.authorization.k8s.io", "v1", "roles", "Role", true};
inline const ResourceType role_bindings{"rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", true};
inline const ResourceType leases{"coordination.k8s.io", "v1", "leases", "Lease", true};
inline const ResourceType controller_revisions{"apps", "v1", "controllerrevisions", "ControllerRevision", true};
inline const ResourceType custom_resource_definitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions",
                                                      "CustomResourceDefinition", false};
inline const ResourceType troupe_clusters{"troupe.dev", "v1alpha1", "troupeclusters", "TroupeCluster", true};
inline const ResourceType troupe_applications{"troupe.dev", "v1alpha1", "troupeapplications", "TroupeApplication",
                                              true};

}  // namespace troupe::kube
