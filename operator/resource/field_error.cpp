#include "operator/resource/field_error.hpp"

namespace troupe::resource {

std::string to_string(const FieldErrors& errors) {
  std::string text;
  for (const FieldError& error : errors) {
    if (!text.empty()) {
      text += "; ";
    }
    text += error.field + ": " + error.reason;
  }
  return text;
}

}  // namespace troupe::resource
