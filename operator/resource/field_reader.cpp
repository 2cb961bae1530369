#include "operator/resource/field_reader.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/ascii.hpp"

namespace troupe::resource {
namespace {

using nlohmann::json;

const json& empty_object() {
  static const json empty = json::object();
  return empty;
}

using ascii::is_digit;
using ascii::is_lower;

}  // namespace

void add_error(FieldErrors& errors, std::string field, std::string reason) {
  if (errors.size() < field_errors_max) {
    errors.push_back({std::move(field), std::move(reason)});
  }
}

FieldReader::FieldReader(const json& value, std::string path, FieldErrors& errors)
    : value_(&value), path_(std::move(path)), errors_(&errors) {
  if (value.is_null()) {
    value_ = &empty_object();
  } else if (!value.is_object()) {
    add_error(errors, path_, "must be an object");
    value_ = &empty_object();
  }
}

const json* FieldReader::find(std::string_view key) const {
  const auto it = value_->find(key);
  return it == value_->end() || it->is_null() ? nullptr : &*it;
}

bool FieldReader::has(std::string_view key) const { return find(key) != nullptr; }

std::string FieldReader::path_of(std::string_view key) const { return path_ + "." + std::string(key); }

void FieldReader::fail(std::string_view key, std::string reason) {
  add_error(*errors_, path_of(key), std::move(reason));
}

std::int64_t FieldReader::integer(std::string_view key, std::int64_t default_value, std::int64_t min,
                                  std::int64_t max) {
  const json* found = find(key);
  if (found == nullptr) {
    return default_value;
  }
  if (!found->is_number_integer()) {
    fail(key, "must be an integer");
    return default_value;
  }
  const bool huge = found->is_number_unsigned() && found->get<std::uint64_t>() > std::uint64_t{INT64_MAX};
  const std::int64_t number = huge ? INT64_MAX : found->get<std::int64_t>();
  if (number < min) {
    fail(key, "must be at least " + std::to_string(min));
    return default_value;
  }
  if (number > max) {
    fail(key, "must be at most " + std::to_string(max));
    return default_value;
  }
  return number;
}

bool FieldReader::boolean(std::string_view key, bool default_value) {
  const json* found = find(key);
  if (found == nullptr) {
    return default_value;
  }
  if (!found->is_boolean()) {
    fail(key, "must be true or false");
    return default_value;
  }
  return found->get<bool>();
}

std::optional<std::string> FieldReader::text(std::string_view key, std::size_t length_max) {
  const json* found = find(key);
  if (found == nullptr) {
    return std::nullopt;
  }
  if (!found->is_string()) {
    fail(key, "must be a string");
    return std::nullopt;
  }
  auto text = found->get<std::string>();
  if (text.size() > length_max) {
    fail(key, "must be at most " + std::to_string(length_max) + " characters long");
    return std::nullopt;
  }
  return text;
}

std::string FieldReader::required_text(std::string_view key, std::size_t length_max) {
  const json* found = find(key);
  const bool empty = found != nullptr && found->is_string() && found->get_ref<const std::string&>().empty();
  if (found == nullptr || empty) {
    fail(key, "is required");
    return {};
  }
  return text(key, length_max).value_or("");
}

std::string FieldReader::choice(std::string_view key, const std::vector<std::string_view>& allowed,
                                std::string_view default_value) {
  const json* found = find(key);
  if (found == nullptr) {
    if (default_value.empty()) {
      fail(key, "is required");
    }
    return std::string(default_value.empty() ? allowed.front() : default_value);
  }
  if (found->is_string()) {
    const auto& text = found->get_ref<const std::string&>();
    if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) {
      return text;
    }
  }
  std::string choices;
  for (const std::string_view one : allowed) {
    choices += (choices.empty() ? "" : ", ") + std::string(one);
  }
  fail(key, "must be one of " + choices);
  return std::string(default_value.empty() ? allowed.front() : default_value);
}

FieldReader FieldReader::object(std::string_view key) {
  const json* found = find(key);
  return {found == nullptr ? empty_object() : *found, path_of(key), *errors_};
}

FieldReader FieldReader::required_object(std::string_view key) {
  if (!has(key)) {
    fail(key, "is required");
  }
  return object(key);
}

const json& FieldReader::raw_object(std::string_view key) {
  const json* found = find(key);
  if (found == nullptr) {
    return empty_object();
  }
  if (!found->is_object()) {
    fail(key, "must be an object");
    return empty_object();
  }
  return *found;
}

std::vector<const json*> FieldReader::list(std::string_view key, std::size_t items_max) {
  std::vector<const json*> items;
  const json* found = find(key);
  if (found == nullptr) {
    return items;
  }
  if (!found->is_array()) {
    fail(key, "must be a list");
    return items;
  }
  if (found->size() > items_max) {
    fail(key, "must have at most " + std::to_string(items_max) + " items");
    return items;
  }
  for (const json& item : *found) {
    items.push_back(&item);
  }
  return items;
}

std::string name_problem(std::string_view name) {
  const auto allowed = [](char c) { return is_lower(c) || is_digit(c) || c == '-'; };
  if (name.empty()) {
    return "is required";
  }
  if (name.size() > name_length_max) {
    return "must be at most " + std::to_string(name_length_max) + " characters long";
  }
  if (!is_lower(name.front()) || name.back() == '-' || !std::all_of(name.begin(), name.end(), allowed)) {
    return "must be a DNS-1035 label: lower case letters, digits and '-', starting with a letter, not ending in '-'";
  }
  return {};
}

bool is_subdomain(std::string_view name) {
  if (name.empty() || name.size() > 253) {
    return false;
  }
  char before = '.';
  for (const char c : name) {
    const bool alphanumeric = is_lower(c) || is_digit(c);
    const bool inside = (c == '-' && before != '.') || (c == '.' && before != '.' && before != '-');
    if (!alphanumeric && !inside) {
      return false;
    }
    before = c;
  }
  return before != '-' && before != '.';
}

}  // namespace troupe::resource
