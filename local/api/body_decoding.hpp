// From the body of a write to an object of its kind: metadata cleaned, unknown fields gone and told, defaults in.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "local/api/request.hpp"
#include "local/api/resource_table.hpp"
#include "local/api/status_error.hpp"

namespace troupe::local {

struct DecodeOptions {
  std::string name;  ///< Of the object, for errors.
  WriteParameters::Validation validation = WriteParameters::Validation::warn;
  bool patched = false;  ///< The body is what a patch made of the object: errors say so.
};

/// `warnings` gets a line for each unknown field, when fieldValidation asks for that. Errors: 400, or 422 for a patch,
/// of unknown fields under Strict.
ApiResult<void> decode_body(nlohmann::json& object, const ResourceEntry& resource, const DecodeOptions& options,
                            std::vector<std::string>& warnings);

}  // namespace troupe::local
