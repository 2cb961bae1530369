// The real event loop and network: Asio's io_context over epoll, TCP over IPv4.
#pragma once

#include <memory>

#include "base/event_loop.hpp"
#include "base/network.hpp"

namespace troupe::platform {

/// Runs callbacks on the thread that calls `run()`.
class AsioLoop final : public EventLoop, public Network {
 public:
  AsioLoop();
  ~AsioLoop() override;
  AsioLoop(const AsioLoop&) = delete;
  AsioLoop& operator=(const AsioLoop&) = delete;

  /// Runs until `stop()`. Called once.
  void run();
  /// Makes `run()` return after the callback that runs now. Thread-safe.
  void stop();

  void post(std::function<void()> task) override;
  TimerId run_after(Duration delay, std::function<void()> task) override;
  void cancel(TimerId timer) override;
  [[nodiscard]] const Clock& clock() const override;

  Result<std::unique_ptr<Listener>> listen(const Endpoint& at, AcceptHandler on_accept) override;
  void connect(const Endpoint& to, Duration timeout, ConnectHandler on_connected,
               std::optional<std::string> from = std::nullopt) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The machine's monotonic and wall clocks. Thread-safe; lives as long as the program.
[[nodiscard]] const Clock& real_clock();

}  // namespace troupe::platform
