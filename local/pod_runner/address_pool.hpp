// Pod addresses on the loopback interface: each pod has one of its own, as on a real node. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace troupe::local {

/// Thread-safe. Addresses go round: one that was given back is the last to be used again, so that a peer never takes a
/// new pod for the one that had its address a moment ago.
class AddressPool {
 public:
  /// `cidr` lies within 127.0.0.0/8 and leaves at least 2 bits: "127.77.0.0/16". Errors: `invalid_argument`.
  static Result<AddressPool> create(std::string_view cidr);

  AddressPool(AddressPool&& other) noexcept : first_(other.first_), count_(other.count_) {}

  /// The same address for the same owner until it is given back. Errors: `limit_exceeded`.
  Result<std::string> take(const std::string& owner);
  void give_back(const std::string& owner);

 private:
  AddressPool(std::uint32_t first, std::uint32_t count) : first_(first), count_(count) {}

  std::uint32_t first_;
  std::uint32_t count_;
  std::mutex mutex_;
  std::uint32_t next_ = 0;
  std::map<std::string, std::uint32_t> by_owner_;
  std::set<std::uint32_t> taken_;
};

}  // namespace troupe::local
