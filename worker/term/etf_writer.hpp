// Writes the parts of an external term one by one, for what is known to be a tuple of plain fields: no term is made of
// them. The counterpart of etf_reader.hpp.
#pragma once

#include <cstdint>
#include <string_view>

#include "troupe/pid.hpp"
#include "troupe/term.hpp"
#include "worker/term/etf.hpp"

namespace troupe {

/// Appends to `out`, which outlives it with `self`.
class EtfWriter {
 public:
  /// `self` null: this program's node.
  EtfWriter(Bytes& out, const NodeIdentity* self) : out_(out), self_(self) {}

  /// The byte in front of a term that stands alone.
  void version();
  /// The head of a tuple; its elements follow.
  void tuple(std::size_t arity);
  void integer(std::int64_t value);
  /// UTF-8 of at most 255 characters.
  void atom(std::string_view text);
  void pid(const Pid& pid);
  void reference(const Reference& reference);
  void term(const Term& term);

 protected:
  void u8(std::uint8_t value) { out_.push_back(static_cast<std::byte>(value)); }
  void u16(std::uint16_t value);
  void u32(std::uint32_t value);
  void bytes(std::string_view data);
  /// A number of elements or bytes; more than 2^32 - 1 have no external form.
  static std::uint32_t length(std::size_t size);

  Bytes& out_;

  const NodeIdentity* self_;

 private:
  void node(NodeIndex node);
  [[nodiscard]] std::uint32_t creation(NodeIndex node, std::uint32_t stored) const;
};

}  // namespace troupe
