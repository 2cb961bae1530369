#include "worker/term/etf_reader.hpp"

#include <bit>
#include <cmath>
#include <cstdlib>

#include "troupe/node_name.hpp"
#include "worker/term/etf_tags.hpp"
#include "worker/term/utf8.hpp"

namespace troupe {
namespace {
constexpr std::size_t old_float_size = 31;
}

std::optional<std::int64_t> EtfReader::read_integer(std::uint8_t tag) {
  if (tag == etf::small_integer) {
    std::uint8_t value = 0;
    return u8(value) ? std::optional<std::int64_t>(value) : std::nullopt;
  }
  std::uint32_t value = 0;
  return u32(value) ? std::optional<std::int64_t>(static_cast<std::int32_t>(value)) : std::nullopt;
}

std::optional<Term> EtfReader::read_big(std::uint8_t tag) {
  std::uint32_t size = 0;
  std::uint8_t sign = 0;
  if (!(tag == etf::large_big ? u32(size) : small(size)) || !u8(sign) || !has(size)) {
    return std::nullopt;
  }
  std::vector<std::uint8_t> magnitude(at_, at_ + size);
  at_ += size;
  return Term::big_integer(sign != 0, std::move(magnitude));
}

std::optional<Term> EtfReader::read_float(std::uint8_t tag) {
  double value = 0;
  if (tag == etf::new_float) {
    std::uint32_t high = 0;
    std::uint32_t low = 0;
    if (!u32(high) || !u32(low)) {
      return std::nullopt;
    }
    value = std::bit_cast<double>((std::uint64_t{high} << 32) | low);
  } else {
    if (!has(old_float_size)) {
      return std::nullopt;
    }
    const std::string text(reinterpret_cast<const char*>(at_), old_float_size);
    char* parsed_to = nullptr;
    value = std::strtod(text.c_str(), &parsed_to);
    if (parsed_to == text.c_str() || *parsed_to != '\0') {
      fail(ErrorCode::invalid_argument, "a FLOAT_EXT that is no number");
      return std::nullopt;
    }
    at_ += old_float_size;
  }
  if (!std::isfinite(value)) {
    fail(ErrorCode::invalid_argument, "a float that is not finite");
    return std::nullopt;
  }
  return Term::floating(value);
}

std::optional<std::string_view> EtfReader::read_atom_text(std::uint8_t tag) {
  const bool wide = tag == etf::atom || tag == etf::atom_utf8;
  std::uint16_t size = 0;
  std::uint32_t small_size = 0;
  if (!(wide ? u16(size) : small(small_size))) {
    return std::nullopt;
  }
  const std::size_t bytes = wide ? size : small_size;
  if (!has(bytes)) {
    return std::nullopt;
  }
  std::string_view text(reinterpret_cast<const char*>(at_), bytes);
  if (tag == etf::atom || tag == etf::small_atom) {
    latin1_as_utf8_ = utf8_from_latin1(text);
    text = latin1_as_utf8_;
  }
  const auto characters = count_utf8_characters(text);
  if (!characters || *characters > atom_characters_max) {
    fail(ErrorCode::invalid_argument, "an atom that is not UTF-8 or longer than 255 characters");
    return std::nullopt;
  }
  at_ += bytes;
  return text;
}

std::optional<Term> EtfReader::read_atom(std::uint8_t tag) {
  const auto text = read_atom_text(tag);
  return text ? std::optional(Term::atom(*text)) : std::nullopt;
}

std::optional<std::string_view> EtfReader::required_atom() {
  std::uint8_t tag = 0;
  if (!u8(tag)) {
    return std::nullopt;
  }
  if (tag != etf::atom && tag != etf::small_atom && tag != etf::atom_utf8 && tag != etf::small_atom_utf8) {
    fail(ErrorCode::invalid_argument, "tag " + std::to_string(tag) + " where an atom must stand");
    return std::nullopt;
  }
  return read_atom_text(tag);
}

std::optional<Term> EtfReader::read_binary(std::uint8_t tag) {
  std::uint32_t size = 0;
  std::uint8_t bits = 8;
  if (!u32(size) || (tag == etf::bit_binary && !u8(bits)) || !has(size)) {
    return std::nullopt;
  }
  if (bits < 1 || bits > 8 || (size == 0 && tag == etf::bit_binary && bits != 8)) {
    fail(ErrorCode::invalid_argument, "a bit string with " + std::to_string(bits) + " bits in its last byte");
    return std::nullopt;
  }
  const std::string_view data(reinterpret_cast<const char*>(at_), size);
  at_ += size;
  return Term::bit_string(data, bits);
}

std::optional<EtfReader::Owner> EtfReader::read_owner() {
  const auto name = required_atom();
  if (!name) {
    return std::nullopt;
  }
  if (*name == (self_ != nullptr ? std::string_view(self_->name) : node_name(0))) {
    return Owner{0, true};
  }
  const auto index = intern_node_name(*name);
  if (!index) {
    fail(ErrorCode::limit_exceeded, "more than " + std::to_string(node_names_max) + " node names");
    return std::nullopt;
  }
  // Another node of this program may hold index 0 when several share it.
  return Owner{*index, false};
}

std::uint32_t EtfReader::creation_of(const Owner& owner, std::uint32_t sent) const {
  const std::uint32_t own = self_ != nullptr ? self_->creation : this_creation();
  return owner.is_self && sent == own ? 0 : sent;
}

bool EtfReader::creation(std::uint8_t tag, std::uint8_t old_tag, std::uint32_t& out) {
  return tag == old_tag ? small(out) : u32(out);
}

std::optional<Pid> EtfReader::read_pid(std::uint8_t tag) {
  const auto owner = read_owner();
  Pid pid;
  if (!owner || !u32(pid.id) || !u32(pid.serial) || !creation(tag, etf::pid, pid.creation)) {
    return std::nullopt;
  }
  pid.node = owner->node;
  pid.creation = creation_of(*owner, pid.creation);
  return pid;
}

std::optional<Reference> EtfReader::read_reference(std::uint8_t tag) {
  Reference reference;
  std::uint16_t words = 1;
  if (tag != etf::reference && !u16(words)) {
    return std::nullopt;
  }
  if (words < 1 || words > reference.words.size()) {
    fail(ErrorCode::invalid_argument, "a reference of " + std::to_string(words) + " words");
    return std::nullopt;
  }
  const auto owner = read_owner();
  if (!owner) {
    return std::nullopt;
  }
  // REFERENCE_EXT has its creation after the id, the others before.
  const bool creation_last = tag == etf::reference;
  if (!creation_last && !creation(tag, etf::new_reference, reference.creation)) {
    return std::nullopt;
  }
  for (std::uint16_t i = 0; i < words; ++i) {
    if (!u32(reference.words.at(i))) {
      return std::nullopt;
    }
  }
  if (creation_last && !small(reference.creation)) {
    return std::nullopt;
  }
  reference.word_count = words;
  reference.node = owner->node;
  reference.creation = creation_of(*owner, reference.creation);
  return reference;
}

std::optional<Term> EtfReader::opaque(Term::Kind kind, const std::uint8_t* from) {
  return Term::opaque(kind,
                      std::string_view(reinterpret_cast<const char*>(from), static_cast<std::size_t>(at_ - from)));
}

std::optional<Term> EtfReader::read_port(std::uint8_t tag, const std::uint8_t* tag_at) {
  if (!required_atom()) {
    return std::nullopt;
  }
  const std::size_t rest = tag == etf::port ? 4 + 1 : tag == etf::new_port ? 4 + 4 : 8 + 4;
  if (!has(rest)) {
    return std::nullopt;
  }
  at_ += rest;
  return opaque(Term::Kind::port, tag_at);
}

bool EtfReader::small(std::uint32_t& out) {
  std::uint8_t byte = 0;
  const bool read = u8(byte);
  out = byte;
  return read;
}

bool EtfReader::u16(std::uint16_t& out) {
  if (!has(2)) {
    return false;
  }
  out = static_cast<std::uint16_t>((at_[0] << 8) | at_[1]);
  at_ += 2;
  return true;
}

void EtfReader::fail_short(std::size_t wanted) {
  fail(ErrorCode::invalid_argument,
       "the input ends: " + std::to_string(wanted) + " bytes wanted, " + std::to_string(left()) + " left");
}

void EtfReader::fail(ErrorCode code, std::string_view what) {
  if (!error_) {
    error_ = Error{code, "external term, byte " + std::to_string(consumed()) + ": " + std::string(what)};
  }
}

}  // namespace troupe
