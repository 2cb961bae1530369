// What a plain struct is made of, without macros: its name, its fields and their names.
//
// For aggregates (no constructors, no base classes, no private members) of up to 24 fields; C arrays are not fields
// here, use std::array. Field names need g++ 12 or clang 16 and later; without them field_name() says "field 1".
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe {

inline constexpr std::size_t aggregate_fields_max = 24;

template <class T>
concept Aggregate = std::is_class_v<T> && std::is_aggregate_v<T>;

namespace aggregate {

/// Converts to any field, but not to the whole, or every struct would seem to have one field.
template <class Whole>
struct AnyField {
  template <class Field>
  requires(!std::is_same_v<Field, Whole>) operator Field() const;  // NOLINT(google-explicit-constructor)
};

template <class T, std::size_t... I>
constexpr bool takes_fields(std::index_sequence<I...> /*indexes*/) {
  return requires { T{(static_cast<void>(I), AnyField<T>{})...}; };
}

template <class T, std::size_t N>
constexpr std::size_t count_fields() {
  if constexpr (N == 0 || takes_fields<T>(std::make_index_sequence<N>{})) {
    return N;
  } else {
    return count_fields<T, N - 1>();
  }
}

template <class T>
constexpr std::string_view type_signature() {
  return __PRETTY_FUNCTION__;
}

template <auto Pointer>
constexpr std::string_view pointer_signature() {
  return __PRETTY_FUNCTION__;
}

constexpr std::string_view unqualified(std::string_view signature) {
  const std::size_t start = signature.find("T = ") + 4;
  std::string_view name = signature.substr(start, signature.find_first_of(";]", start) - start);
  name = name.substr(0, name.find('<'));
  const std::size_t scope = name.rfind("::");
  return scope == std::string_view::npos ? name : name.substr(scope + 2);
}

constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

}  // namespace aggregate

template <Aggregate T>
constexpr std::size_t field_count() {
  if constexpr (std::is_empty_v<T>) {
    return 0;
  } else {
    constexpr std::size_t count = aggregate::count_fields<T, aggregate_fields_max + 1>();
    static_assert(count <= aggregate_fields_max, "a struct that crosses as a term has at most 24 fields");
    static_assert(count > 0, "a struct that crosses as a term is an aggregate of fields that can be copied");
    return count;
  }
}

/// Calls `use(field1, field2, ...)` with references to the fields of `aggregate`.
template <class T, class Use>
constexpr decltype(auto) with_fields(T& aggregate, Use&& use) {
  constexpr std::size_t count = field_count<std::remove_const_t<T>>();
  if constexpr (count == 0) {
    return use();
  } else {
    if constexpr (count == 1) {
      auto& [f1] = aggregate;
      return use(f1);
    } else if constexpr (count == 2) {
      auto& [f1, f2] = aggregate;
      return use(f1, f2);
    } else if constexpr (count == 3) {
      auto& [f1, f2, f3] = aggregate;
      return use(f1, f2, f3);
    } else if constexpr (count == 4) {
      auto& [f1, f2, f3, f4] = aggregate;
      return use(f1, f2, f3, f4);
    } else if constexpr (count == 5) {
      auto& [f1, f2, f3, f4, f5] = aggregate;
      return use(f1, f2, f3, f4, f5);
    } else if constexpr (count == 6) {
      auto& [f1, f2, f3, f4, f5, f6] = aggregate;
      return use(f1, f2, f3, f4, f5, f6);
    } else if constexpr (count == 7) {
      auto& [f1, f2, f3, f4, f5, f6, f7] = aggregate;
      return use(f1, f2, f3, f4, f5, f6, f7);
    } else if constexpr (count == 8) {
      auto& [f1, f2, f3, f4, f5, f6, f7, f8] = aggregate;
      return use(f1, f2, f3, f4, f5, f6, f7, f8);
    } else if constexpr (count == 9) {
      auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9] = aggregate;
      return use(f1, f2, f3, f4, f5, f6, f7, f8, f9);
    } else if constexpr (count == 10) {
      auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10] = aggregate;
      return use(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10);
    } else if constexpr (count == 11) {
      auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11] = aggregate;
      return use(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11);
    } else if constexpr (count == 12) {
      auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12] = aggregate;
      return use(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12);
    } else if constexpr (count == 13) {
      auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13] = aggregate;
      return use(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13);
    } else if constexpr (count == 14) {
      auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14] = aggregate;
      return use(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14);
    } else if constexpr (count == 15) {
      auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15] = aggregate;
      return use(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15);
    } else if constexpr (count == 16) {
      auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16] = aggregate;
      return use(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16);
    } else if constexpr (count == 17) {
      auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17] = aggregate;
      return use(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17);
    } else if constexpr (count == 18) {
      auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18] = aggregate;
      return use(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18);
    } else if constexpr (count == 19) {
      auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19] = aggregate;
      return use(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19);
    } else if constexpr (count == 20) {
      auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20] = aggregate;
      return use(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20);
    } else if constexpr (count == 21) {
      auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21] =
          aggregate;
      return use(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21);
    } else if constexpr (count == 22) {
      auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22] =
          aggregate;
      return use(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22);
    } else if constexpr (count == 23) {
      auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23] =
          aggregate;
      return use(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22,
                 f23);
    } else if constexpr (count == 24) {
      auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23,
             f24] = aggregate;
      return use(f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22,
                 f23, f24);
    }
  }
}

namespace aggregate {

template <class T>
struct Sample {
  T value;
};
/// Never defined: only the addresses of its fields are named.
template <class T>
extern const Sample<T> sample;

#if defined(__GNUC__) && !defined(__clang__)
template <class T, std::size_t I>
constexpr auto field_address() {
  return with_fields(sample<T>.value, [](const auto&... field) {
    return std::get<I>(std::tuple<const std::remove_reference_t<decltype(field)>*...>(&field...));
  });
}

template <class T, std::size_t I>
constexpr std::string_view name_of_field() {
  // "... [with auto Pointer = (& sample<Item>.Sample<Item>::value.Item::amount); ..."
  constexpr std::string_view signature = pointer_signature<field_address<T, I>()>();
  constexpr std::size_t end = signature.find_first_of(");]", signature.find("value."));
  constexpr std::size_t start = signature.find_last_of(":.", end - 1) + 1;
  return signature.substr(start, end - start);
}
#endif

}  // namespace aggregate

/// Names of the fields in order, as in the source. Valid for the life of the module.
template <Aggregate T>
const auto& field_names() {
  static const auto names = []<std::size_t... I>(std::index_sequence<I...>) {
#if defined(__GNUC__) && !defined(__clang__)
    return std::array<std::string_view, sizeof...(I)>{aggregate::name_of_field<T, I>()...};
#else
    static const std::array<std::string, sizeof...(I)> numbered{("field " + std::to_string(I + 1))...};
    return std::array<std::string_view, sizeof...(I)>{numbered[I]...};
#endif
  }
  (std::make_index_sequence<field_count<T>()>{});
  return names;
}

namespace aggregate {

/// At most an underscore before each character.
template <std::size_t Size>
struct SnakeCase {
  std::array<char, 2 * Size> text{};
  std::size_t size = 0;

  constexpr void push_back(char c) { text[size++] = c; }
  [[nodiscard]] constexpr std::string_view view() const { return {text.data(), size}; }
};

template <class T>
constexpr auto snake_case_name() {
  constexpr std::string_view name = unqualified(type_signature<T>());
  SnakeCase<name.size()> snake;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool upper = is_upper(name[i]);
    const bool after_word = i > 0 && !is_upper(name[i - 1]) && name[i - 1] != '_';
    const bool starts_word = i > 0 && i + 1 < name.size() && name[i - 1] != '_' && !is_upper(name[i + 1]) &&
                             name[i + 1] != '_' && !(name[i + 1] >= '0' && name[i + 1] <= '9');
    if (upper && (after_word || starts_word)) {
      snake.push_back('_');
    }
    snake.push_back(upper ? static_cast<char>(name[i] - 'A' + 'a') : name[i]);
  }
  return snake;
}

template <class T>
inline constexpr auto snake_case = snake_case_name<T>();

}  // namespace aggregate

/// The unqualified name of T in snake_case: AddItem -> add_item, HTTPGet -> http_get. Valid for the life of the module.
template <class T>
constexpr std::string_view tag_name() {
  return aggregate::snake_case<T>.view();
}

}  // namespace troupe
