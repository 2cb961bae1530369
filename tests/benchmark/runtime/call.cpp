// gen_server:call from one process to another, one at a time.
#include <chrono>

#include "tests/benchmark/runtime/kernel.hpp"

namespace troupe::benchmark {
namespace {

constexpr std::chrono::seconds call_timeout{5};

struct Next {
  using Reply = std::uint64_t;
};
struct Stop {};

class Sequence {
 public:
  using messages = troupe::messages<Next, Stop>;
  std::uint64_t handle(Next /*next*/) { return ++last_; }
  void handle(Stop /*stop*/) { stop_normally(); }

 private:
  std::uint64_t last_ = 0;
};

class Caller {
 public:
  using messages = troupe::messages<Response<Next>>;
  Caller(std::uint64_t calls, Finish finish) : calls_(calls), finish_(std::move(finish)), sequence_(spawn<Sequence>()) {
    send_request(sequence_, Next{}, call_timeout);
  }

  void handle(const Response<Next>& response) {
    answered_ += response.ok() && *response.reply == answered_ + 1 ? 1 : 0;
    if (++responses_ < calls_) {
      send_request(sequence_, Next{}, call_timeout);
      return;
    }
    send(sequence_, Stop{});
    finish_(answered_);
    stop_normally();
  }

 private:
  std::uint64_t calls_;
  Finish finish_;
  Pid sequence_;
  std::uint64_t answered_ = 0;
  std::uint64_t responses_ = 0;
};

}  // namespace

const Kernel call{"call", 1'000'000, every_operation,
                  [](std::uint64_t size, Finish finish) { spawn<Caller>(size, std::move(finish)); }};

}  // namespace troupe::benchmark
