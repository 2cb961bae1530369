// What a Term points to. Private to worker/term: everybody else reads terms through troupe/term.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "troupe/term.hpp"

namespace troupe {

/// An integer beyond 64 bits: sign and little-endian magnitude without zeros at its end.
struct BigInteger {
  bool negative = false;
  std::vector<std::uint8_t> magnitude;
  bool operator==(const BigInteger&) const = default;
};

struct Sequence {
  std::vector<Term> elements;
  std::optional<Term> tail;  ///< Of an improper list.
};

struct BitString {
  std::string bytes;
  unsigned bits_in_last_byte = 8;
};

struct Term::Node {
  using Value = std::variant<std::int64_t, double, std::string, BigInteger, BitString, Pid, Reference, Sequence,
                             std::vector<Term::Pair>>;

  Node(Kind k, Value v) : kind(k), value(std::move(v)) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  /// Frees a deep term without recursion, since a peer chooses the depth.
  ~Node();

  template <class T>
  [[nodiscard]] const T& as() const {
    return *std::get_if<T>(&value);
  }

  Kind kind;
  Value value;
};

}  // namespace troupe
