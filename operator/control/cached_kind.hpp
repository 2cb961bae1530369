// The kinds of object that the operator watches, and where each lives in the API.
#pragma once

#include <array>
#include <cstddef>

#include "kube/object.hpp"
#include "operator/desired/plan.hpp"

namespace troupe::control {

using desired::OwnedKind;

/// Types of the owned kinds, indexed by OwnedKind. The PodDisruptionBudget's version depends on the server.
using OwnedTypes = std::array<kube::ResourceType, desired::owned_kinds>;

[[nodiscard]] OwnedTypes owned_types(const kube::ResourceType& pod_disruption_budgets);
/// What the policy group is served as by servers from 1.21 on, and before.
[[nodiscard]] kube::ResourceType pod_disruption_budgets(const std::string& policy_version);

}  // namespace troupe::control
