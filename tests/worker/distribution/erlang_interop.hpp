// A Distribution on real sockets beside a real Erlang node: for tests of what is on the wire.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "platform/event_loop.hpp"
#include "platform/os_random.hpp"
#include "tests/worker/distribution/erlang_node.hpp"
#include "tests/worker/distribution/recorder.hpp"
#include "troupe/node_name.hpp"
#include "worker/distribution/distribution.hpp"

namespace troupe::test {

inline const std::string here = "t@127.0.0.2";
inline const std::string erlang = "e@127.0.0.1";

/// Hands what the distribution delivers to the thread of the test.
class Inbox : public SignalReceiver {
 public:
  void deliver(RemoteSignal&& signal) override {
    change([&] { record_.deliver(std::move(signal)); });
  }
  void node_up(NodeIndex node) override {
    change([&] { record_.node_up(node); });
  }
  void node_down(NodeIndex node, Term reason) override {
    change([&] { record_.node_down(node, std::move(reason)); });
  }
  void lane_drained(NodeIndex node, Lane lane) override {
    change([&] { record_.lane_drained(node, lane); });
  }

  /// The oldest signal of this kind, taken out; it must come within 20 s.
  RemoteSignal take(RemoteSignal::Kind kind) {
    std::optional<RemoteSignal> found;
    wait([&] {
      auto& signals = record_.signals;
      const auto at = std::find_if(signals.begin(), signals.end(), [&](const auto& s) { return s.kind == kind; });
      if (at != signals.end()) {
        found = std::move(*at);
        signals.erase(at);
      }
      return found.has_value();
    });
    EXPECT_TRUE(found.has_value()) << "no signal of kind " << static_cast<int>(kind);
    return found.value_or(RemoteSignal{});
  }
  bool sees(const std::string& event) {
    return wait([&] {
      return std::any_of(record_.events.begin(), record_.events.end(),
                         [&](const auto& seen) { return seen.starts_with(event); });
    });
  }

 private:
  template <class Change>
  void change(Change act) {
    const std::lock_guard lock(mutex_);
    act();
    changed_.notify_all();
  }
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), condition);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  Recorder record_;
};

/// Our node t@127.0.0.2, whose signals an Inbox receives; e@127.0.0.1 runs the Erlang code of a test.
struct ErlangInterop : testing::Test {
  ErlangInterop() : epmd(start_epmd(epmd_port)) {
    DistributionOptions options;
    options.node_name = here;
    options.creation = static_cast<std::uint32_t>(platform::os_random().below(1U << 31) + 1);
    options.cookies = {"cookie"};
    options.listen = {"127.0.0.2", 0};
    options.epmd_port = epmd_port;
    options.connect_from = "127.0.0.2";
    distribution = std::make_unique<Distribution>(loop, loop, platform::os_random(), inbox, std::move(options));
    const auto started = distribution->start();
    EXPECT_TRUE(started.ok()) << started.error().message;
    thread = std::thread([this] { loop.run(); });
  }
  ~ErlangInterop() override {
    loop.stop();
    thread.join();
    distribution.reset();
  }

  std::unique_ptr<ChildProgram> run_erlang(const std::string& code, const std::string& cookie = "cookie") const {
    return start_erlang(epmd_port, cookie, "T = '" + here + "', " + code);
  }
  [[nodiscard]] static NodeIndex peer() { return intern_node_name(erlang).value(); }
  void route(RemoteSignal::Kind kind, const Pid& to, Term payload = {}, Reference reference = {},
             std::uint64_t unlink_id = 0) const {
    RemoteSignal signal;
    signal.kind = kind;
    signal.from = mine;
    signal.to = to;
    signal.payload = std::move(payload);
    signal.reference = reference;
    signal.unlink_id = unlink_id;
    EXPECT_TRUE(distribution->route(peer(), std::move(signal)));
  }
  [[nodiscard]] std::uint64_t rejected(distribution::HandshakeFailure why) const {
    return distribution->counters().handshakes_rejected.at(static_cast<std::size_t>(why));
  }

  const Pid mine{0, 0, 5, 1};
  std::uint16_t epmd_port = free_port();
  platform::AsioLoop loop;
  Inbox inbox;
  std::unique_ptr<ChildProgram> epmd;
  std::unique_ptr<Distribution> distribution;
  std::thread thread;
};

}  // namespace troupe::test
