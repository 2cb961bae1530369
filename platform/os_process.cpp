#include "platform/os_process.hpp"

#include <sys/wait.h>

#include <array>
#include <atomic>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <csignal>
#include <future>
#include <mutex>
#include <optional>
#include <utility>

#include "base/log.hpp"
#include "platform/os_process_spawn.hpp"
#include "platform/os_process_threads.hpp"
#include "platform/output_buffer.hpp"

namespace troupe::platform {
namespace {

namespace net = boost::asio;
using boost::system::error_code;
using Descriptor = net::posix::stream_descriptor;

constexpr std::size_t read_bytes_max = 64 * 1024;
/// Where the kernel has no pidfd, a child's end is looked for this often.
constexpr std::chrono::milliseconds poll_interval{20};

Descriptor adopt(net::io_context& context, FileDescriptor& from) {
  Descriptor descriptor(context);
  if (from.is_open()) {
    error_code ignored;
    descriptor.assign(from.get(), ignored);
    (void)std::exchange(from, FileDescriptor()).release();
  }
  return descriptor;
}

OsProcessExit exit_of(const siginfo_t& info) {
  return info.si_code == CLD_EXITED ? OsProcessExit{info.si_status, 0} : OsProcessExit{0, info.si_status};
}

/// Whether a child may still be signalled, and its end. Thread-safe. While it is not reaped, its pid and group cannot
/// be anybody else's.
class ChildIdentity {
 public:
  explicit ChildIdentity(pid_t pid) : pid_(pid) {}
  [[nodiscard]] pid_t pid() const { return pid_; }

  void signal_group(int signal) {
    const std::lock_guard lock(mutex_);
    if (!exit_) {
      ::kill(-pid_, signal);
    }
  }

  [[nodiscard]] bool has_ended() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
  }

  /// Waits for the end when it has not come yet.
  OsProcessExit reap() {
    const std::lock_guard lock(mutex_);
    if (!exit_) {
      siginfo_t info{};
      int failed = 0;
      do {
        failed = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED);
      } while (failed != 0 && errno == EINTR);
      // Somebody else in this program has reaped it (or ignores SIGCHLD): how it ended is lost.
      exit_ = failed == 0 ? exit_of(info) : OsProcessExit{255, 0};
    }
    return *exit_;
  }

 private:
  const pid_t pid_;
  std::mutex mutex_;
  std::optional<OsProcessExit> exit_;
};

/// The child's standard input. On the watch thread, but for `reserve`.
class ChildInput {
 public:
  explicit ChildInput(Descriptor pipe) : pipe_(std::move(pipe)) {}

  /// Thread-safe: whether `bytes` more may be queued. Once it has said no, it always does.
  bool reserve(std::size_t bytes) {
    if (overflowed_ || queued_bytes_ + bytes > OsProcess::stdin_unread_bytes_max) {
      overflowed_ = true;
      return false;
    }
    queued_bytes_ += bytes;
    return true;
  }

  void write(const std::shared_ptr<void>& owner, std::string data) {
    const std::size_t size = data.size();
    if (!pipe_.is_open() || ending_) {
      queued_bytes_ -= size;
      return;
    }
    output_.append(std::move(data));
    write_some(owner);
  }

  void end() {
    ending_ = true;
    if (output_.size() == 0) {
      close();
    }
  }

  void close() {
    error_code ignored;
    pipe_.close(ignored);
  }

 private:
  void write_some(const std::shared_ptr<void>& owner) {
    if (writing_) {
      return;
    }
    writing_ = true;
    pipe_.async_write_some(output_.take_in_flight(), [this, owner](error_code failed, std::size_t count) {
      writing_ = false;
      output_.consume(count);
      queued_bytes_ -= count;
      if (failed) {
        close();  // The child has closed its end.
      } else if (output_.size() > 0) {
        write_some(owner);
      } else if (ending_) {
        close();
      }
    });
  }

  Descriptor pipe_;
  OutputBuffer<std::string> output_;
  std::atomic<std::size_t> queued_bytes_{0};
  std::atomic<bool> overflowed_{false};
  bool writing_ = false;
  bool ending_ = false;
};

/// One child. All runs on the watch thread, but for what says otherwise.
class Child : public std::enable_shared_from_this<Child> {
 public:
  using OnOutput = std::function<void(std::string_view)>;

  Child(SpawnedProcess spawned, OsProcessSpec& spec, std::function<void(OsProcessExit)> on_exit)
      : identity(spawned.pid),
        input(adopt(context(), spawned.input)),
        pidfd_(adopt(context(), spawned.pidfd)),
        timer_(context()),
        output_{adopt(context(), spawned.output), std::move(spec.on_stdout)},
        errors_{adopt(context(), spawned.errors), std::move(spec.on_stderr)},
        on_exit_(std::move(on_exit)) {}

  static net::io_context& context() { return watch_thread().context(); }

  void watch() {
    for (Stream* stream : {&output_, &errors_}) {
      if (stream->pipe.is_open()) {
        wait_readable(*stream);
      }
    }
    if (pidfd_.is_open()) {
      pidfd_.async_wait(Descriptor::wait_read, [self = shared_from_this()](error_code failed) {
        if (!failed) {
          self->first_process_ended();
        }
      });
    } else {
      poll_end();
    }
  }

  /// Any thread: waits for a callback that runs now; none runs afterwards.
  void silence() {
    const std::lock_guard lock(callbacks_);
    silenced_ = true;
  }

  /// Lets go of everything but the child itself, which must have been reaped.
  void release() {
    finished_ = true;
    error_code ignored;
    pidfd_.close(ignored);
    output_.pipe.close(ignored);
    errors_.pipe.close(ignored);
    input.close();
    timer_.cancel(ignored);
    // They may own this child; outside the lock, since what they own may call back into it.
    const OnOutput on_stdout = std::move(output_.on_data);
    const OnOutput on_stderr = std::move(errors_.on_data);
    const auto on_exit = std::move(on_exit_);
  }

  ChildIdentity identity;
  ChildInput input;

 private:
  struct Stream {
    Descriptor pipe;
    OnOutput on_data;
  };
  enum class Read { data, nothing_yet, end };

  void poll_end() {
    timer_.expires_after(poll_interval);
    timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled && !self->finished_) {
        self->identity.has_ended() ? self->first_process_ended() : self->poll_end();
      }
    });
  }

  void wait_readable(Stream& stream) {
    stream.pipe.async_wait(Descriptor::wait_read, [self = shared_from_this(), &stream](error_code failed) {
      if (failed || self->finished_) {
        return;
      }
      if (self->read_once(stream) != Read::end) {
        self->wait_readable(stream);
      } else {
        self->finish_when_complete();
      }
    });
  }

  Read read_once(Stream& stream) {
    thread_local std::array<char, read_bytes_max> buffer;
    const ssize_t got = ::read(stream.pipe.native_handle(), buffer.data(), buffer.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
      return Read::nothing_yet;
    }
    if (got <= 0) {
      error_code ignored;
      stream.pipe.close(ignored);
      return Read::end;
    }
    const std::lock_guard lock(callbacks_);
    if (!silenced_) {
      stream.on_data(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
    }
    return Read::data;
  }

  void first_process_ended() {
    first_ended_ = true;
    // Not reaped yet, so the group is still its own.
    identity.signal_group(SIGKILL);
    timer_.expires_after(OsProcess::output_grace);
    timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled && !self->finished_) {
        self->take_what_is_there(self->output_);
        self->take_what_is_there(self->errors_);
        self->finish_when_complete();
      }
    });
    finish_when_complete();
  }

  /// Somebody outside the group holds the pipe: its content is delivered, its end not waited for.
  void take_what_is_there(Stream& stream) {
    constexpr std::size_t pipe_reads_max = 64;  // A writer that goes on must not keep us here.
    for (std::size_t i = 0; i < pipe_reads_max && stream.pipe.is_open() && !finished_; ++i) {
      if (read_once(stream) != Read::data) {
        break;
      }
    }
    error_code ignored;
    stream.pipe.close(ignored);
  }

  void finish_when_complete() {
    if (!first_ended_ || finished_ || output_.pipe.is_open() || errors_.pipe.is_open()) {
      return;
    }
    const OsProcessExit exit = identity.reap();
    {
      const auto on_exit = std::exchange(on_exit_, nullptr);
      const std::lock_guard lock(callbacks_);
      if (!std::exchange(silenced_, true) && on_exit) {
        on_exit(exit);
      }
    }
    release();
  }

  Descriptor pidfd_;
  net::steady_timer timer_;
  Stream output_;
  Stream errors_;
  std::function<void(OsProcessExit)> on_exit_;
  bool first_ended_ = false;
  bool finished_ = false;
  std::recursive_mutex callbacks_;  ///< Held while one runs; recursive, for it may destroy the OsProcess.
  bool silenced_ = false;
};

class WatchedProcess final : public OsProcess {
 public:
  explicit WatchedProcess(std::shared_ptr<Child> child) : child_(std::move(child)) {}
  ~WatchedProcess() override {
    child_->silence();
    child_->identity.signal_group(SIGKILL);
    child_->identity.reap();
    net::post(Child::context(), [child = child_] { child->release(); });
  }
  WatchedProcess(const WatchedProcess&) = delete;
  WatchedProcess& operator=(const WatchedProcess&) = delete;

  pid_t pid() const override { return child_->identity.pid(); }
  void signal_group(int signal) override { child_->identity.signal_group(signal); }

  void write_stdin(std::string_view data) override {
    if (!child_->input.reserve(data.size())) {
      log_warning("a child process does not read its standard input: data dropped", {{"pid", pid()}});
      return close_stdin();
    }
    net::post(Child::context(),
              [child = child_, data = std::string(data)]() mutable { child->input.write(child, std::move(data)); });
  }

  void close_stdin() override {
    net::post(Child::context(), [child = child_] { child->input.end(); });
  }

 private:
  std::shared_ptr<Child> child_;
};

}  // namespace

Result<std::unique_ptr<OsProcess>> OsProcess::start(OsProcessSpec spec, std::function<void(OsProcessExit)> on_exit) {
  // Shared, for it may be left here while the other thread is still inside set_value.
  const auto answer = std::make_shared<std::promise<Result<SpawnedProcess>>>();
  net::post(spawn_thread().context(), [answer, &spec] { answer->set_value(spawn_process(spec)); });
  auto spawned = answer->get_future().get();
  if (!spawned.ok()) {
    return spawned.error();
  }
  auto child = std::make_shared<Child>(std::move(*spawned), spec, std::move(on_exit));
  auto process = std::make_unique<WatchedProcess>(child);
  net::post(Child::context(), [child = std::move(child)] { child->watch(); });
  return std::unique_ptr<OsProcess>(std::move(process));
}

}  // namespace troupe::platform
