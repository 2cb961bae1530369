#include "local/pod_runner/container_log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace troupe::local {
namespace {

/// Splits what the file holds into lines and lets each through as the reader asked: with or without its prefix.
std::string without_prefixes(std::string_view stored, const ContainerLog::ReadOptions& options) {
  std::string shown;
  std::vector<std::string_view> lines;
  while (!stored.empty()) {
    const std::size_t end = stored.find('\n');
    if (end == std::string_view::npos) {
      break;
    }
    lines.push_back(stored.substr(0, end));
    stored.remove_prefix(end + 1);
  }
  std::size_t first = 0;
  if (options.tail_lines && static_cast<std::int64_t>(lines.size()) > *options.tail_lines) {
    first = lines.size() - static_cast<std::size_t>(std::max<std::int64_t>(0, *options.tail_lines));
  }
  for (std::size_t i = first; i < lines.size(); ++i) {
    const std::string_view line = lines[i];
    const std::size_t stream = line.find(' ');
    const std::size_t tag = stream == std::string_view::npos ? stream : line.find(' ', stream + 1);
    const std::size_t text = tag == std::string_view::npos ? tag : line.find(' ', tag + 1);
    if (text == std::string_view::npos) {
      continue;
    }
    const std::string_view time = line.substr(0, stream);
    if (options.since_time && time < *options.since_time) {
      continue;
    }
    if (options.timestamps) {
      shown += time;
      shown += ' ';
    }
    shown += line.substr(text + 1);
    // "P" marks a line that goes on in the next entry.
    if (line.substr(tag + 1, 1) != "P") {
      shown += '\n';
    }
  }
  if (options.limit_bytes && shown.size() > *options.limit_bytes) {
    shown.resize(*options.limit_bytes);
  }
  return shown;
}

std::string stored_text(const std::filesystem::path& file, std::uint64_t from) {
  std::ifstream in(file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(from));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

std::string rfc3339_nano(WallTime time) {
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(since - seconds).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:09}Z", fmt::gmtime(static_cast<std::time_t>(seconds.count())),
                     nanoseconds);
}

std::string rfc3339(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(static_cast<std::time_t>(seconds.count())));
}

ContainerLog::ContainerLog(std::filesystem::path file, const Clock& clock)
    : file_(std::move(file)), clock_(clock), out_(file_, std::ios::binary | std::ios::trunc) {}

ContainerLog::~ContainerLog() = default;

void ContainerLog::append(std::string_view stream, std::string_view piece) {
  {
    const std::lock_guard lock(mutex_);
    std::string& pending = stream == "stdout" ? pending_out_ : pending_err_;
    while (!piece.empty()) {
      const std::size_t end = piece.find('\n');
      pending += piece.substr(0, end);
      piece.remove_prefix(end == std::string_view::npos ? piece.size() : end + 1);
      while (pending.size() > line_bytes_max) {
        write_line(stream, std::string_view(pending).substr(0, line_bytes_max), false);
        pending.erase(0, line_bytes_max);
      }
      if (end != std::string_view::npos) {
        write_line(stream, pending, true);
        pending.clear();
      }
    }
    out_.flush();
  }
  notify();
}

void ContainerLog::write_line(std::string_view stream, std::string_view line, bool whole) {
  if (size_ > file_bytes_max) {
    truncated_ += size_;
    size_ = 0;
    out_.close();
    out_.open(file_, std::ios::binary | std::ios::trunc);
  }
  const std::string entry =
      fmt::format("{} {} {} {}\n", rfc3339_nano(clock_.wall_now()), stream, whole ? 'F' : 'P', line);
  out_ << entry;
  out_.flush();
  if (out_.good()) {
    size_ += entry.size();
  } else {
    ++dropped_;
    out_.clear();
  }
}

void ContainerLog::finish() {
  {
    const std::lock_guard lock(mutex_);
    if (!pending_out_.empty()) {
      write_line("stdout", pending_out_, true);
    }
    if (!pending_err_.empty()) {
      write_line("stderr", pending_err_, true);
    }
    pending_out_.clear();
    pending_err_.clear();
    finished_ = true;
  }
  notify();
}

std::string ContainerLog::read(const ReadOptions& options, std::uint64_t& offset) const {
  const std::lock_guard lock(mutex_);
  offset = truncated_ + size_;
  return without_prefixes(std::string_view(stored_text(file_, 0)).substr(0, size_), options);
}

std::string ContainerLog::read_on(bool timestamps, std::uint64_t& offset) const {
  const std::lock_guard lock(mutex_);
  const std::uint64_t from = offset > truncated_ ? offset - truncated_ : 0;
  offset = truncated_ + size_;
  if (from >= size_) {
    return "";
  }
  ReadOptions options;
  options.timestamps = timestamps;
  return without_prefixes(std::string_view(stored_text(file_, from)).substr(0, size_ - from), options);
}

bool ContainerLog::finished() const {
  const std::lock_guard lock(mutex_);
  return finished_;
}

std::uint64_t ContainerLog::lines_dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

std::uint64_t ContainerLog::subscribe(std::function<void()> on_change) {
  const std::lock_guard lock(mutex_);
  subscribers_.emplace_back(next_subscriber_, std::move(on_change));
  return next_subscriber_++;
}

void ContainerLog::unsubscribe(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  std::erase_if(subscribers_, [id](const auto& subscriber) { return subscriber.first == id; });
}

void ContainerLog::notify() {
  std::vector<std::function<void()>> calls;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, call] : subscribers_) {
      calls.push_back(call);
    }
  }
  for (const auto& call : calls) {
    call();
  }
}

}  // namespace troupe::local
