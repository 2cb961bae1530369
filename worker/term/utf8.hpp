// UTF-8 as far as atoms need it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

inline constexpr std::size_t atom_characters_max = 255;

/// Number of characters, or nothing when `text` is not well-formed UTF-8 (overlong forms and surrogates are not).
std::optional<std::size_t> count_utf8_characters(std::string_view text);
std::string utf8_from_latin1(std::string_view latin1);

}  // namespace troupe
