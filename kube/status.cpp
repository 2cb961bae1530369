#include "kube/status.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/json_text.hpp"
#include "kube/decode.hpp"

namespace troupe::kube {
namespace {

using Json = nlohmann::json;

/// More would turn one overloaded server's answer into a client that looks hung.
constexpr std::int64_t retry_after_seconds_max = 3600;
constexpr std::size_t quoted_body_bytes_max = 200;

std::optional<std::int64_t> number(const Json& parent, const char* key) {
  const auto found = parent.find(key);
  if (found == parent.end() || !found->is_number_integer()) {
    return std::nullopt;
  }
  return found->get<std::int64_t>();
}

std::optional<std::chrono::seconds> seconds(std::int64_t value) {
  if (value < 0) {
    return std::nullopt;
  }
  return std::chrono::seconds(std::min(value, retry_after_seconds_max));
}

/// Delta-seconds only (RFC 9110 10.2.3): no Kubernetes server sends the date form.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view header) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(header.data(), header.data() + header.size(), value);
  if (failure != std::errc{} || end != header.data() + header.size()) {
    return std::nullopt;
  }
  return seconds(value);
}

}  // namespace

ApiError error_of_status(const Json& document, int status, std::string_view context) {
  ApiError error;
  error.status = status;
  error.message = std::string(context) + ": ";
  if (!document.is_object()) {
    error.message += "HTTP status " + std::to_string(status) + " with a body that is not a Status";
    return error;
  }
  const auto code = number(document, "code");
  if (code.has_value() && *code >= 100 && *code < 600) {
    error.status = static_cast<int>(*code);
  }
  error.reason = text_in(document, "reason");
  const std::string message = text_in(document, "message");
  error.message += message.empty() ? "HTTP status " + std::to_string(error.status) + " " + error.reason : message;
  const auto details = document.find("details");
  if (details != document.end() && details->is_object()) {
    error.details_json = details->dump(-1, ' ', false, Json::error_handler_t::replace);
    if (const auto after = number(*details, "retryAfterSeconds"); after.has_value() && *after > 0) {
      error.retry_after = seconds(*after);
    }
  }
  return error;
}

ApiError error_of_response(int status, std::string_view body, std::string_view retry_after, std::string_view context) {
  ApiError error;
  const auto document = decode_json(body);
  if (document.ok() && document->is_object() && text_in(*document, "kind") == "Status") {
    error = error_of_status(*document, status, context);
    error.status = status;
  } else {
    error.status = status;
    error.message = std::string(context) + ": HTTP status " + std::to_string(status);
    if (!body.empty()) {
      error.message += ": " + std::string(body.substr(0, quoted_body_bytes_max));
    }
  }
  if (const auto after = parse_retry_after(retry_after); after.has_value()) {
    error.retry_after = after;
  }
  return error;
}

ApiError error_of_transport(const Error& error, std::string_view context) {
  ApiError out;
  out.message = std::string(context) + ": " + error.message;
  return out;
}

bool resource_version_too_large(const ApiError& error) {
  if (error.status != 504 && error.reason != "Timeout") {
    return false;
  }
  if (const auto details = decode_json(error.details_json); details.ok() && details->is_object()) {
    const auto causes = details->find("causes");
    if (causes != details->end() && causes->is_array()) {
      for (const Json& cause : *causes) {
        if (cause.is_object() && text_in(cause, "reason") == "ResourceVersionTooLarge") {
          return true;
        }
      }
    }
  }
  // Servers before 1.19 name it in the message alone.
  return error.message.find("Too large resource version") != std::string::npos;
}

}  // namespace troupe::kube
