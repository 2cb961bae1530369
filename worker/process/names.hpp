// Registered names of this node (erlang:register): one process per name, one name per process.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "troupe/pid.hpp"

namespace troupe {

/// Erlang's atoms have at most 255 characters, and a name is one.
inline constexpr std::size_t name_bytes_max = 255;

/// All methods are thread-safe.
class Names {
 public:
  /// False when the name is taken, empty or too long.
  bool add(std::string_view name, const Pid& pid);
  std::optional<Pid> remove(std::string_view name);
  [[nodiscard]] std::optional<Pid> find(std::string_view name) const;
  [[nodiscard]] std::vector<std::pair<std::string, Pid>> all() const;

 private:
  mutable std::shared_mutex mutex_;
  std::map<std::string, Pid, std::less<>> pids_;
};

}  // namespace troupe
