// A watch's bytes to events: one JSON document a line, cut into pieces anywhere. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "kube/client.hpp"

namespace troupe::kube {

class WatchStream {
 public:
  /// A line longer than `line_bytes_max` ends the stream with an error.
  explicit WatchStream(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

  /// Appends the events that `bytes` complete to `out`, also those in front of an error.
  /// Errors: `limit_exceeded` for a line that is too long, `invalid_argument` for one that is no watch event. The
  /// stream cannot be fed any more then.
  Result<void> feed(std::string_view bytes, std::vector<WatchEvent>& out);

  /// At the end of the bytes. Error `unavailable` when they stop inside an event.
  [[nodiscard]] Result<void> finish() const;

 private:
  Result<void> take_line(std::string_view line, std::vector<WatchEvent>& out);

  std::size_t line_bytes_max_;
  std::string partial_;  ///< Start of a line whose end has not come yet.
};

}  // namespace troupe::kube
