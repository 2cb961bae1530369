#include "kube/server_url.hpp"

#include <algorithm>
#include <charconv>

#include "base/ascii.hpp"

namespace troupe::kube {
namespace {

Error wrong(std::string_view url, std::string_view what) {
  return {ErrorCode::invalid_argument, "URL '" + std::string(url) + "': " + std::string(what)};
}

bool host_character(char c) { return ascii::is_lower(c) || ascii::is_digit(c) || c == '-' || c == '.' || c == '_'; }

char lower(char c) { return ascii::is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string ServerUrl::text() const { return scheme + "://" + host + ":" + std::to_string(port) + path; }

bool is_ipv4_literal(std::string_view host) {
  int parts = 0;
  while (!host.empty()) {
    unsigned value = 0;
    const auto [end, failure] = std::from_chars(host.data(), host.data() + host.size(), value);
    const auto length = static_cast<std::size_t>(end - host.data());
    if (failure != std::errc{} || length > 3 || value > 255) {
      return false;
    }
    ++parts;
    host.remove_prefix(length);
    if (host.empty()) {
      break;
    }
    if (host.front() != '.' || host.size() == 1) {
      return false;
    }
    host.remove_prefix(1);
  }
  return parts == 4;
}

Result<ServerUrl> parse_server_url(std::string_view url) {
  ServerUrl out;
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) {
    return wrong(url, "must start with https:// or http://");
  }
  out.scheme = std::string(url.substr(0, scheme_end));
  std::transform(out.scheme.begin(), out.scheme.end(), out.scheme.begin(), lower);
  if (out.scheme != "https" && out.scheme != "http") {
    return wrong(url, "must start with https:// or http://");
  }
  std::string_view rest = url.substr(scheme_end + 3);
  const auto path_start = rest.find_first_of("/?#");
  std::string_view authority = rest.substr(0, path_start);
  if (path_start != std::string_view::npos) {
    out.path = std::string(rest.substr(path_start));
    if (out.path.find_first_of("?# \t\r\n") != std::string::npos) {
      return wrong(url, "must have no query, fragment or white space");
    }
  }
  while (!out.path.empty() && out.path.back() == '/') {
    out.path.pop_back();
  }
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    out.user_info = std::string(authority.substr(0, at));
    authority.remove_prefix(at + 1);
  }
  if (!authority.empty() && authority.front() == '[') {
    return Error{ErrorCode::unsupported,
                 "URL '" + std::string(url) + "': IPv6 literals are not supported; use a DNS name of that address"};
  }
  out.port = out.scheme == "https" ? 443 : 80;
  if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
    const std::string_view port = authority.substr(colon + 1);
    const auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (failure != std::errc{} || end != port.data() + port.size() || out.port == 0) {
      return wrong(url, "the port must be a number from 1 to 65535");
    }
    authority = authority.substr(0, colon);
  }
  out.host = std::string(authority);
  std::transform(out.host.begin(), out.host.end(), out.host.begin(), lower);
  if (out.host.empty() || !std::all_of(out.host.begin(), out.host.end(), host_character)) {
    return wrong(url, "the host must be a name or an IPv4 address");
  }
  return out;
}

}  // namespace troupe::kube
