#include "worker/node/command_child.hpp"

#include <csignal>
#include <mutex>
#include <utility>

#include "base/log.hpp"

namespace troupe::node {
namespace {

/// Turns a stream of pieces into log lines, within a rate.
class OutputLog {
 public:
  OutputLog(const CommandSpec& spec, const char* stream, const Clock& clock)
      : application_(spec.application), name_(spec.name), stream_(stream), clock_(clock) {}

  void append(std::string_view piece) {
    while (!piece.empty()) {
      const std::size_t end = piece.find('\n');
      pending_ += piece.substr(0, std::min(end, line_bytes_max));
      piece.remove_prefix(end == std::string_view::npos ? piece.size() : end + 1);
      if (end != std::string_view::npos || pending_.size() >= line_bytes_max) {
        write_line();
      }
    }
  }

 private:
  static constexpr std::size_t line_bytes_max = 8 * 1024;

  void write_line() {
    const Instant now = clock_.now();
    if (now - second_started_ >= std::chrono::seconds(1)) {
      if (dropped_ > 0) {
        log_warning("command output dropped", {{"application", application_}, {"child", name_}, {"lines", dropped_}});
      }
      second_started_ = now;
      lines_ = 0;
      dropped_ = 0;
    }
    if (lines_ < CommandChild::lines_per_second_max) {
      ++lines_;
      log_info(pending_, {{"application", application_}, {"child", name_}, {"stream", stream_}});
    } else {
      ++dropped_;
    }
    pending_.clear();
  }

  std::string application_;
  std::string name_;
  const char* stream_;
  const Clock& clock_;
  std::string pending_;
  Instant second_started_{};
  std::uint32_t lines_ = 0;
  std::uint32_t dropped_ = 0;
};

}  // namespace

CommandChild::CommandChild(Runtime* runtime, const CommandSpec& spec) {
  platform::OsProcessSpec program;
  program.argv = spec.argv;
  program.env = spec.env;
  auto out = std::make_shared<OutputLog>(spec, "stdout", runtime->clock());
  auto err = std::make_shared<OutputLog>(spec, "stderr", runtime->clock());
  program.on_stdout = [out](std::string_view piece) { out->append(piece); };
  program.on_stderr = [err](std::string_view piece) { err->append(piece); };
  auto started = platform::OsProcess::start(std::move(program), [runtime, me = self()](platform::OsProcessExit how) {
    runtime->post(me, Term::tuple({Term::atom("command_ended"), Term::integer(how.code), Term::integer(how.signal)}));
  });
  if (!started) {
    troupe::exit(Term::tuple({Term::atom("cannot_start"), Term::binary(started.error().message)}));
  }
  process_ = std::move(*started);
  set_label(spec.argv.front());
}

void CommandChild::handle(CommandEnded ended) {
  if (stopping_) {
    troupe::exit(Term::atom("shutdown"));
  }
  if (ended.signal != 0) {
    troupe::exit(Term::tuple({Term::atom("signal"), Term::integer(ended.signal)}));
  }
  troupe::exit(ended.code == 0 ? Term::atom("normal")
                               : Term::tuple({Term::atom("exit_status"), Term::integer(ended.code)}));
}

void CommandChild::handle(const Exit& exit) {
  if (exit.reason.is_atom("normal")) {
    return;
  }
  stopping_ = true;
  process_->signal_group(SIGTERM);
}

}  // namespace troupe::node
