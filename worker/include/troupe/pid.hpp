// Identities: processes, references and the nodes that they belong to. Plain values of a few words.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace troupe {

/// A node's name in this program's table (troupe/node_name.hpp). 0 is this node, whatever it is called.
using NodeIndex = std::uint32_t;

/// One process on one incarnation of one node, as in Erlang. Safe to keep for ever: once the process is gone, sends to
/// it vanish and a monitor answers `noproc`.
struct Pid {
  NodeIndex node = 0;
  std::uint32_t creation = 0;  ///< Incarnation of the node; 0 for pids of this node's running incarnation.
  std::uint32_t id = 0;        ///< For pids of this node: slot in the process table, at most 28 bits.
  std::uint32_t serial = 0;    ///< For pids of this node: generation of the slot; never 0 for a pid that exists.

  [[nodiscard]] bool valid() const { return serial != 0 || id != 0; }
  /// A pid of this node's name but of an earlier incarnation is not local: it reaches nobody.
  [[nodiscard]] bool local() const { return node == 0 && creation == 0; }
  auto operator<=>(const Pid&) const = default;
};

/// Names one monitor, call or alias; unique over the life of its node's incarnation. Erlang nodes refuse a first word
/// of 2^18 or more.
struct Reference {
  NodeIndex node = 0;
  std::uint32_t creation = 0;
  std::uint32_t word_count = 0;  ///< 1 to 5; 0 is "no reference". Those of this node have 3.
  std::array<std::uint32_t, 5> words{};

  [[nodiscard]] bool valid() const { return word_count != 0; }
  auto operator<=>(const Reference&) const = default;
};

}  // namespace troupe

template <>
struct std::hash<troupe::Pid> {
  std::size_t operator()(const troupe::Pid& pid) const noexcept {
    std::uint64_t mixed = (static_cast<std::uint64_t>(pid.id) << 32) ^ pid.serial;
    mixed ^= (static_cast<std::uint64_t>(pid.node) << 17) ^ (static_cast<std::uint64_t>(pid.creation) << 40);
    mixed *= 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>(mixed ^ (mixed >> 32));
  }
};

template <>
struct std::hash<troupe::Reference> {
  std::size_t operator()(const troupe::Reference& reference) const noexcept {
    std::uint64_t mixed = reference.node ^ (static_cast<std::uint64_t>(reference.creation) << 32);
    for (const std::uint32_t word : reference.words) {
      mixed = (mixed ^ word) * 0x9e3779b97f4a7c15;
    }
    return static_cast<std::size_t>(mixed ^ (mixed >> 32));
  }
};
