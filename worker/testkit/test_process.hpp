// The test as a process: keeps what comes to it, and runs what the test wants to be done.
#pragma once

#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <utility>

#include "troupe/local.hpp"
#include "troupe/process.hpp"
#include "troupe/test.hpp"
#include "worker/process/runtime.hpp"

namespace troupe::test {

/// What the test and its process share.
struct Inbox {
  std::deque<Received> received;  ///< In the order in which it came.
  /// By request, what takes the answer.
  std::map<RequestId, std::function<void(const troupe_delivery&)>> responses;
};

/// Runs in the test's process.
struct RunHere {
  Local<std::function<void()>> body;
};

class TestProcess {
 public:
  static constexpr bool system_process = true;
  using messages = troupe::messages<RunHere>;

  explicit TestProcess(Inbox& inbox) : inbox_(inbox) {}
  void handle(RunHere run) { (*run.body)(); }
  void handle(Term term, From from) { inbox_.received.push_back({std::move(term), std::move(from)}); }
  void handle(Exit exit) { inbox_.received.push_back({std::move(exit), {}}); }
  void handle(Down down) { inbox_.received.push_back({std::move(down), {}}); }
  void handle(NodeUp up) { inbox_.received.push_back({std::move(up), {}}); }
  void handle(NodeDown down) { inbox_.received.push_back({std::move(down), {}}); }
  void handle(Timeout timeout) { inbox_.received.push_back({timeout, {}}); }

  /// False when nobody waits for this answer.
  bool take_response(const troupe_delivery& delivery);

 private:
  Inbox& inbox_;
};

/// Not valid when it could not be started.
Pid start_test_process(Runtime& runtime, Inbox& inbox);

}  // namespace troupe::test
