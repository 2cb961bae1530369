#include "platform/event_loop.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "platform/tcp.hpp"
#include "platform/timer_queue.hpp"

namespace troupe::platform {

namespace net = boost::asio;
using boost::system::error_code;

class AsioLoop::Impl {
 public:
  Impl() : alarm_(context_), busy_(net::make_work_guard(context_)) {}
  // Tasks that never ran may own connections, which need the context, and cancel timers, which need the queue: the
  // queue is emptied first and destroyed last.
  ~Impl() { timers_.clear(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void run() { context_.run(); }
  void stop() { context_.stop(); }
  void post(std::function<void()> task) { net::post(context_, std::move(task)); }

  TimerId run_after(Duration delay, std::function<void()> task) {
    const auto added = timers_.add(deadline_after(delay), std::move(task));
    if (added.is_next) {
      net::post(context_, [this] { set_alarm(); });
    }
    return added.id;
  }

  void cancel(TimerId timer) { timers_.remove(timer); }
  net::io_context& context() { return context_; }

 private:
  static Instant deadline_after(Duration delay) {
    const Instant now = real_clock().now();
    // "Never" is a delay too: the sum must not wrap.
    return delay > Instant::max() - now ? Instant::max() : now + delay;
  }

  void set_alarm() {
    const auto next = timers_.next_deadline();
    if (!next || next == alarm_at_) {
      return;
    }
    alarm_at_ = next;
    alarm_.expires_at(*next);  // Cancels the wait for the deadline before.
    alarm_.async_wait([this](error_code cancelled) {
      if (!cancelled) {
        alarm_at_.reset();
        run_due();
        set_alarm();
      }
    });
  }

  void run_due() {
    // Read once: a task that sets a timer of no delay must not keep sockets waiting.
    const Instant now = real_clock().now();
    while (!context_.stopped()) {
      const auto task = timers_.take_due(now);
      if (!task) {
        return;
      }
      (*task)();
    }
  }

  TimerQueue timers_;
  net::io_context context_;
  net::steady_timer alarm_;
  std::optional<Instant> alarm_at_;
  net::executor_work_guard<net::io_context::executor_type> busy_;
};

AsioLoop::AsioLoop() : impl_(std::make_unique<Impl>()) {}
AsioLoop::~AsioLoop() = default;
void AsioLoop::run() { impl_->run(); }
void AsioLoop::stop() { impl_->stop(); }
void AsioLoop::post(std::function<void()> task) { impl_->post(std::move(task)); }
TimerId AsioLoop::run_after(Duration delay, std::function<void()> task) {
  return impl_->run_after(delay, std::move(task));
}
void AsioLoop::cancel(TimerId timer) { impl_->cancel(timer); }
const Clock& AsioLoop::clock() const { return real_clock(); }

Result<std::unique_ptr<Listener>> AsioLoop::listen(const Endpoint& at, AcceptHandler on_accept) {
  return listen_tcp(impl_->context(), at, std::move(on_accept));
}

void AsioLoop::connect(const Endpoint& to, Duration timeout, ConnectHandler on_connected,
                       std::optional<std::string> from) {
  connect_tcp(impl_->context(), to, timeout, std::move(on_connected), from);
}

}  // namespace troupe::platform
