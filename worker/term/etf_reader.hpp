// Reads the parts of an external term that hold no terms: bounds-checked fields, numbers, atoms, binaries, identities.
// Private to worker/term.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "troupe/pid.hpp"
#include "troupe/term.hpp"
#include "worker/term/etf.hpp"

namespace troupe {

/// Everything fails cleanly at the end of the input. Once something has failed, `error()` says where and why, and the
/// first failure stays.
class EtfReader {
 public:
  /// `self` null: this program's node.
  EtfReader(ByteView bytes, const NodeIdentity* self)
      : begin_(reinterpret_cast<const std::uint8_t*>(bytes.data())),
        at_(begin_),
        end_(begin_ + bytes.size()),
        self_(self) {}

  // What follows a tag of that kind, which has been read.
  std::optional<std::int64_t> read_integer(std::uint8_t tag);
  std::optional<Term> read_big(std::uint8_t tag);
  std::optional<Term> read_float(std::uint8_t tag);
  std::optional<Term> read_atom(std::uint8_t tag);
  std::optional<Term> read_binary(std::uint8_t tag);
  std::optional<Pid> read_pid(std::uint8_t tag);
  std::optional<Reference> read_reference(std::uint8_t tag);
  /// The text of an atom; valid as long as the input, and until the next atom is read.
  std::optional<std::string_view> read_atom_text(std::uint8_t tag);
  /// A port is opaque: `tag_at` is where its bytes begin.
  std::optional<Term> read_port(std::uint8_t tag, const std::uint8_t* tag_at);
  /// The bytes from `from` to here as an opaque term.
  std::optional<Term> opaque(Term::Kind kind, const std::uint8_t* from);
  /// An atom with its tag; anything else is an error.
  std::optional<std::string_view> required_atom();

  /// Whether so many bytes are left; an error when not.
  bool has(std::size_t bytes) {
    if (left() < bytes) [[unlikely]] {
      fail_short(bytes);
      return false;
    }
    return true;
  }
  bool u8(std::uint8_t& out) {
    if (!has(1)) {
      return false;
    }
    out = *at_++;
    return true;
  }
  bool u16(std::uint16_t& out);
  bool u32(std::uint32_t& out) {
    if (!has(4)) {
      return false;
    }
    out = (std::uint32_t{at_[0]} << 24) | (std::uint32_t{at_[1]} << 16) | (std::uint32_t{at_[2]} << 8) | at_[3];
    at_ += 4;
    return true;
  }
  void fail_short(std::size_t wanted);
  void fail(ErrorCode code, std::string_view what);
  [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  [[nodiscard]] std::size_t consumed() const { return static_cast<std::size_t>(at_ - begin_); }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 protected:
  const std::uint8_t* begin_;
  const std::uint8_t* at_;
  const std::uint8_t* end_;

 private:
  struct Owner {
    NodeIndex node = 0;
    bool is_self = false;
  };
  std::optional<Owner> read_owner();
  [[nodiscard]] std::uint32_t creation_of(const Owner& owner, std::uint32_t sent) const;
  bool creation(std::uint8_t tag, std::uint8_t old_tag, std::uint32_t& out);
  bool small(std::uint32_t& out);

  const NodeIdentity* self_;
  std::string latin1_as_utf8_;  ///< The last atom, when it came in an older form.
  std::optional<Error> error_;
};

}  // namespace troupe
