#include "operator/resource/timestamp.hpp"

#include <array>
#include <cstdio>

namespace troupe::resource {
namespace {

/// The decimal number at [from, from + digits), or -1.
int number_at(std::string_view text, std::size_t from, std::size_t digits) {
  int number = 0;
  for (std::size_t i = from; i < from + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') {
      return -1;
    }
    number = number * 10 + (text[i] - '0');
  }
  return number;
}

}  // namespace

std::string format_timestamp(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(seconds - day);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

std::optional<WallTime> parse_timestamp(std::string_view text) {
  constexpr std::string_view shape = "0000-00-00T00:00:00Z";
  if (text.size() < shape.size() || text.size() > shape.size() + 10 || text.back() != 'Z') {
    return std::nullopt;
  }
  for (const std::size_t i : {4U, 7U, 10U, 13U, 16U}) {
    if (text[i] != shape[i]) {
      return std::nullopt;
    }
  }
  const int year = number_at(text, 0, 4);
  const int month = number_at(text, 5, 2);
  const int day = number_at(text, 8, 2);
  const int hour = number_at(text, 11, 2);
  const int minute = number_at(text, 14, 2);
  const int second = number_at(text, 17, 2);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (year < 0 || month < 1 || day < 1 || !date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 60) {
    return std::nullopt;
  }
  Duration fraction{0};
  if (text.size() > shape.size()) {
    Duration unit = std::chrono::seconds(1);
    if (text[19] != '.' || text.size() == shape.size() + 1) {
      return std::nullopt;
    }
    for (std::size_t i = 20; i + 1 < text.size(); ++i) {
      const int digit = number_at(text, i, 1);
      if (digit < 0) {
        return std::nullopt;
      }
      unit /= 10;
      fraction += unit * digit;
    }
  }
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + fraction;
}

}  // namespace troupe::resource
