// A supervised counter on every node, and the group of all of them.
//
// From Erlang:  gen_server:cast({counter, Node}, {add, 2}),  gen_server:call({counter, Node}, read),
//               gen_server:cast({counter, Node}, {add_everywhere, 1}),  gen_server:call({counter, Node}, members).
#pragma once

#include <troupe/application.hpp>

#include <cstdint>
#include <stdexcept>

struct Add {
  std::int64_t amount;
};
struct AddEverywhere {
  std::int64_t amount;
};
struct Read {
  using Reply = std::int64_t;
};
struct Members {
  using Reply = std::int64_t;
};

class Counter {
 public:
  using messages = troupe::messages<Add, AddEverywhere, Read, Members>;

  // Filled from the resource's `args`; what is absent keeps its default.
  struct Args {
    std::int64_t initial = 0;
  };
  explicit Counter(Args args) : total_(args.initial) { troupe::group_join("counter"); }

  void handle(Add add) {
    // A throw ends this process alone; its supervisor starts it again.
    if (add.amount < 0) {
      throw std::invalid_argument("amount must be >= 0");
    }
    total_ += add.amount;
  }

  void handle(AddEverywhere add) {
    for (const troupe::Pid& member : troupe::group_members("counter")) {
      troupe::send(member, Add{add.amount});
    }
  }

  std::int64_t handle(Read) const { return total_; }
  std::int64_t handle(Members) const { return static_cast<std::int64_t>(troupe::group_members("counter").size()); }

 private:
  std::int64_t total_;
};
