#include "worker/term/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace troupe {
namespace {

struct Lead {
  std::size_t length;
  std::uint32_t bits;
  std::uint32_t smallest;
};

std::optional<Lead> lead_of(unsigned char byte) {
  if (byte < 0x80) {
    return Lead{1, byte, 0};
  }
  if (byte >= 0xC0 && byte < 0xE0) {
    return Lead{2, byte & 0x1FU, 0x80};
  }
  if (byte >= 0xE0 && byte < 0xF0) {
    return Lead{3, byte & 0x0FU, 0x800};
  }
  if (byte >= 0xF0 && byte < 0xF8) {
    return Lead{4, byte & 0x07U, 0x10000};
  }
  return std::nullopt;
}

/// How many of the first characters are ASCII, whole words at a time.
std::size_t ascii_prefix(std::string_view text) {
  constexpr std::uint64_t high_bits = 0x8080808080808080;
  std::size_t at = 0;
  for (std::uint64_t word = 0; text.size() - at >= sizeof word; at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & high_bits) != 0) {
      break;
    }
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) {
    ++at;
  }
  return at;
}

}  // namespace

std::optional<std::size_t> count_utf8_characters(std::string_view text) {
  // Nearly every atom is ASCII.
  std::size_t characters = ascii_prefix(text);
  for (std::size_t at = characters; at < text.size(); ++characters) {
    const auto lead = lead_of(static_cast<unsigned char>(text[at]));
    if (!lead || text.size() - at < lead->length) {
      return std::nullopt;
    }
    std::uint32_t code = lead->bits;
    for (std::size_t i = 1; i < lead->length; ++i) {
      const auto byte = static_cast<unsigned char>(text[at + i]);
      if ((byte & 0xC0U) != 0x80) {
        return std::nullopt;
      }
      code = (code << 6) | (byte & 0x3FU);
    }
    if (code < lead->smallest || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
      return std::nullopt;
    }
    at += lead->length;
  }
  return characters;
}

std::string utf8_from_latin1(std::string_view latin1) {
  std::string out;
  out.reserve(latin1.size());
  for (const char c : latin1) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x80) {
      out.push_back(c);
    } else {
      out.push_back(static_cast<char>(0xC0U | (code >> 6)));
      out.push_back(static_cast<char>(0x80U | (code & 0x3FU)));
    }
  }
  return out;
}

}  // namespace troupe
