{{/*
What the operator may do where it serves resources. Kubernetes lets nobody grant what they do not hold, so the rules of
the workers' own Roles are part of this: pods and troupeapplications get/list/watch, pods/status patch.
*/}}
{{- define "troupe.operator_rules" -}}
- apiGroups: [troupe.dev]
  resources: [troupeclusters, troupeapplications]
  verbs: [get, list, watch]
- apiGroups: [troupe.dev]
  resources: [troupeclusters/status, troupeapplications/status]
  verbs: [patch]
# Owner references that block deletion need this where OwnerReferencesPermissionEnforcement is on.
- apiGroups: [troupe.dev]
  resources: [troupeclusters/finalizers]
  verbs: [update]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [pods/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [services, serviceaccounts]
  verbs: [get, list, watch, create, patch]
# Cookies. RBAC cannot select by label; the operator lists only Secrets that carry troupe.dev/cluster.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch, create, patch]
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles, rolebindings]
  verbs: [get, list, watch, create, patch]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch]
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- end -}}
