// The names of the enumerators of an `enum class`, without macros: how it becomes an atom and back.
//
// For values from 0 to 63 that have an enumerator, spelled as in the source: Door::locked <-> locked.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace troupe {

inline constexpr std::size_t enumerators_max = 64;

/// Not a plain enum: which values that has depends on its enumerators.
template <class E>
concept Enum = std::is_enum_v<E> && !std::is_convertible_v<E, long long>;

namespace enumerator {

template <auto Value>
constexpr std::string_view signature() {
  return __PRETTY_FUNCTION__;
}

/// Empty when no enumerator has the value: the compiler then writes "(Door)7".
template <Enum E, std::size_t I>
constexpr std::string_view name_at() {
  constexpr std::string_view whole = signature<static_cast<E>(I)>();
  constexpr std::size_t start = whole.find("Value = ") + 8;
  constexpr std::string_view value = whole.substr(start, whole.find_first_of(";]", start) - start);
  if constexpr (value.front() == '(' && value.find(')') + 1 < value.size() && value[value.find(')') + 1] >= '0' &&
                value[value.find(')') + 1] <= '9') {
    return {};
  } else {
    return value.substr(value.rfind(':') + 1);
  }
}

template <Enum E>
inline constexpr auto names = []<std::size_t... I>(std::index_sequence<I...>) {
  return std::array<std::string_view, sizeof...(I)>{name_at<E, I>()...};
}
(std::make_index_sequence<enumerators_max>{});

}  // namespace enumerator

/// Empty for a value that has no name here.
template <Enum E>
constexpr std::string_view enumerator_name(E value) {
  const auto index = static_cast<std::size_t>(static_cast<std::underlying_type_t<E>>(value));
  return index < enumerators_max ? enumerator::names<E>[index] : std::string_view{};
}

template <Enum E>
constexpr std::optional<E> enumerator_named(std::string_view name) {
  for (std::size_t i = 0; i < enumerators_max; ++i) {
    if (!name.empty() && enumerator::names<E>[i] == name) {
      return static_cast<E>(i);
    }
  }
  return std::nullopt;
}

}  // namespace troupe
