// Elements of a tuple that is read field by field: control messages are, since a term made of each would cost more than
// the message that they carry.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include "troupe/pid.hpp"
#include "troupe/term.hpp"
#include "worker/term/etf.hpp"

namespace troupe {

/// One element. Its atom is a view of the input.
class EtfField {
 public:
  using Value = std::variant<std::int64_t, Pid, Reference, std::string_view, Term>;

  EtfField() = default;
  explicit EtfField(Value value) : value_(std::move(value)) {}

  [[nodiscard]] std::optional<std::int64_t> as_integer() const;
  [[nodiscard]] std::optional<Pid> as_pid() const;
  [[nodiscard]] std::optional<Reference> as_reference() const;
  [[nodiscard]] std::optional<std::string_view> as_atom() const;
  [[nodiscard]] Term as_term() const;

 private:
  Value value_;
};

/// Reads the tuple at the front of `bytes`, which is moved past it, into the first of `fields`; how many it has.
/// Errors: as decode_leading_term, and `invalid_argument` for another term or a tuple of more elements than `fields`.
Result<std::size_t> decode_leading_fields(ByteView& bytes, const EtfLimits& limits, const NodeIdentity& self,
                                          bool with_version, std::span<EtfField> fields);

}  // namespace troupe
