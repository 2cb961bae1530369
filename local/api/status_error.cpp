#include "local/api/status_error.hpp"

#include <nlohmann/json.hpp>

namespace troupe::local {
namespace {

std::string qualified(std::string_view group, std::string_view plural) {
  std::string text(plural);
  if (!group.empty()) {
    text.append(".").append(group);
  }
  return text;
}

std::string quoted(std::string_view name) { return " \"" + std::string(name) + "\""; }

StatusError about(int code, std::string_view reason, std::string_view group, std::string_view kind,
                  std::string_view name, std::string message) {
  StatusError error;
  error.code = code;
  error.reason = reason;
  error.message = std::move(message);
  error.name = name;
  error.group = group;
  error.kind = kind;
  return error;
}

StatusError plain(int code, std::string_view reason, std::string_view message) {
  return about(code, reason, "", "", "", std::string(message));
}

}  // namespace

std::string to_status_json(const StatusError& error) {
  nlohmann::json status{{"kind", "Status"},    {"apiVersion", "v1"},       {"metadata", nlohmann::json::object()},
                        {"status", "Failure"}, {"message", error.message}, {"code", error.code}};
  if (!error.reason.empty()) {
    status["reason"] = error.reason;
  }
  nlohmann::json details = nlohmann::json::object();
  auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) {
      details[key] = value;
    }
  };
  add("name", error.name);
  add("group", error.group);
  add("kind", error.kind);
  add("uid", error.uid);
  for (const StatusCause& cause : error.causes) {
    nlohmann::json entry{{"reason", cause.reason}, {"message", cause.message}};
    if (!cause.field.empty()) {
      entry["field"] = cause.field;
    }
    details["causes"].push_back(std::move(entry));
  }
  if (error.retry_after_seconds > 0) {
    details["retryAfterSeconds"] = error.retry_after_seconds;
  }
  if (!details.empty()) {
    status["details"] = std::move(details);
  }
  return status.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string success_status_json(std::string_view group, std::string_view plural, std::string_view name,
                                std::string_view uid) {
  nlohmann::json status{
      {"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", nlohmann::json::object()}, {"status", "Success"}};
  nlohmann::json details{{"name", name}, {"kind", plural}};
  if (!group.empty()) {
    details["group"] = group;
  }
  if (!uid.empty()) {
    details["uid"] = uid;
  }
  status["details"] = std::move(details);
  return status.dump() + "\n";
}

StatusError not_found(std::string_view group, std::string_view plural, std::string_view name) {
  return about(404, "NotFound", group, plural, name, qualified(group, plural) + quoted(name) + " not found");
}

StatusError already_exists(std::string_view group, std::string_view plural, std::string_view name) {
  return about(409, "AlreadyExists", group, plural, name, qualified(group, plural) + quoted(name) + " already exists");
}

StatusError conflict(std::string_view group, std::string_view plural, std::string_view name, std::string_view why) {
  return about(409, "Conflict", group, plural, name,
               "Operation cannot be fulfilled on " + qualified(group, plural) + quoted(name) + ": " + std::string(why));
}

StatusError modified(std::string_view group, std::string_view plural, std::string_view name) {
  return conflict(group, plural, name,
                  "the object has been modified; please apply your changes to the latest version and try again");
}

StatusError forbidden(std::string_view group, std::string_view plural, std::string_view name, std::string_view why) {
  return about(403, "Forbidden", group, plural, name,
               qualified(group, plural) + quoted(name) + " is forbidden: " + std::string(why));
}

StatusError invalid(std::string_view group, std::string_view kind, std::string_view name,
                    std::vector<StatusCause> causes) {
  std::string message = qualified(group, kind) + quoted(name) + " is invalid: ";
  if (causes.size() > 1) {
    message += "[";
  }
  for (std::size_t i = 0; i < causes.size(); ++i) {
    message += (i == 0 ? "" : ", ") + (causes[i].field.empty() ? "" : causes[i].field + ": ") + causes[i].message;
  }
  if (causes.size() > 1) {
    message += "]";
  }
  StatusError error = about(422, "Invalid", group, kind, name, std::move(message));
  error.causes = std::move(causes);
  return error;
}

StatusError bad_request(std::string_view message) { return plain(400, "BadRequest", message); }
StatusError unprocessable(std::string_view message) { return plain(422, "Invalid", message); }
StatusError unknown_resource() { return plain(404, "NotFound", "the server could not find the requested resource"); }
StatusError method_not_allowed() {
  return plain(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
}
StatusError unsupported_media_type(std::string_view message) { return plain(415, "UnsupportedMediaType", message); }
StatusError not_acceptable(std::string_view accepted) {
  return plain(406, "NotAcceptable", "only the following media types are accepted: " + std::string(accepted));
}
StatusError unauthorized() { return plain(401, "Unauthorized", "Unauthorized"); }
StatusError expired(std::string_view message) { return plain(410, "Expired", message); }
StatusError internal_error(std::string_view message) { return plain(500, "InternalError", message); }
StatusError service_unavailable(std::string_view message) { return plain(503, "ServiceUnavailable", message); }

StatusError revision_too_large(std::uint64_t asked, std::uint64_t current) {
  StatusError error = plain(504, "Timeout", "");
  error.message =
      "Timeout: Too large resource version: " + std::to_string(asked) + ", current: " + std::to_string(current);
  error.causes.push_back({"ResourceVersionTooLarge", "Too large resource version", ""});
  error.retry_after_seconds = 1;
  return error;
}

StatusCause required_cause(std::string_view field, std::string_view detail) {
  return {"FieldValueRequired", "Required value" + (detail.empty() ? "" : ": " + std::string(detail)),
          std::string(field)};
}

StatusCause invalid_cause(std::string_view field, std::string_view value_json, std::string_view detail) {
  return {"FieldValueInvalid", "Invalid value: " + std::string(value_json) + ": " + std::string(detail),
          std::string(field)};
}

StatusCause forbidden_cause(std::string_view field, std::string_view detail) {
  return {"FieldValueForbidden", "Forbidden: " + std::string(detail), std::string(field)};
}

}  // namespace troupe::local
