// The table of node names ("counter@10.244.0.7") behind NodeIndex. Entries are never removed; it is bounded, since
// peers choose names.
#pragma once

#include <optional>
#include <string_view>

#include "troupe/pid.hpp"

namespace troupe {

inline constexpr NodeIndex node_names_max = 65'536;

/// The index of `name`, added if new. Empty when the table is full. Thread-safe. The name of this node is index 0.
std::optional<NodeIndex> intern_node_name(std::string_view name);
/// Valid for the life of the program. "nonode@nohost" for 0 until this node has been named.
std::string_view node_name(NodeIndex index);
/// Names this node (index 0); once, before any link to a peer.
void name_this_node(std::string_view name, std::uint32_t creation);
/// Incarnation number of this node; never 0 once named.
std::uint32_t this_creation();

}  // namespace troupe
