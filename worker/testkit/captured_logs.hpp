// Log lines kept for a test to look at.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "troupe/test.hpp"

namespace troupe::test {

/// The program's sink while it lives; then the former one again. Thread-safe.
class CapturedLogs final : public LogSink {
 public:
  static constexpr std::size_t lines_max = 10'000;  ///< Past that the oldest go.

  CapturedLogs() : former_(set_log_sink(this)) {}
  ~CapturedLogs() override { set_log_sink(former_); }
  CapturedLogs(const CapturedLogs&) = delete;
  CapturedLogs& operator=(const CapturedLogs&) = delete;

  void write(LogLevel level, std::string_view message, std::span<const LogField> fields) override;
  [[nodiscard]] std::vector<LogLine> lines() const;
  /// The first of the lines written since the one numbered `from`, which then names the next to look at.
  [[nodiscard]] std::optional<LogLine> find(std::string_view text, std::uint64_t& from) const;

 private:
  LogSink* const former_;
  mutable std::mutex mutex_;
  std::deque<LogLine> lines_;
  std::uint64_t dropped_ = 0;
};

}  // namespace troupe::test
