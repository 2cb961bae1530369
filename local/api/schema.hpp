// What a CustomResourceDefinition's OpenAPI schema does to objects: unknown fields are pruned, defaults filled in, the
// rest validated. Pure. Rules in CEL (x-kubernetes-validations) are not evaluated.
//
// Source: apiextensions-apiserver's structural schemas (pruning, defaulting, validation), whose messages are used.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "local/api/status_error.hpp"

namespace troupe::local {

/// Removes fields that `schema` does not know and appends their paths ("spec.children[0].foo") to `unknown`. At the
/// root, apiVersion, kind and metadata are left alone.
void prune_unknown_fields(nlohmann::json& object, const nlohmann::json& schema, std::vector<std::string>& unknown);

/// Fills absent fields that have a default, in every object that is present; drops nulls where null is not allowed.
void apply_defaults(nlohmann::json& object, const nlohmann::json& schema);

/// Everything wrong with `object`, in the order of the schema's fields.
[[nodiscard]] std::vector<StatusCause> validate_against(const nlohmann::json& object, const nlohmann::json& schema);

/// Whether any part of `schema` carries CEL rules.
[[nodiscard]] bool has_cel_rules(const nlohmann::json& schema);

}  // namespace troupe::local
