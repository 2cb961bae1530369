#include "platform/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <mutex>
#include <string>

#include "platform/log_line.hpp"
#include "platform/stderr_writer.hpp"

namespace troupe::platform {
namespace {

std::atomic<std::uint64_t> dropped{0};

class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (!writer_.write(std::string_view(line.data(), line.size()))) {
      ++dropped;
    }
  }
  void flush_() override {}

 private:
  StderrWriter writer_;
};

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

class SpdlogSink final : public LogSink {
 public:
  SpdlogSink(LogFormat format, LogLevel least) : format_(format), logger_("troupe", std::make_shared<StderrSink>()) {
    const char* pattern = format == LogFormat::json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                                                    : "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
    logger_.set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc, "\n"));
    logger_.set_level(to_spdlog(least));
    logger_.set_error_handler([](const std::string&) { ++dropped; });
  }

  void write(LogLevel level, std::string_view message, std::span<const LogField> fields) override {
    if (!logger_.should_log(to_spdlog(level))) {
      return;
    }
    try {
      const std::string line =
          format_ == LogFormat::json ? format_log_json_members(message, fields) : format_log_text(message, fields);
      logger_.log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
    } catch (...) {  // No memory: the caller must not pay for a log line.
      ++dropped;
    }
  }

 private:
  const LogFormat format_;
  spdlog::logger logger_;
};

}  // namespace

Result<LogFormat> parse_log_format(std::string_view text) {
  if (text == "text") {
    return LogFormat::text;
  }
  if (text == "json") {
    return LogFormat::json;
  }
  return Error{ErrorCode::invalid_argument, "unknown log format \"" + std::string(text) + "\": use text or json"};
}

Result<LogLevel> parse_log_level(std::string_view text) {
  for (const auto& [name, level] : {std::pair{"debug", LogLevel::debug},
                                    {"info", LogLevel::info},
                                    {"warning", LogLevel::warning},
                                    {"error", LogLevel::error}}) {
    if (text == name) {
      return level;
    }
  }
  return Error{ErrorCode::invalid_argument,
               "unknown log level \"" + std::string(text) + "\": use debug, info, warning or error"};
}

void start_logging(LogFormat format, LogLevel least) {
  std::signal(SIGPIPE, SIG_IGN);
  // Kept for ever, also the ones before it: another thread may be writing to one.
  static std::mutex mutex;
  static auto* const sinks = new std::vector<std::unique_ptr<SpdlogSink>>;
  const std::lock_guard lock(mutex);
  sinks->push_back(std::make_unique<SpdlogSink>(format, least));
  set_log_sink(sinks->back().get());
}

std::uint64_t log_lines_dropped() { return dropped; }

}  // namespace troupe::platform
