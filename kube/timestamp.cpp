#include "kube/timestamp.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace troupe::kube {
namespace {

using std::chrono::floor;

std::string calendar(WallTime at) {
  const auto day = floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{floor<std::chrono::seconds>(at - day)};
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text.data();
}

/// Takes exactly `digits` digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  int value = 0;
  if (text.size() < digits) {
    return std::nullopt;
  }
  const auto [end, failure] = std::from_chars(text.data(), text.data() + digits, value);
  if (failure != std::errc{} || end != text.data() + digits || value < 0) {
    return std::nullopt;
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || (text.front() != wanted && text.front() != wanted + ('a' - 'A'))) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

std::optional<Duration> take_fraction(std::string_view& text) {
  Duration out{0};
  std::int64_t unit = 100'000'000;
  bool any = false;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    out += Duration((text.front() - '0') * unit);
    unit /= 10;
    any = true;
    text.remove_prefix(1);
  }
  return any ? std::optional(out) : std::nullopt;
}

std::optional<Duration> take_offset(std::string_view& text) {
  if (take(text, 'Z')) {
    return Duration{0};
  }
  const bool east = !text.empty() && text.front() == '+';
  if (!east && (text.empty() || text.front() != '-')) {
    return std::nullopt;
  }
  text.remove_prefix(1);
  const auto hours = take_number(text, 2);
  if (!hours.has_value() || !take(text, ':')) {
    return std::nullopt;
  }
  const auto minutes = take_number(text, 2);
  if (!minutes.has_value() || *hours > 23 || *minutes > 59) {
    return std::nullopt;
  }
  const Duration offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return east ? offset : -offset;
}

}  // namespace

std::string to_time(WallTime at) { return calendar(at) + "Z"; }

std::string to_micro_time(WallTime at) {
  const auto micros = floor<std::chrono::microseconds>(at - floor<std::chrono::seconds>(at)).count();
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%06dZ", static_cast<int>(micros));
  return calendar(at) + fraction.data();
}

std::optional<WallTime> parse_time(std::string_view text) {
  std::array<int, 6> parts{};
  constexpr std::array<std::size_t, 6> digits{4, 2, 2, 2, 2, 2};
  constexpr std::array<char, 6> separators{'-', '-', 'T', ':', ':', '\0'};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto value = take_number(text, digits.at(i));
    if (!value.has_value() || (separators.at(i) != '\0' && !take(text, separators.at(i)))) {
      return std::nullopt;
    }
    parts.at(i) = *value;
  }
  Duration fraction{0};
  if (take(text, '.')) {
    const auto taken = take_fraction(text);
    if (!taken.has_value()) {
      return std::nullopt;
    }
    fraction = *taken;
  }
  const auto offset = take_offset(text);
  const std::chrono::year_month_day date{std::chrono::year(parts[0]),
                                         std::chrono::month(static_cast<unsigned>(parts[1])),
                                         std::chrono::day(static_cast<unsigned>(parts[2]))};
  // 60 is a leap second. The years keep 64-bit nanoseconds far from their ends.
  if (!offset.has_value() || !text.empty() || !date.ok() || parts[0] < 1970 || parts[0] > 2200 || parts[3] > 23 ||
      parts[4] > 59 || parts[5] > 60) {
    return std::nullopt;
  }
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(parts[3]) + std::chrono::minutes(parts[4]) +
         std::chrono::seconds(parts[5]) + fraction - *offset;
}

}  // namespace troupe::kube
