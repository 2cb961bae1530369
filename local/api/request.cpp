#include "local/api/request.hpp"

#include <cctype>

namespace troupe::local {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return -1;
}

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0) {
        return std::nullopt;
      }
      out.push_back(static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

bool parse_query(std::string_view text, Query& query) {
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (pair.empty()) {
      continue;
    }
    const std::size_t equals = pair.find('=');
    auto key = percent_decoded(pair.substr(0, equals), true);
    auto value = percent_decoded(equals == std::string_view::npos ? "" : pair.substr(equals + 1), true);
    if (!key || !value) {
      return false;
    }
    query.values.emplace(std::move(*key), std::move(*value));
  }
  return true;
}

}  // namespace

std::string Query::get(std::string_view name) const {
  auto found = values.find(name);
  return found == values.end() ? std::string() : found->second;
}

bool Query::flag(std::string_view name) const {
  auto found = values.find(name);
  if (found == values.end()) {
    return false;
  }
  // apimachinery reads any other text than "false" and "0" as true, the empty one too.
  return found->second != "false" && found->second != "0";
}

std::optional<RequestTarget> parse_request_target(std::string_view text) {
  if (!text.starts_with('/')) {
    return std::nullopt;
  }
  RequestTarget target;
  const std::size_t mark = text.find('?');
  if (mark != std::string_view::npos) {
    target.raw_query = text.substr(mark + 1);
    if (!parse_query(target.raw_query, target.query)) {
      return std::nullopt;
    }
  }
  std::string_view path = text.substr(0, mark);
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t slash = path.find('/');
    auto segment = percent_decoded(path.substr(0, slash), false);
    if (!segment) {
      return std::nullopt;
    }
    if (!segment->empty()) {
      target.path += "/" + *segment;
      target.segments.push_back(std::move(*segment));
    }
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash);
  }
  if (target.path.empty()) {
    target.path = "/";
  }
  return target;
}

std::string percent_encoded(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (unsigned char c : text) {
    if (std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~') {
      out.push_back(static_cast<char>(c));
    } else {
      out.push_back('%');
      out.push_back(digits[c >> 4]);
      out.push_back(digits[c & 15]);
    }
  }
  return out;
}

ApiResult<ResourcePath> parse_resource_path(const RequestTarget& target) {
  std::vector<std::string> rest = target.segments;
  auto take = [&] {
    std::string first = rest.empty() ? std::string() : rest.front();
    if (!rest.empty()) {
      rest.erase(rest.begin());
    }
    return first;
  };
  ResourcePath path;
  const std::string root = take();
  const std::string group = root == "apis" ? take() : "";
  const std::string version = take();
  if ((root != "api" && root != "apis") || version.empty()) {
    return unknown_resource();
  }
  if (!rest.empty() && rest.front() == "watch") {
    path.watch_prefix = true;
    take();
  }
  // /namespaces/NS/PLURAL... names objects inside; /namespaces/NS and its subresources name the namespace itself.
  const bool inside = rest.size() >= 3 && rest[0] == "namespaces" && rest[2] != "status" && rest[2] != "finalize";
  if (inside) {
    take();
    path.namespace_name = take();
  }
  path.resource = find_resource(group, version, take());
  path.name = take();
  path.subresource = take();
  if (path.resource == nullptr || !rest.empty() || (inside && !path.resource->namespaced)) {
    return unknown_resource();
  }
  if (path.resource->namespaced && !path.name.empty() && path.namespace_name.empty()) {
    return unknown_resource();
  }
  if (!path.subresource.empty() && path.resource->subresource(path.subresource) == nullptr) {
    return unknown_resource();
  }
  return path;
}

ApiResult<WriteParameters> parse_write_parameters(const Query& query) {
  WriteParameters parameters;
  auto [first, last] = query.values.equal_range("dryRun");
  for (; first != last; ++first) {
    if (first->second != "All") {
      return invalid("meta.k8s.io", "CreateOptions", "",
                     {{"FieldValueNotSupported",
                       "Unsupported value: \"" + first->second + "\": supported values: \"All\"", "dryRun"}});
    }
    parameters.dry_run = true;
  }
  const std::string validation = query.get("fieldValidation");
  if (validation == "Ignore") {
    parameters.validation = WriteParameters::Validation::ignore;
  } else if (validation == "Strict") {
    parameters.validation = WriteParameters::Validation::strict;
  } else if (!validation.empty() && validation != "Warn") {
    return invalid("meta.k8s.io", "CreateOptions", "",
                   {{"FieldValueNotSupported",
                     "Unsupported value: \"" + validation + "\": supported values: \"Ignore\", \"Warn\", \"Strict\"",
                     "fieldValidation"}});
  }
  return parameters;
}

}  // namespace troupe::local
