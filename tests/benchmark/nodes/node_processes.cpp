#include "tests/benchmark/nodes/node_processes.hpp"

#include <chrono>

#include "troupe/process.hpp"

namespace troupe::benchmark {
namespace {

constexpr std::chrono::seconds call_timeout{60};

struct OpenSink {
  Pid asker;
  std::int64_t messages = 0;
};
struct OpenSequence {
  Pid asker;
};
struct Opened {
  Pid pid;
};
struct Data {
  Term payload;
};
struct Received {
  std::int64_t messages = 0;
};
struct Next {
  using Reply = std::int64_t;
};
struct Stop {};
struct More {};

/// Counts what it is sent, and says so once all of it has come.
class Sink {
 public:
  using messages = troupe::messages<Data>;
  Sink(const Pid& asker, std::int64_t expected) : asker_(asker), expected_(expected) {}
  void handle(const Data& /*data*/) {
    if (++received_ == expected_) {
      send(asker_, Received{received_});
      troupe::stop();
    }
  }

 private:
  Pid asker_;
  std::int64_t expected_;
  std::int64_t received_ = 0;
};

class Sequence {
 public:
  using messages = troupe::messages<Next, Stop>;
  std::int64_t handle(Next /*next*/) { return ++last_; }
  void handle(Stop /*stop*/) { troupe::stop(); }

 private:
  std::int64_t last_ = 0;
};

class Host {
 public:
  using messages = troupe::messages<OpenSink, OpenSequence>;
  void handle(const OpenSink& open) { send(open.asker, Opened{spawn<Sink>(open.asker, open.messages)}); }
  void handle(const OpenSequence& open) { send(open.asker, Opened{spawn<Sequence>()}); }
};

/// Sends a number of messages at a time and lets others have their turns, as one writes a flood in handlers.
class Sender {
 public:
  using messages = troupe::messages<Opened, More, Received>;
  Sender(const Pid& root, const std::string& far_node, std::uint64_t count, std::uint64_t payload_bytes)
      : root_(root),
        left_(count),
        burst_(std::max<std::uint64_t>(1, burst_bytes / payload_bytes)),
        payload_(Term::binary(std::string(payload_bytes, 'x'))) {
    send(Destination("host", far_node), OpenSink{self(), static_cast<std::int64_t>(count)});
  }

  void handle(const Opened& opened) {
    sink_ = opened.pid;
    handle(More{});
  }
  void handle(More /*more*/) {
    for (std::uint64_t sent = 0; sent < burst_ && left_ != 0; ++sent, --left_) {
      send(sink_, Data{payload_});
    }
    if (left_ != 0) {
      send(self(), More{});
    }
  }
  void handle(const Received& received) {
    send(root_, received);
    troupe::stop();
  }

 private:
  static constexpr std::uint64_t burst_bytes = 256 * 16;
  Pid root_;
  std::uint64_t left_;
  std::uint64_t burst_;
  Term payload_;
  Pid sink_;
};

class Caller {
 public:
  using messages = troupe::messages<Opened, Response<Next>>;
  Caller(const Pid& root, const std::string& far_node, std::uint64_t calls)
      : root_(root), calls_(static_cast<std::int64_t>(calls)) {
    send(Destination("host", far_node), OpenSequence{self()});
  }

  void handle(const Opened& opened) {
    sequence_ = opened.pid;
    send_request(sequence_, Next{}, call_timeout);
  }
  void handle(const Response<Next>& response) {
    answered_ += response.ok() && *response.reply == answered_ + 1 ? 1 : 0;
    if (++responses_ < calls_) {
      send_request(sequence_, Next{}, call_timeout);
      return;
    }
    send(sequence_, Stop{});
    send(root_, Received{answered_});
    troupe::stop();
  }

 private:
  Pid root_;
  std::int64_t calls_;
  Pid sequence_;
  std::int64_t answered_ = 0;
  std::int64_t responses_ = 0;
};

class Root {
 public:
  using messages = troupe::messages<Received>;
  Root(const NodeKernel& kernel, std::uint64_t size, const std::string& far_node,
       std::function<void(std::uint64_t)> finish)
      : waits_for_(kernel.pairs), finish_(std::move(finish)) {
    for (std::uint64_t pair = 0; pair < kernel.pairs; ++pair) {
      if (kernel.kind == NodeKernel::Kind::messages) {
        spawn<Sender>(self(), far_node, size / kernel.pairs, kernel.payload_bytes);
      } else {
        spawn<Caller>(self(), far_node, size / kernel.pairs);
      }
    }
  }
  void handle(const Received& received) {
    operations_ += static_cast<std::uint64_t>(received.messages);
    if (--waits_for_ == 0) {
      finish_(operations_);
      troupe::stop();
    }
  }

 private:
  std::uint64_t waits_for_;
  std::uint64_t operations_ = 0;
  std::function<void(std::uint64_t)> finish_;
};

}  // namespace

void start_host(Runtime& runtime) { runtime.register_name("host", runtime.spawn<Host>()); }

void start_node_kernel(Runtime& runtime, const NodeKernel& kernel, std::uint64_t size, const std::string& far_node,
                       std::function<void(std::uint64_t)> finish) {
  runtime.spawn<Root>(kernel, size, far_node, std::move(finish));
}

}  // namespace troupe::benchmark
