// Reads the fields of one JSON object and notes what is wrong with them, so that a parser states each rule once and a
// user sees every mistake at the same time.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/resource/field_error.hpp"

namespace troupe::resource {

/// Null counts as absent. Every reader returns a usable value (the default) even after it noted an error.
class FieldReader {
 public:
  /// Notes an error when `value` is neither null nor an object. `value` and `errors` must outlive the reader.
  FieldReader(const nlohmann::json& value, std::string path, FieldErrors& errors);

  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] std::string path_of(std::string_view key) const;
  void fail(std::string_view key, std::string reason);

  std::int64_t integer(std::string_view key, std::int64_t default_value, std::int64_t min, std::int64_t max);
  bool boolean(std::string_view key, bool default_value);
  std::optional<std::string> text(std::string_view key, std::size_t length_max);
  std::string required_text(std::string_view key, std::size_t length_max);
  /// One of `allowed`; `default_value` empty means required.
  std::string choice(std::string_view key, const std::vector<std::string_view>& allowed,
                     std::string_view default_value);
  /// A reader of the object below `key`; of an empty object when it is absent.
  FieldReader object(std::string_view key);
  FieldReader required_object(std::string_view key);
  /// The raw value below `key`, checked to be an object; an empty object when absent.
  const nlohmann::json& raw_object(std::string_view key);
  /// The elements below `key`; empty when absent.
  std::vector<const nlohmann::json*> list(std::string_view key, std::size_t items_max);

 private:
  [[nodiscard]] const nlohmann::json* find(std::string_view key) const;

  const nlohmann::json* value_;
  std::string path_;
  FieldErrors* errors_;
};

/// Notes an error, keeping the bound on their number.
void add_error(FieldErrors& errors, std::string field, std::string reason);

/// A DNS-1035 label of at most 40 characters: what clusters and applications may be called, since names of pods, nodes
/// and services are made from them. Empty when `name` is one, else the reason why not.
[[nodiscard]] std::string name_problem(std::string_view name);
/// A DNS-1123 subdomain of at most 253 characters, as Secrets have.
[[nodiscard]] bool is_subdomain(std::string_view name);

inline constexpr std::size_t name_length_max = 40;

}  // namespace troupe::resource
