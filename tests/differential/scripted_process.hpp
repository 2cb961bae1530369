// The process that a program is made of: does what it is told and writes down what it is sent.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "tests/differential/world.hpp"
#include "troupe/process.hpp"

namespace troupe::differential {

struct Do {
  Term instruction;
};
struct Message {
  std::string from;
  Term value;
};
struct Tick {
  Term label;
};
struct Ask {
  using Reply = Term;
  Term call;
  bool at_once = false;
};
/// Asks for a sign of life in World, so that everybody can be asked at once.
struct Ping {
  std::uint64_t round = 0;
};

class ScriptedProcess {
 public:
  using messages = troupe::messages<Do, Message, Tick, Ask, Ping, Response<Ask>>;
  /// The trapping of exits is the program's to decide, also for its parent's.
  static constexpr bool handles_parent_exit = true;

  ScriptedProcess(World& world, const Pid& watcher, std::string name);
  ~ScriptedProcess();
  ScriptedProcess(const ScriptedProcess&) = delete;
  ScriptedProcess& operator=(const ScriptedProcess&) = delete;

  void handle(const Do& what);
  void handle(const Message& message);
  void handle(const Tick& tick);
  void handle(const Ask& ask, const From& from);
  void handle(Ping ping) { world_.answered(troupe::self(), ping.round); }
  void handle(const Response<Ask>& response);
  void handle(const Exit& exit);
  void handle(const Down& down);

 private:
  using Operands = std::span<const Term>;  ///< The instruction's elements, its name first.
  void spawn_child(std::string_view how, Operands operands);
  bool do_alone(std::string_view what, Operands operands);
  void do_with_name(std::string_view what, Operands operands);
  void do_to(const Pid& pid, std::string_view what, Operands operands);
  void send_all(const Pid& pid, std::span<const Term> values);
  void arm(std::span<const Term> ticks);
  void answer(const Term& call, const Term& value);
  void record(std::string_view what, std::vector<Term> rest);
  [[nodiscard]] Term name_term(const Pid& pid) const { return Term::atom(world_.name_of(pid)); }

  World& world_;
  const Pid watcher_;
  const std::string name_;
  std::map<std::string, Reference> monitors_;  ///< By what the program calls them.
  std::map<RequestId, Term> calls_;            ///< Numbers of the calls that await an answer.
  std::map<std::string, From> held_;           ///< Callers that await one, by number.
  std::int64_t ticks_ = 0;
};

struct Watch {
  Pid pid;
};

/// Writes down with which reason everybody ended.
class Watcher {
 public:
  using messages = troupe::messages<Watch, Ping>;
  explicit Watcher(World& world) : world_(world) {}
  void handle(const Watch& watch) { troupe::monitor(watch.pid); }
  void handle(Ping ping) { world_.answered(troupe::self(), ping.round); }
  void handle(const Down& down) {
    world_.record(world_.name_of(down.from), Term::tuple({Term::atom("ended"), down.reason}));
  }

 private:
  World& world_;
};

}  // namespace troupe::differential
