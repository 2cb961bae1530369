// Processes and a simulated node for the tests of the runtime.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/worker/term/short_terms.hpp"
#include "troupe/process.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/simulated_scheduler.hpp"

namespace troupe {

/// Something for a Puppet to do.
using Act = std::function<void()>;
/// What a Puppet has seen, as text: "exit <0.1.2> boom".
using Seen = std::shared_ptr<std::vector<std::string>>;

struct Add {
  std::int64_t amount = 0;
};
struct Read {
  using Reply = std::int64_t;
};
struct Boom {
  std::string what;
};
struct Stop {
  Term reason;
};

class Counter {
 public:
  struct Args {
    std::int64_t initial = 0;
  };
  using messages = troupe::messages<Add, Read, Boom, Stop>;
  Counter() = default;
  explicit Counter(Args args) : total_(args.initial) {
    if (total_ < 0) {
      throw std::invalid_argument("initial must be >= 0");
    }
  }
  void handle(Add add) { total_ += add.amount; }
  std::int64_t handle(Read) const { return total_; }
  void handle(Boom boom) { throw std::runtime_error(boom.what); }
  void handle(const Stop& stop) { troupe::exit(stop.reason); }

 private:
  std::int64_t total_ = 0;
};

/// A process without a mind of its own: tests tell it what to do and look at what it was told.
class PuppetBase {
 public:
  explicit PuppetBase(Seen seen) : seen_(std::move(seen)) {}

 protected:
  void note(std::string text) { seen_->push_back(std::move(text)); }

 private:
  Seen seen_;
};

struct Do {
  std::int64_t act = 0;
};

class Puppet : public PuppetBase {
 public:
  using messages = troupe::messages<Do, Response<Read>, Response<Term>>;
  Puppet(Seen seen, std::shared_ptr<std::vector<Act>> acts) : PuppetBase(std::move(seen)), acts_(std::move(acts)) {}
  void handle(Do what) { (*acts_)[static_cast<std::size_t>(what.act)](); }
  void handle(Response<Read> response) {
    note(response.ok() ? "reply " + std::to_string(*response.reply) : "no reply " + response.reason.text());
  }
  void handle(Response<Term> response) {
    note(response.ok() ? "reply " + response.reply->text() : "no reply " + response.reason.text());
  }
  void handle(const Term& term) { note(term.text()); }
  void handle(const Down& down) { note("down " + (down.name.empty() ? "" : down.name + " ") + down.reason.text()); }
  void handle(Timeout) { note("timeout"); }
  void handle(const NodeUp& up) { note("nodeup " + up.node); }
  void handle(const NodeDown& down) { note("nodedown " + down.node); }

 private:
  std::shared_ptr<std::vector<Act>> acts_;
};

class TrappingPuppet : public Puppet {
 public:
  using Puppet::handle;
  using Puppet::Puppet;
  void handle(const Exit& exit) { note("exit " + exit.reason.text()); }
};

/// One node on virtual time.
class SimulatedNode : public ::testing::Test {
 protected:
  template <class S = Puppet>
  Pid puppet(Seen seen) {
    return runtime.spawn<S>(std::move(seen), acts);
  }
  static Seen nothing_seen() { return std::make_shared<std::vector<std::string>>(); }
  /// Has `pid` run `act` in its own turn, then lets everything settle.
  void run_in(const Pid& pid, Act act) {
    tell(pid, std::move(act));
    settle();
  }
  void tell(const Pid& pid, Act act) {
    acts->push_back(std::move(act));
    const RuntimeScope scope(runtime);
    troupe::send(pid, Do{static_cast<std::int64_t>(acts->size()) - 1});
  }
  void settle() { scheduler.run_until_idle(); }

  SimulatedScheduler scheduler{42};
  Runtime runtime{scheduler};
  std::shared_ptr<std::vector<Act>> acts = std::make_shared<std::vector<Act>>();
};

}  // namespace troupe
