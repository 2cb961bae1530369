// A container's log: one file an instance, in the kubelet's line format ("<RFC 3339 time> stdout F text"), bounded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace troupe::local {

/// Thread-safe. A line that cannot be written (full disk) is dropped and counted: logs never stop a pod.
class ContainerLog {
 public:
  /// Past this the file starts anew: what it held is lost.
  static constexpr std::uint64_t file_bytes_max = 10 * 1024 * 1024;
  static constexpr std::size_t line_bytes_max = 16 * 1024;

  ContainerLog(std::filesystem::path file, const Clock& clock);
  ~ContainerLog();
  ContainerLog(const ContainerLog&) = delete;
  ContainerLog& operator=(const ContainerLog&) = delete;

  /// Output as it comes, in any pieces. `stream` is "stdout" or "stderr".
  void append(std::string_view stream, std::string_view piece);
  /// The instance has ended: pending half lines are written and followers end.
  void finish();

  struct ReadOptions {
    std::optional<std::int64_t> tail_lines;
    std::optional<std::uint64_t> limit_bytes;
    std::optional<std::string> since_time;  ///< RFC 3339, UTC.
    bool timestamps = false;
  };
  /// What the file holds now. `offset` receives where to go on following.
  [[nodiscard]] std::string read(const ReadOptions& options, std::uint64_t& offset) const;
  /// Lines after `offset`, without waiting; `offset` moves on.
  [[nodiscard]] std::string read_on(bool timestamps, std::uint64_t& offset) const;
  [[nodiscard]] bool finished() const;
  [[nodiscard]] std::uint64_t lines_dropped() const;
  /// Runs `on_change` after each append and at the end, on the writer's thread, until unsubscribed.
  [[nodiscard]] std::uint64_t subscribe(std::function<void()> on_change);
  void unsubscribe(std::uint64_t id);
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

 private:
  void write_line(std::string_view stream, std::string_view line, bool whole);
  void notify();

  std::filesystem::path file_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::ofstream out_;
  std::uint64_t size_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t truncated_ = 0;  ///< Bytes that were in the file before it started anew.
  bool finished_ = false;
  std::string pending_out_;
  std::string pending_err_;
  std::uint64_t next_subscriber_ = 1;
  std::vector<std::pair<std::uint64_t, std::function<void()>>> subscribers_;
};

/// "2026-01-02T03:04:05.000000006Z".
[[nodiscard]] std::string rfc3339_nano(WallTime time);
/// "2026-01-02T03:04:05Z".
[[nodiscard]] std::string rfc3339(WallTime time);

}  // namespace troupe::local
