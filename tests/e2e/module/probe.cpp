// A module for the end-to-end tests: a process that does what it is told and remembers what it was told by the runtime.
#include <troupe/application.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct Echo {
  troupe::Term term;
};
struct Crash {
  std::string why;
};
struct Leave {
  troupe::Term reason;
};
struct WatchPid {
  troupe::Pid pid;
};
struct WatchName {
  std::string name;
  std::string node;
};
struct LinkTo {
  troupe::Pid pid;
};
struct Tell {
  troupe::Pid pid;
  troupe::Term message;
};
struct TellName {
  std::string name;
  std::string node;
  troupe::Term message;
};
struct ExitPid {
  troupe::Pid pid;
  troupe::Term reason;
};
struct Peers {};
struct Seen {};
struct Hang {
  std::int64_t processes;
};
struct Hanging {
  troupe::Pid pid;
};

/// Says that it is in a handler and never comes out of it.
class Endless {
 public:
  struct Begin {};
  using messages = troupe::messages<Begin>;
  explicit Endless(const troupe::Pid& told) : told_(told) { troupe::send(troupe::self(), Begin{}); }

  void handle(Begin) {
    troupe::send(told_, Hanging{troupe::self()});
    for (volatile std::uint64_t turns = 0;;) {
      turns = turns + 1;
    }
  }

 private:
  troupe::Pid told_;
};

/// Everything is a call answered with a term, so that Erlang code reads like a script.
class Probe {
 public:
  using messages = troupe::messages<Echo, Crash, Leave, WatchPid, WatchName, LinkTo, Tell, TellName, ExitPid, Peers,
                                    Seen, Hang, Hanging>;

  struct Args {
    std::string fail_with;
  };
  explicit Probe(Args args) {
    if (!args.fail_with.empty()) {
      throw std::runtime_error(args.fail_with);
    }
    troupe::monitor_nodes();
  }

  troupe::Term handle(Echo echo) { return echo.term; }
  void handle(Crash crash) { throw std::runtime_error(crash.why); }
  void handle(Leave leave) { troupe::exit(leave.reason); }
  troupe::Term handle(WatchPid watch) { return troupe::Term::reference(troupe::monitor(watch.pid)); }
  troupe::Term handle(WatchName watch) {
    return troupe::Term::reference(troupe::monitor(troupe::Destination(watch.name, watch.node)));
  }
  troupe::Term handle(LinkTo link) {
    troupe::link(link.pid);
    return troupe::Term::atom("ok");
  }
  troupe::Term handle(Tell tell) {
    troupe::send(tell.pid, tell.message);
    return troupe::Term::atom("ok");
  }
  troupe::Term handle(TellName tell) {
    troupe::send(troupe::Destination(tell.name, tell.node), tell.message);
    return troupe::Term::atom("ok");
  }
  troupe::Term handle(ExitPid exit) {
    troupe::exit(exit.pid, exit.reason);
    return troupe::Term::atom("ok");
  }
  troupe::Term handle(Peers) {
    std::vector<troupe::Term> names;
    for (const std::string& name : troupe::nodes()) {
      names.push_back(troupe::Term::atom(name));
    }
    return troupe::Term::list(std::move(names));
  }
  /// So many processes that do not come out of their handlers, each killed once it is in there.
  troupe::Term handle(Hang hang) {
    for (std::int64_t made = 0; made < hang.processes; ++made) {
      troupe::spawn<Endless>(troupe::self());
    }
    return troupe::Term::atom("ok");
  }
  void handle(const Hanging& hanging) { troupe::exit(hanging.pid, troupe::Term::atom("kill")); }
  troupe::Term handle(Seen) { return troupe::Term::list(seen_); }

  void handle(const troupe::Down& down) { see({"down", troupe::Term::pid(down.from), down.reason}); }
  void handle(const troupe::Exit& exit) { see({"exit", troupe::Term::pid(exit.from), exit.reason}); }
  void handle(const troupe::NodeUp& up) { see({"node_up", troupe::Term::atom(up.node), troupe::Term::atom("up")}); }
  void handle(const troupe::NodeDown& down) { see({"node_down", troupe::Term::atom(down.node), down.reason}); }
  void handle(troupe::Term other) { see({"info", std::move(other), troupe::Term::atom("none")}); }

 private:
  struct Sight {
    const char* kind;
    troupe::Term subject;
    troupe::Term detail;
  };
  void see(Sight sight) {
    seen_.push_back(
        troupe::Term::tuple({troupe::Term::atom(sight.kind), std::move(sight.subject), std::move(sight.detail)}));
  }

  std::vector<troupe::Term> seen_;
};

}  // namespace

TROUPE_MODULE(Probe)
