#include "tests/worker/distribution/conformance/puppet.hpp"

#include <stdexcept>
#include <string>
#include <utility>

#include "troupe/node_name.hpp"

namespace troupe::conformance {
namespace {

using std::chrono::milliseconds;
using Arguments = Puppet::Arguments;

/// After a send that was refused: what the peer needs to make room is longer, so this only spaces the attempts.
constexpr milliseconds flood_retry{2};

Term ok() { return Term::atom("ok"); }
Term truth(bool value) { return Term::boolean(value); }

template <class T>
T value(const std::optional<T>& value, const char* wanted) {
  if (!value) {
    throw std::invalid_argument(std::string("a command wants ") + wanted);
  }
  return *value;
}
const Term& at(Arguments arguments, std::size_t index) {
  if (index >= arguments.size()) {
    throw std::invalid_argument("a command with too few arguments");
  }
  return arguments[index];
}
Pid pid_at(Arguments arguments, std::size_t index) { return value(at(arguments, index).as_pid(), "a pid"); }
std::int64_t integer_at(Arguments arguments, std::size_t index) {
  return value(at(arguments, index).as_integer(), "an integer");
}
std::string atom_at(Arguments arguments, std::size_t index) {
  return std::string(value(at(arguments, index).as_atom(), "an atom"));
}
bool truth_at(Arguments arguments, std::size_t index) {
  return value(at(arguments, index).as_boolean(), "true or false");
}

/// A pid, a name or {Name, Node}, as Erlang's `!` takes them. Refers into `term`.
Destination destination(const Term& term) {
  if (const auto pid = term.as_pid()) {
    return *pid;
  }
  if (const auto name = term.as_atom()) {
    return *name;
  }
  const auto pair = term.as_tuple();
  if (!pair || pair->size() != 2) {
    throw std::invalid_argument("a destination is a pid, a name or {Name, Node}");
  }
  return {value((*pair)[0].as_atom(), "a name"), value((*pair)[1].as_atom(), "a node")};
}

Term text_of(SendResult result) {
  switch (result) {
    case SendResult::sent:
      return ok();
    case SendResult::full:
      return Term::atom("full");
    case SendResult::name_not_found:
      return Term::atom("name_not_found");
    case SendResult::unreachable:
      break;
  }
  return Term::atom("unreachable");
}

Term pids(const std::vector<Pid>& all) {
  std::vector<Term> terms;
  for (const Pid& pid : all) {
    terms.push_back(Term::pid(pid));
  }
  return Term::list(std::move(terms));
}

using Command = Term (Puppet::*)(Arguments);
const std::map<std::string_view, Command>& commands() {
  static const std::map<std::string_view, Command> all{
      {"spawn", &Puppet::start},               // {spawn, none | link | monitor, Owner}
      {"spawn_many", &Puppet::start_many},     // {spawn_many, Count}: puppets that this one owns
      {"link", &Puppet::bond},                 // {link, Pid}, {unlink, Pid}
      {"unlink", &Puppet::bond},               //
      {"monitor", &Puppet::bond},              // {monitor, Destination}, {demonitor, Reference}
      {"demonitor", &Puppet::bond},            //
      {"bond_all", &Puppet::bond_all},         // {bond_all, link | monitor, [Pid]}
      {"exit", &Puppet::end},                  // {exit, Reason}, {exit, Pid, Reason}
      {"throw", &Puppet::end},                 // {throw, Text}
      {"exit_all", &Puppet::end_all},          // {exit_all, [Pid], Reason}
      {"trap_exit", &Puppet::set},             // {trap_exit, Boolean}, {monitor_nodes, Boolean}
      {"monitor_nodes", &Puppet::set},         //
      {"register", &Puppet::name},             // {register, Name, Pid}, {unregister, Name}, {whereis, Name}
      {"unregister", &Puppet::name},           //
      {"whereis", &Puppet::name},              //
      {"send", &Puppet::send_term},            // {send, Destination, Term}
      {"echo", &Puppet::send_term},            // {echo, Term}
      {"call", &Puppet::call},                 // {call, Destination, Request, Milliseconds}: the answer is seen
      {"join", &Puppet::group},                // {join, Group}, {leave, Group}, {members, Group}
      {"leave", &Puppet::group},               //
      {"members", &Puppet::group},             //
      {"nodes", &Puppet::node},                // {nodes}, {connect, Node, Milliseconds}, {disconnect, Node}
      {"connect", &Puppet::node},              //
      {"disconnect", &Puppet::node},           //
      {"count", &Puppet::count},               // {count, N}: the next N are not reported but added up by kind
      {"flood", &Puppet::flood},               // {flood, Pid, Count}: sends {flood, self(), 1..Count}
      {"expect_flood", &Puppet::expect_flood}  // {expect_flood, Total}: the next so many, from whomever
  };
  return all;
}

}  // namespace

// Its class handles exits, which would trap them; a puppet traps when told to.
Puppet::Puppet(NodeControl& nodes, const Pid& owner) : nodes_(nodes), owner_(owner) { troupe::trap_exits(false); }

void Puppet::handle(const Do& asked) {
  const auto parts = asked.command.as_tuple();
  const auto word = parts && !parts->empty() ? (*parts)[0].as_atom() : std::nullopt;
  const auto found = word ? commands().find(*word) : commands().end();
  const Term result = found == commands().end() ? Term::atom("unknown_command") : (this->*found->second)(*parts);
  troupe::send(asked.reply_to, Term::tuple({asked.tag, result}));
}

void Puppet::handle(Term other, const From& from) {
  if (from.pid.valid()) {
    const bool echo = other.is_tagged("echo", 2);
    troupe::reply<Term>(from, echo ? (*other.as_tuple())[1] : Term::tuple({Term::atom("called"), other}));
    return;
  }
  if (!part_of_flood(other)) {
    saw(std::move(other));
  }
}

void Puppet::handle(const Response<Term>& response) {
  report(Term::tuple({Term::atom("response"), response.ok() ? Term::tuple({ok(), *response.reply})
                                                            : Term::tuple({Term::atom("error"), response.reason})}));
}

void Puppet::handle(const Exit& exit) { saw(abi::exit_term(exit)); }
void Puppet::handle(const Down& down) { saw(abi::down_term(down)); }
void Puppet::handle(const NodeUp& up) { saw(abi::node_up_term(up)); }
void Puppet::handle(const NodeDown& down) {
  saw(Term::tuple({Term::atom("nodedown"), Term::atom(down.node), down.reason}));
}

void Puppet::handle(Timeout timeout) {
  if (timeout.timer == flood_timer_) {
    go_on_with_flood();
  } else if (const auto found = connect_timers_.find(timeout.timer); found != connect_timers_.end()) {
    nodes_.connect(found->second);
    connect_timers_.erase(found);
  }
}

void Puppet::saw(Term seen) {
  if (!counted(seen)) {
    report(std::move(seen));
  }
}

void Puppet::report(Term seen) const {
  troupe::send(owner_, Term::tuple({Term::atom("saw"), Term::pid(self()), std::move(seen)}));
}

Term Puppet::start(Arguments arguments) {
  const std::string how = atom_at(arguments, 1);
  const Pid owner = pid_at(arguments, 2);
  if (how == "monitor") {
    const auto [pid, reference] = troupe::spawn_monitor<Puppet>(std::ref(nodes_), owner);
    return Term::tuple({Term::pid(pid), Term::reference(reference)});
  }
  SpawnOptions options;
  options.link = how == "link";
  return Term::pid(troupe::spawn_with<Puppet>(options, std::ref(nodes_), owner));
}

Term Puppet::start_many(Arguments arguments) {
  std::vector<Pid> started;
  for (std::int64_t i = 0; i < integer_at(arguments, 1); ++i) {
    started.push_back(troupe::spawn<Puppet>(std::ref(nodes_), self()));
  }
  return pids(started);
}

Term Puppet::bond(Arguments arguments) {
  const std::string how = atom_at(arguments, 0);
  if (how == "monitor") {
    return Term::reference(troupe::monitor(destination(at(arguments, 1))));
  }
  if (how == "demonitor") {
    troupe::demonitor(value(at(arguments, 1).as_reference(), "a reference"));
  } else if (how == "link") {
    troupe::link(pid_at(arguments, 1));
  } else {
    troupe::unlink(pid_at(arguments, 1));
  }
  return ok();
}

Term Puppet::bond_all(Arguments arguments) {
  const bool links = atom_at(arguments, 1) == "link";
  const auto all = value(at(arguments, 2).as_list(), "a list of pids");
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (links) {
      troupe::link(pid_at(all, i));
    } else {
      troupe::monitor(pid_at(all, i));
    }
  }
  return ok();
}

Term Puppet::end(Arguments arguments) {
  if (atom_at(arguments, 0) == "throw") {
    throw std::runtime_error(std::string(value(at(arguments, 1).as_binary(), "a binary")));
  }
  if (arguments.size() == 2) {
    troupe::exit(arguments[1]);
  }
  troupe::exit(pid_at(arguments, 1), at(arguments, 2));
  return ok();
}

Term Puppet::end_all(Arguments arguments) {
  const auto all = value(at(arguments, 1).as_list(), "a list of pids");
  for (std::size_t i = 0; i < all.size(); ++i) {
    troupe::exit(pid_at(all, i), at(arguments, 2));
  }
  return ok();
}

Term Puppet::set(Arguments arguments) {
  if (atom_at(arguments, 0) == "trap_exit") {
    return truth(troupe::trap_exits(truth_at(arguments, 1)));
  }
  troupe::monitor_nodes(truth_at(arguments, 1));
  return ok();
}

Term Puppet::name(Arguments arguments) {
  const std::string what = atom_at(arguments, 0);
  const std::string name = atom_at(arguments, 1);
  if (what == "register") {
    return truth(troupe::register_name(name, pid_at(arguments, 2)));
  }
  if (what == "unregister") {
    return truth(troupe::unregister_name(name));
  }
  const Pid found = troupe::whereis(name);
  return found.valid() ? Term::pid(found) : Term::atom("undefined");
}

Term Puppet::send_term(Arguments arguments) {
  if (atom_at(arguments, 0) == "echo") {
    return at(arguments, 1);
  }
  return text_of(troupe::send(destination(at(arguments, 1)), at(arguments, 2)));
}

Term Puppet::call(Arguments arguments) {
  troupe::send_request(destination(at(arguments, 1)), at(arguments, 2), milliseconds(integer_at(arguments, 3)));
  return ok();
}

Term Puppet::group(Arguments arguments) {
  const std::string what = atom_at(arguments, 0);
  const std::string group = atom_at(arguments, 1);
  if (what == "members") {
    return pids(troupe::group_members(group));
  }
  return truth(what == "join" ? troupe::group_join(group) : troupe::group_leave(group));
}

Term Puppet::node(Arguments arguments) {
  const std::string what = atom_at(arguments, 0);
  if (what == "nodes") {
    std::vector<Term> names;
    for (const std::string& name : troupe::nodes()) {
      names.push_back(Term::atom(name));
    }
    return Term::list(std::move(names));
  }
  const NodeIndex node = value(intern_node_name(atom_at(arguments, 1)), "a node");
  if (what == "disconnect") {
    nodes_.disconnect(node);
  } else if (const auto delay = integer_at(arguments, 2); delay > 0) {
    connect_timers_[troupe::start_timer(milliseconds(delay))] = node;
  } else {
    nodes_.connect(node);
  }
  return ok();
}

Term Puppet::count(Arguments arguments) {
  counting_.emplace().left = integer_at(arguments, 1);
  return ok();
}

/// {'EXIT', Pid, Reason} and {'DOWN', Ref, process, Pid, Reason} count as {'EXIT', Reason} and {'DOWN', Reason}.
bool Puppet::counted(const Term& seen) {
  if (!counting_) {
    return false;
  }
  const auto parts = seen.as_tuple();
  const bool bond_broken = seen.is_tagged("EXIT", 3) || seen.is_tagged("DOWN", 5);
  ++counting_->seen[bond_broken ? Term::tuple({parts->front(), parts->back()}) : seen];
  if (--counting_->left == 0) {
    std::vector<Term::Pair> sums;
    for (const auto& [kind, sum] : counting_->seen) {
      sums.emplace_back(kind, Term::integer(sum));
    }
    counting_.reset();
    report(Term::tuple({Term::atom("counted"), Term::map(std::move(sums))}));
  }
  return true;
}

Term Puppet::flood(Arguments arguments) {
  flood_ = Flood{pid_at(arguments, 1), 1, integer_at(arguments, 2)};
  go_on_with_flood();
  return ok();
}

void Puppet::go_on_with_flood() {
  for (; flood_->next <= flood_->last; ++flood_->next) {
    const Term message = Term::tuple({Term::atom("flood"), Term::pid(self()), Term::integer(flood_->next)});
    if (troupe::send(flood_->to, message) != SendResult::sent) {
      flood_timer_ = troupe::start_timer(flood_retry);
      return;
    }
  }
  flood_.reset();
}

Term Puppet::expect_flood(Arguments arguments) {
  expected_.emplace().left = integer_at(arguments, 1);
  return ok();
}

bool Puppet::part_of_flood(const Term& message) {
  if (!expected_ || !message.is_tagged("flood", 3)) {
    return false;
  }
  const auto parts = *message.as_tuple();
  std::int64_t& last = expected_->last_of[pid_at(parts, 1)];
  expected_->in_order = expected_->in_order && integer_at(parts, 2) == last + 1;
  last = integer_at(parts, 2);
  if (--expected_->left == 0) {
    const auto senders = static_cast<std::int64_t>(expected_->last_of.size());
    const Term word = Term::atom(expected_->in_order ? "in_order" : "out_of_order");
    expected_.reset();
    report(Term::tuple({word, Term::integer(senders)}));
  }
  return true;
}

}  // namespace troupe::conformance
