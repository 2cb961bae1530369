// C++ values <-> terms, without macros or registration.
//
//   struct Read {};                                  <->  read
//   struct AddItem { std::string name; int count; }  <->  {add_item, <<"tea">>, 3}
//
// An empty struct is its bare atom, any other aggregate a tagged tuple; the tag is the type's unqualified name in
// snake_case. Fields and plain values:
//   integers (range-checked) <-> integer             std::optional  <-> the value, or undefined (nil and null are read
//   too) double, float            <-> float (integers too) std::vector, std::array <-> list bool <-> true, false
//   std::vector<std::byte> <-> binary std::string              <-> binary (char lists are read too)    std::map,
//   std::unordered_map <-> map Pid, Reference, Term     <-> themselves          std::pair, std::tuple <-> tuple without
//   a tag nested structs           <-> as above            std::variant   <-> the alternative, found again by its tag
//   Local (troupe/local.hpp)       -> the atom local; never read    enum class <-> the enumerator's name as an atom
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "troupe/aggregate.hpp"
#include "troupe/enumerator.hpp"
#include "troupe/local.hpp"
#include "troupe/pid.hpp"
#include "troupe/term.hpp"

namespace troupe {

/// Never fails: every value of a supported type has a term.
template <class T>
Term to_term(const T& value);

/// Errors (`invalid_argument`) name the field and the type that it wants: "add_item.count: expected an integer from 0
/// to 255, got <<\"x\">>".
template <class T>
Result<T> from_term(const Term& term);

/// Start arguments: a map from field names (atoms or binaries) to values. A missing key leaves the field's default
/// member initialiser; an unknown key or a value of another type is an error that names the field and what it wants.
/// Nested structs may be maps too.
template <Aggregate T>
Result<T> from_named_fields(const Term& map);

namespace struct_term {

template <class T, template <class...> class Template>
inline constexpr bool is_a = false;
template <template <class...> class Template, class... Args>
inline constexpr bool is_a<Template<Args...>, Template> = true;

template <class T>
inline constexpr bool is_array = false;
template <class T, std::size_t N>
inline constexpr bool is_array<std::array<T, N>> = true;

template <class T>
concept Map = is_a<T, std::map> || is_a<T, std::unordered_map>;
template <class T>
concept Tuple = is_a<T, std::pair> || is_a<T, std::tuple>;
template <class T>
concept Text = std::same_as<T, std::string> || std::same_as<T, std::string_view> || std::same_as < std::decay_t<T>,
const char* > || std::same_as<std::decay_t<T>, char*>;
template <class T>
concept Struct = Aggregate<T> && !is_array<T>;
template <class T>
inline constexpr bool never = false;

/// Whether structs inside may be given as maps of their fields.
enum class Form { tagged, named };

template <class T>
Result<T> read(const Term& term, Form form);

/// A term in an error message, cut so that a large one does not fill the log.
inline std::string shown(const Term& term) {
  constexpr std::size_t shown_bytes_max = 80;
  std::string text = term.text();
  if (text.size() > shown_bytes_max) {
    text.resize(shown_bytes_max);
    text += "...";
  }
  return text;
}

inline Error mismatch(std::string_view expected, const Term& term) {
  return Error{ErrorCode::invalid_argument, "expected " + std::string(expected) + ", got " + shown(term)};
}

/// "x" in front of "y: wrong" makes "x.y: wrong"; in front of "expected ..." it makes "x: expected ...".
inline Error within(std::string_view outer, const Error& error) {
  const bool names_field = !error.message.starts_with("expected ") && !error.message.starts_with("[");
  const bool names_element = error.message.starts_with("[");
  return Error{error.code, std::string(outer) + (names_element ? "" : names_field ? "." : ": ") + error.message};
}

template <class Integer>
Term integer_to_term(Integer value) {
  if constexpr (std::is_unsigned_v<Integer> && sizeof(Integer) == 8) {
    std::vector<std::uint8_t> magnitude;
    for (std::uint64_t rest = value; rest != 0; rest >>= 8) {
      magnitude.push_back(static_cast<std::uint8_t>(rest));
    }
    return Term::big_integer(false, std::move(magnitude));
  } else {
    return Term::integer(value);
  }
}

/// A value that no enumerator has stays an integer.
template <Enum T>
Term enumerator_to_term(T value) {
  const std::string_view name = enumerator_name(value);
  return name.empty() ? integer_to_term(static_cast<std::underlying_type_t<T>>(value)) : Term::atom(name);
}

template <Struct T>
Term struct_to_term(const T& value) {
  if constexpr (std::is_empty_v<T>) {
    return Term::atom(tag_name<T>());
  } else {
    std::vector<Term> elements;
    elements.reserve(field_count<T>() + 1);
    elements.push_back(Term::atom(tag_name<T>()));
    with_fields(value, [&](const auto&... field) { (elements.push_back(to_term(field)), ...); });
    return Term::tuple(std::move(elements));
  }
}

template <class Range>
Term list_to_term(const Range& range) {
  std::vector<Term> elements;
  elements.reserve(range.size());
  // By value type: std::vector<bool> hands out proxies.
  for (const typename Range::value_type& element : range) {
    elements.push_back(to_term(element));
  }
  return Term::list(std::move(elements));
}

template <class T>
Result<T> read_integer(const Term& term) {
  using Limits = std::numeric_limits<T>;
  if (const auto value = term.as_integer(); value && std::in_range<T>(*value)) {
    return static_cast<T>(*value);
  }
  if constexpr (std::is_unsigned_v<T> && sizeof(T) == 8) {
    // Between 2^63 and 2^64: a big integer as a term.
    if (term.kind() == Term::Kind::big_integer && order(term, Term::integer(0)) > 0 &&
        order(term, integer_to_term(Limits::max())) <= 0) {
      T low = 0;
      for (T bit = T{1} << 63; bit != 0; bit >>= 1) {
        if (order(integer_to_term(static_cast<T>(low | bit)), term) <= 0) {
          low |= bit;
        }
      }
      return low;
    }
  }
  return mismatch("an integer from " + std::to_string(Limits::min()) + " to " + std::to_string(Limits::max()), term);
}

template <Enum T>
Result<T> read_enumerator(const Term& term) {
  if (const auto value = enumerator_named<T>(term.as_atom().value_or(std::string_view{}))) {
    return *value;
  }
  std::string known;
  for (const std::string_view name : enumerator::names<T>) {
    if (!name.empty()) {
      known += (known.empty() ? "" : ", ") + std::string(name);
    }
  }
  return mismatch("one of " + known, term);
}

inline Result<double> read_double(const Term& term) {
  if (const auto value = term.as_floating()) {
    return *value;
  }
  if (const auto value = term.as_integer()) {
    return static_cast<double>(*value);
  }
  for (const auto& [name, value] : {std::pair("nan", std::numeric_limits<double>::quiet_NaN()),
                                    std::pair("infinity", std::numeric_limits<double>::infinity()),
                                    std::pair("-infinity", -std::numeric_limits<double>::infinity())}) {
    if (term.is_atom(name)) {
      return value;
    }
  }
  return mismatch("a number", term);
}

template <class T>
Result<T> read_list(const Term& term, Form form) {
  using Element = typename T::value_type;
  const auto elements = term.as_list();
  if (!elements) {
    return mismatch("a list", term);
  }
  T out{};
  if constexpr (is_array<T>) {
    if (elements->size() != out.size()) {
      return mismatch("a list of " + std::to_string(out.size()) + " elements", term);
    }
  }
  for (std::size_t i = 0; i < elements->size(); ++i) {
    Result<Element> element = read<Element>((*elements)[i], form);
    if (!element) {
      return within("[" + std::to_string(i) + "]", element.error());
    }
    if constexpr (is_array<T>) {
      out[i] = std::move(element).value();
    } else {
      out.push_back(std::move(element).value());
    }
  }
  return out;
}

template <class T>
Result<T> read_map(const Term& term, Form form) {
  const auto pairs = term.as_map();
  if (!pairs) {
    return mismatch("a map", term);
  }
  T out;
  for (const Term::Pair& pair : *pairs) {
    auto key = read<typename T::key_type>(pair.first, form);
    if (!key) {
      return within("[key]", key.error());
    }
    auto value = read<typename T::mapped_type>(pair.second, form);
    if (!value) {
      return within("[" + shown(pair.first) + "]", value.error());
    }
    out.insert_or_assign(std::move(key).value(), std::move(value).value());
  }
  return out;
}

/// Reads `term` into `out`; the error, if any, is within `where`.
template <class Field>
std::optional<Error> read_field(const Term& term, Field& out, std::string_view where, Form form) {
  Result<Field> value = read<Field>(term, form);
  if (!value) {
    return within(where, value.error());
  }
  out = std::move(value).value();
  return std::nullopt;
}

template <class T>
Result<T> read_tuple(const Term& term, Form form) {
  constexpr std::size_t size = std::tuple_size_v<T>;
  const auto elements = term.as_tuple();
  if (!elements || elements->size() != size) {
    return mismatch("a tuple of " + std::to_string(size) + " elements", term);
  }
  T out{};
  std::optional<Error> error;
  std::size_t at = 0;
  std::apply(
      [&](auto&... field) {
        ((error = read_field((*elements)[at], field, "[" + std::to_string(at) + "]", form), ++at, !error.has_value()) &&
         ...);
      },
      out);
  if (error) {
    return *error;
  }
  return out;
}

template <Struct T>
Result<T> read_tagged(const Term& term, Form form) {
  if constexpr (std::is_empty_v<T>) {
    return term.is_atom(tag_name<T>()) ? Result<T>(T{}) : Result<T>(mismatch(tag_name<T>(), term));
  } else {
    constexpr std::size_t count = field_count<T>();
    if (!term.is_tagged(tag_name<T>(), count + 1)) {
      return mismatch("{" + std::string(tag_name<T>()) + ", ...} of " + std::to_string(count) + " fields", term);
    }
    T out{};
    const auto elements = *term.as_tuple();
    std::optional<Error> error;
    std::size_t at = 0;
    with_fields(out, [&](auto&... field) {
      ((error = read_field(elements[at + 1], field, field_names<T>()[at], form), ++at, !error.has_value()) && ...);
    });
    if (error) {
      return within(tag_name<T>(), *error);
    }
    return out;
  }
}

template <Struct T>
std::string listed_fields() {
  std::string listed;
  for (const std::string_view name : field_names<T>()) {
    listed += listed.empty() ? "" : ", ";
    listed += name;
  }
  return listed.empty() ? "it has none" : "it has " + listed;
}

inline std::optional<std::string_view> key_name(const Term& key) {
  return key.as_atom() ? key.as_atom() : key.as_binary();
}

template <Struct T>
Result<T> read_named(const Term& map) {
  const auto pairs = map.as_map();
  if (!pairs) {
    return mismatch("a map from field names to values", map);
  }
  T out{};
  for (const Term::Pair& pair : *pairs) {
    const auto name = key_name(pair.first);
    bool known = false;
    std::optional<Error> error;
    std::size_t at = 0;
    with_fields(out, [&](auto&... field) {
      [[maybe_unused]] const auto read_when_named = [&](auto& into) {
        const std::string_view field_name = field_names<T>()[at++];
        if (name == field_name) {
          known = true;
          error = read_field(pair.second, into, field_name, Form::named);
        }
      };
      (read_when_named(field), ...);
    });
    if (error) {
      return *error;
    }
    if (!known) {
      return Error{ErrorCode::invalid_argument,
                   (name ? std::string(*name) : shown(pair.first)) + ": no such field, " + listed_fields<T>()};
    }
  }
  return out;
}

template <class Variant, std::size_t I = 0>
Result<Variant> read_variant(const Term& term, Form form, std::string_view tag) {
  if constexpr (I == std::variant_size_v<Variant>) {
    return mismatch("one of " + std::to_string(I) + " alternatives", term);
  } else {
    using Alternative = std::variant_alternative_t<I, Variant>;
    if constexpr (Struct<Alternative>) {
      if (tag == tag_name<Alternative>()) {
        auto value = read<Alternative>(term, form);
        return value ? Result<Variant>(Variant(std::in_place_index<I>, std::move(value).value()))
                     : Result<Variant>(value.error());
      }
    } else if (auto value = read<Alternative>(term, form)) {
      return Variant(std::in_place_index<I>, std::move(value).value());
    }
    return read_variant<Variant, I + 1>(term, form, tag);
  }
}

inline std::string_view tag_of(const Term& term) {
  if (const auto elements = term.as_tuple(); elements && !elements->empty()) {
    return elements->front().as_atom().value_or("");
  }
  return term.as_atom().value_or("");
}

template <class T>
Result<T> read_text(const Term& term) {
  if constexpr (std::same_as<T, std::string>) {
    if (auto text = term.as_text()) {
      return *std::move(text);
    }
    return mismatch("a binary or a string", term);
  } else {
    static_assert(never<T>, "text is read into a std::string, which owns it");
  }
}

template <class T>
Result<T> read_optional(const Term& term, Form form) {
  if (term.is_atom("undefined") || term.is_atom("nil") || term.is_atom("null")) {
    return T{};
  }
  auto value = read<typename T::value_type>(term, form);
  return value ? Result<T>(T(std::move(value).value())) : Result<T>(value.error());
}

template <class T, class Value>
Result<T> value_or_mismatch(const std::optional<Value>& value, std::string_view expected, const Term& term) {
  return value ? Result<T>(*value) : Result<T>(mismatch(expected, term));
}

template <class T>
Result<T> read(const Term& term, Form form) {
  if constexpr (std::same_as<T, Term>) {
    return term;
  } else if constexpr (std::same_as<T, Pid>) {
    return value_or_mismatch<T>(term.as_pid(), "a pid", term);
  } else if constexpr (std::same_as<T, Reference>) {
    return value_or_mismatch<T>(term.as_reference(), "a reference", term);
  } else if constexpr (std::same_as<T, bool>) {
    return value_or_mismatch<T>(term.as_boolean(), "true or false", term);
  } else if constexpr (std::integral<T>) {
    return read_integer<T>(term);
  } else if constexpr (Enum<T>) {
    return read_enumerator<T>(term);
  } else if constexpr (std::floating_point<T>) {
    auto value = read_double(term);
    return value ? Result<T>(static_cast<T>(*value)) : Result<T>(value.error());
  } else if constexpr (Text<T>) {
    return read_text<T>(term);
  } else if constexpr (is_a<T, std::optional>) {
    return read_optional<T>(term, form);
  } else if constexpr (std::same_as<T, std::vector<std::byte>>) {
    const auto bytes = term.as_binary();
    const auto* from = bytes ? reinterpret_cast<const std::byte*>(bytes->data()) : nullptr;
    return bytes ? Result<T>(T(from, from + bytes->size())) : Result<T>(mismatch("a binary", term));
  } else if constexpr (is_a<T, std::vector> || is_array<T>) {
    return read_list<T>(term, form);
  } else if constexpr (Map<T>) {
    return read_map<T>(term, form);
  } else if constexpr (Tuple<T>) {
    return read_tuple<T>(term, form);
  } else if constexpr (is_a<T, Local>) {
    return mismatch("a value of this image, which no term can carry", term);
  } else if constexpr (is_a<T, std::variant>) {
    return read_variant<T>(term, form, tag_of(term));
  } else if constexpr (Struct<T>) {
    return form == Form::named && term.as_map() ? read_named<T>(term) : read_tagged<T>(term, form);
  } else {
    static_assert(never<T>, "a value of this type cannot be read from a term: see troupe/struct_term.hpp");
  }
}

}  // namespace struct_term

template <class T>
Term to_term(const T& value) {
  using namespace struct_term;
  if constexpr (std::same_as<T, Term>) {
    return value;
  } else if constexpr (std::same_as<T, Pid>) {
    return Term::pid(value);
  } else if constexpr (std::same_as<T, Reference>) {
    return Term::reference(value);
  } else if constexpr (std::same_as<T, bool>) {
    return Term::boolean(value);
  } else if constexpr (std::integral<T>) {
    return integer_to_term(value);
  } else if constexpr (Enum<T>) {
    return struct_term::enumerator_to_term(value);
  } else if constexpr (std::floating_point<T>) {
    return Term::floating(static_cast<double>(value));
  } else if constexpr (Text<T>) {
    return Term::binary(value);
  } else if constexpr (is_a<T, std::optional>) {
    return value ? to_term(*value) : Term::atom("undefined");
  } else if constexpr (std::same_as<T, std::vector<std::byte>>) {
    return Term::binary(std::string_view(reinterpret_cast<const char*>(value.data()), value.size()));
  } else if constexpr (is_a<T, std::vector> || is_array<T>) {
    return list_to_term(value);
  } else if constexpr (Map<T>) {
    std::vector<Term::Pair> pairs;
    for (const auto& [key, mapped] : value) {
      pairs.emplace_back(to_term(key), to_term(mapped));
    }
    return Term::map(std::move(pairs));
  } else if constexpr (Tuple<T>) {
    return std::apply([](const auto&... element) { return Term::tuple({to_term(element)...}); }, value);
  } else if constexpr (is_a<T, Local>) {
    return Term::atom("local");
  } else if constexpr (is_a<T, std::variant>) {
    return std::visit([](const auto& alternative) { return to_term(alternative); }, value);
  } else if constexpr (Struct<T>) {
    return struct_to_term(value);
  } else {
    static_assert(never<T>, "a value of this type has no term: see troupe/struct_term.hpp");
  }
}

template <class T>
Result<T> from_term(const Term& term) {
  return struct_term::read<T>(term, struct_term::Form::tagged);
}

template <Aggregate T>
Result<T> from_named_fields(const Term& map) {
  return struct_term::read_named<T>(map);
}

}  // namespace troupe
