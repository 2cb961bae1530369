#include "platform/os_process.hpp"

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <csignal>
#include <future>
#include <mutex>
#include <utility>

#include "base/log.hpp"
#include "platform/child_identity.hpp"
#include "platform/child_input.hpp"
#include "platform/os_process_spawn.hpp"
#include "platform/os_process_threads.hpp"

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
