#include "base/log.hpp"

#include <atomic>

namespace troupe {
namespace {
std::atomic<LogSink*> current_sink{nullptr};
}

LogSink* set_log_sink(LogSink* sink) { return current_sink.exchange(sink, std::memory_order_acq_rel); }

void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (LogSink* sink = current_sink.load(std::memory_order_acquire)) {
    sink->write(level, message, std::span(fields.begin(), fields.size()));
  }
}

}  // namespace troupe
