#include "local/pod_runner/address_pool.hpp"

#include <charconv>
#include <optional>

namespace troupe::local {
namespace {

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  std::uint32_t address = 0;
  for (int part = 0; part < 4; ++part) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value > 255) {
      return std::nullopt;
    }
    address = (address << 8) | value;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (part < 3) {
      if (!text.starts_with('.')) {
        return std::nullopt;
      }
      text.remove_prefix(1);
    }
  }
  return text.empty() ? std::optional(address) : std::nullopt;
}

std::string ipv4_text(std::uint32_t address) {
  return std::to_string(address >> 24) + "." + std::to_string((address >> 16) & 255) + "." +
         std::to_string((address >> 8) & 255) + "." + std::to_string(address & 255);
}

}  // namespace

Result<AddressPool> AddressPool::create(std::string_view cidr) {
  const Error malformed{
      ErrorCode::invalid_argument,
      "pod CIDR \"" + std::string(cidr) + "\": give a range of 127.0.0.0/8 between /8 and /30, such as 127.77.0.0/16"};
  const std::size_t slash = cidr.find('/');
  if (slash == std::string_view::npos) {
    return malformed;
  }
  const auto address = parse_ipv4(cidr.substr(0, slash));
  unsigned bits = 0;
  const std::string_view length = cidr.substr(slash + 1);
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (!address || error != std::errc() || end != length.data() + length.size() || bits < 8 || bits > 30 ||
      (*address >> 24) != 127) {
    return malformed;
  }
  const std::uint32_t size = 1U << (32 - bits);
  // The first address of a range is its network, the second a gateway's by custom, the last its broadcast.
  return AddressPool((*address & ~(size - 1)) + 2, size - 3);
}

Result<std::string> AddressPool::take(const std::string& owner) {
  const std::lock_guard lock(mutex_);
  if (const auto held = by_owner_.find(owner); held != by_owner_.end()) {
    return ipv4_text(first_ + held->second);
  }
  for (std::uint32_t tried = 0; tried < count_; ++tried) {
    const std::uint32_t candidate = next_;
    next_ = (next_ + 1) % count_;
    if (taken_.insert(candidate).second) {
      by_owner_[owner] = candidate;
      return ipv4_text(first_ + candidate);
    }
  }
  return Error{ErrorCode::limit_exceeded, "no pod address is free: start the node with a wider --pod-cidr"};
}

void AddressPool::give_back(const std::string& owner) {
  const std::lock_guard lock(mutex_);
  if (const auto held = by_owner_.find(owner); held != by_owner_.end()) {
    taken_.erase(held->second);
    by_owner_.erase(held);
  }
}

}  // namespace troupe::local
