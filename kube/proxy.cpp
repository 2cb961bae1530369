#include "kube/proxy.hpp"

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "kube/server_url.hpp"

namespace troupe::kube {
namespace {

std::uint32_t ipv4_number(std::string_view literal) {
  std::uint32_t out = 0;
  while (!literal.empty()) {
    std::uint32_t part = 0;
    const auto dot = std::min(literal.find('.'), literal.size());
    std::from_chars(literal.data(), literal.data() + dot, part);
    out = (out << 8U) | part;
    literal.remove_prefix(std::min(dot + 1, literal.size()));
  }
  return out;
}

bool in_block(std::string_view host, std::string_view block) {
  const auto slash = block.find('/');
  const std::string_view base = block.substr(0, slash);
  const std::string_view bits_text = block.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, failure] = std::from_chars(bits_text.data(), bits_text.data() + bits_text.size(), bits);
  if (failure != std::errc{} || end != bits_text.data() + bits_text.size() || bits > 32 || !is_ipv4_literal(base) ||
      !is_ipv4_literal(host)) {
    return false;
  }
  const std::uint32_t mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
  return (ipv4_number(host) & mask) == (ipv4_number(base) & mask);
}

bool matches(std::string_view entry, const ServerUrl& server) {
  if (entry == "*") {
    return true;
  }
  if (entry.find('/') != std::string_view::npos) {
    return in_block(server.host, entry);
  }
  if (const auto colon = entry.find(':'); colon != std::string_view::npos) {
    if (entry.substr(colon + 1) != std::to_string(server.port)) {
      return false;
    }
    entry = entry.substr(0, colon);
  }
  const bool subdomains_only = !entry.empty() && entry.front() == '.';
  if (subdomains_only) {
    entry.remove_prefix(1);
  }
  if (entry.empty()) {
    return false;
  }
  const std::string_view host = server.host;
  if (host == entry) {
    return !subdomains_only;
  }
  return host.size() > entry.size() && host.ends_with(entry) && host[host.size() - entry.size() - 1] == '.' &&
         !is_ipv4_literal(host);
}

bool excepted(const std::string& list, const ServerUrl& server) {
  std::string_view rest = list;
  while (!rest.empty()) {
    const auto end = std::min(rest.find_first_of(", \t"), rest.size());
    if (end > 0 && matches(rest.substr(0, end), server)) {
      return true;
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

std::string either(const Environment& environment, std::string_view first, std::string_view second) {
  std::string value = environment(first);
  return value.empty() ? environment(second) : value;
}

}  // namespace

std::string proxy_for(std::string_view server_url, const Environment& environment) {
  const auto server = parse_server_url(server_url);
  if (!server.ok()) {
    return {};
  }
  std::string proxy =
      server->scheme == "https" ? either(environment, "HTTPS_PROXY", "https_proxy") : environment("http_proxy");
  if (proxy.empty() || server->host == "localhost" ||
      (is_ipv4_literal(server->host) && server->host.starts_with("127.")) ||
      excepted(either(environment, "NO_PROXY", "no_proxy"), *server)) {
    return {};
  }
  return proxy.find("://") == std::string::npos ? "http://" + proxy : proxy;
}

std::string program_environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::string() : value;
}

}  // namespace troupe::kube
