// The rules of spec.podTemplate: what a user may say about worker pods, and what stays the operator's.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "operator/resource/field_error.hpp"

namespace troupe::resource {

/// podTemplate is {metadata: {labels, annotations}, spec: PodSpec}, merged over the pod that the operator builds.
///
/// Refused, because the cluster would not work or a pod would reach beyond itself:
///  - metadata other than labels and annotations; keys of the operator's own (troupe.dev/...,
///  app.kubernetes.io/component,
///    app.kubernetes.io/managed-by);
///  - spec.hostNetwork: two workers of a node would fight for one address;
///  - spec.restartPolicy, serviceAccountName, serviceAccount, terminationGracePeriodSeconds (spec.drain sets it),
///  hostname,
///    subdomain, nodeName, ephemeralContainers;
///  - of the container `worker`: image (spec.image), command, args, resources (spec.resources), the probes, ports and
///    variables named as the operator's (TROUPE_...).
void validate_pod_template(const nlohmann::json& pod_template, const std::string& path, FieldErrors& errors);

}  // namespace troupe::resource
