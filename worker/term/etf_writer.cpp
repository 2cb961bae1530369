#include "worker/term/etf_writer.hpp"

#include <bit>

#include "base/check.hpp"
#include "troupe/node_name.hpp"
#include "worker/term/etf_tags.hpp"

namespace troupe {
namespace {

constexpr std::byte byte_of(std::uint32_t value, unsigned shift) { return static_cast<std::byte>(value >> shift); }

}  // namespace

std::uint32_t EtfWriter::length(std::size_t size) {
  check(size <= UINT32_MAX, "a term with more than 2^32 - 1 elements or bytes has no external form");
  return static_cast<std::uint32_t>(size);
}

void EtfWriter::u16(std::uint16_t value) {
  const std::byte big_endian[] = {byte_of(value, 8), byte_of(value, 0)};
  out_.insert(out_.end(), std::begin(big_endian), std::end(big_endian));
}

void EtfWriter::u32(std::uint32_t value) {
  const std::byte big_endian[] = {byte_of(value, 24), byte_of(value, 16), byte_of(value, 8), byte_of(value, 0)};
  out_.insert(out_.end(), std::begin(big_endian), std::end(big_endian));
}

void EtfWriter::bytes(std::string_view data) {
  const auto* from = reinterpret_cast<const std::byte*>(data.data());
  out_.insert(out_.end(), from, from + data.size());
}

void EtfWriter::version() { u8(etf::version); }

void EtfWriter::tuple(std::size_t arity) {
  if (arity <= 255) {
    u8(etf::small_tuple);
    return u8(static_cast<std::uint8_t>(arity));
  }
  u8(etf::large_tuple);
  u32(length(arity));
}

void EtfWriter::integer(std::int64_t value) {
  if (value >= 0 && value <= 255) {
    u8(etf::small_integer);
    return u8(static_cast<std::uint8_t>(value));
  }
  if (value >= INT32_MIN && value <= INT32_MAX) {
    u8(etf::integer);
    return u32(static_cast<std::uint32_t>(value));
  }
  const auto bits = static_cast<std::uint64_t>(value);
  std::uint64_t magnitude = value < 0 ? 0 - bits : bits;
  const auto size = static_cast<std::uint8_t>((std::bit_width(magnitude) + 7) / 8);
  u8(etf::small_big);
  u8(size);
  u8(value < 0 ? 1 : 0);
  for (; magnitude != 0; magnitude >>= 8) {
    u8(static_cast<std::uint8_t>(magnitude));
  }
}

void EtfWriter::atom(std::string_view text) {
  if (text.size() <= 255) {
    u8(etf::small_atom_utf8);
    u8(static_cast<std::uint8_t>(text.size()));
  } else {
    u8(etf::atom_utf8);
    u16(static_cast<std::uint16_t>(text.size()));
  }
  bytes(text);
}

void EtfWriter::node(NodeIndex node) {
  atom(node == 0 && self_ != nullptr ? std::string_view(self_->name) : node_name(node));
}

std::uint32_t EtfWriter::creation(NodeIndex node, std::uint32_t stored) const {
  if (node != 0 || stored != 0) {
    return stored;
  }
  return self_ != nullptr ? self_->creation : this_creation();
}

void EtfWriter::pid(const Pid& pid) {
  u8(etf::new_pid);
  node(pid.node);
  u32(pid.id);
  u32(pid.serial);
  u32(creation(pid.node, pid.creation));
}

void EtfWriter::reference(const Reference& reference) {
  u8(etf::newer_reference);
  u16(static_cast<std::uint16_t>(reference.word_count));
  node(reference.node);
  u32(creation(reference.node, reference.creation));
  for (std::uint32_t i = 0; i < reference.word_count; ++i) {
    u32(reference.words.at(i));
  }
}

}  // namespace troupe
