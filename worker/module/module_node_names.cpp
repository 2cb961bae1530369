// The table of node names as an application module sees it: the host's.
#include "troupe/image.hpp"
#include "troupe/node_name.hpp"

namespace troupe {

std::optional<NodeIndex> intern_node_name(std::string_view name) {
  int ok = 0;
  const NodeIndex index = abi::host().intern_node_name(abi::to_abi(name), &ok);
  return ok != 0 ? std::optional(index) : std::nullopt;
}

std::string_view node_name(NodeIndex index) { return abi::from_abi(abi::host().node_name(index)); }

std::uint32_t this_creation() { return abi::host().this_creation(); }

}  // namespace troupe
