// Puppet: a process of the node under test that does what the suite tells it and reports what it sees.
//
//   Puppet ! {do, ReplyTo, Tag, Command}     % ReplyTo ! {Tag, Result}; the commands are listed in puppet.cpp
//
// Everything else that it gets, exit signals it traps and monitors that fire included, goes to its owner as
// {saw, Puppet, Term}; a gen_server call is answered: {echo, Term} with Term, any other with {called, Term}.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>

#include "troupe/process.hpp"
#include "worker/process/remote.hpp"

namespace troupe::conformance {

/// What connects and disconnects nodes at a puppet's word.
struct NodeControl {
  virtual ~NodeControl() = default;
  virtual void connect(NodeIndex node) = 0;
  virtual void disconnect(NodeIndex node) = 0;
};

struct Do {
  Pid reply_to;
  Term tag;
  Term command;
};

class Puppet {
 public:
  using messages = troupe::messages<Do, Response<Term>>;

  Puppet(NodeControl& nodes, const Pid& owner);

  void handle(const Do& asked);
  void handle(Term other, const From& from);
  void handle(const Response<Term>& response);
  void handle(const Exit& exit);
  void handle(const Down& down);
  void handle(const NodeUp& up);
  void handle(const NodeDown& down);
  void handle(Timeout timeout);

  /// The commands. Each answers its result; a malformed one throws, which ends the puppet.
  using Arguments = std::span<const Term>;
  Term start(Arguments arguments);
  Term start_many(Arguments arguments);
  Term bond(Arguments arguments);
  Term bond_all(Arguments arguments);
  Term end(Arguments arguments);
  Term end_all(Arguments arguments);
  Term set(Arguments arguments);
  Term name(Arguments arguments);
  Term send_term(Arguments arguments);
  Term call(Arguments arguments);
  Term group(Arguments arguments);
  Term node(Arguments arguments);
  Term count(Arguments arguments);
  Term flood(Arguments arguments);
  Term expect_flood(Arguments arguments);

 private:
  struct Flood {
    Pid to;
    std::int64_t next = 1;
    std::int64_t last = 0;
  };
  struct Counting {
    std::int64_t left = 0;
    std::map<Term, std::int64_t, bool (*)(const Term&, const Term&)> seen{
        [](const Term& a, const Term& b) { return order(a, b) < 0; }};
  };
  struct ExpectedFlood {
    std::int64_t left = 0;
    bool in_order = true;
    std::map<Pid, std::int64_t> last_of;
  };

  void saw(Term seen);
  void report(Term seen) const;
  void go_on_with_flood();
  bool counted(const Term& seen);
  bool part_of_flood(const Term& message);

  NodeControl& nodes_;
  Pid owner_;
  std::optional<Flood> flood_;
  std::optional<Counting> counting_;
  std::optional<ExpectedFlood> expected_;
  TimerReference flood_timer_ = 0;
  std::map<TimerReference, NodeIndex> connect_timers_;
};

}  // namespace troupe::conformance
