// How spec.podTemplate is merged over the pod that the operator builds.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace troupe::desired {

/// Merges a validated pod template (resource/pod_template.hpp) into `pod`:
///  - maps are merged, the template's value wins, null counts as absent: nothing can be removed;
///  - lists whose items have a key are merged by it, new items are added at the end: containers, initContainers, env,
///    volumes, imagePullSecrets (name), volumeMounts (mountPath), ports (containerPort), topologySpreadConstraints
///    (topologyKey), hostAliases (ip);
///  - tolerations are added; any other list is replaced.
void merge_pod_template(nlohmann::json& pod, const nlohmann::json& pod_template);

}  // namespace troupe::desired
