#include "platform/http_head.hpp"

#include <array>
#include <boost/beast/http/status.hpp>
#include <cctype>
#include <ctime>

namespace troupe::platform {
namespace {

namespace http = boost::beast::http;

bool is_framing(std::string_view name) {
  for (const std::string_view ours : {"Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Date"}) {
    if (http_names_equal(name, ours)) {
      return true;
    }
  }
  return false;
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  const auto append_clean = [&out](std::string_view text) {
    for (const char c : text) {
      out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
    }
  };
  append_clean(name);
  out += ": ";
  append_clean(value);
  out += "\r\n";
}

}  // namespace

std::string format_http_head(const HttpHead& head, WallTime date) {
  std::string out = "HTTP/1.1 " + std::to_string(head.status) + ' ';
  const auto reason = http::obsolete_reason(http::int_to_status(static_cast<unsigned>(head.status)));
  out.append(reason.data(), reason.size());
  out += "\r\n";
  for (const auto& [name, value] : head.headers) {
    if (!is_framing(name)) {
      append_header(out, name, value);
    }
  }
  append_header(out, "Date", format_http_date(date));
  if (head.content_length) {
    append_header(out, "Content-Length", std::to_string(*head.content_length));
  }
  if (head.chunked) {
    append_header(out, "Transfer-Encoding", "chunked");
  }
  if (!head.upgrade_to.empty()) {
    append_header(out, "Connection", "Upgrade");
    append_header(out, "Upgrade", head.upgrade_to);
  } else {
    append_header(out, "Connection", head.keep_alive ? "keep-alive" : "close");
  }
  return out + "\r\n";
}

std::string format_http_date(WallTime date) {
  // Not strftime's names of days and months: those follow the locale.
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(date).time_since_epoch().count();
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                days[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday, months[static_cast<std::size_t>(utc.tm_mon)],
                utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  return text.data();
}

bool http_status_has_body(int status) { return status >= 200 && status != 204 && status != 304; }

bool http_names_equal(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) {
    return false;
  }
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(left[i])) != std::tolower(static_cast<unsigned char>(right[i]))) {
      return false;
    }
  }
  return true;
}

}  // namespace troupe::platform
