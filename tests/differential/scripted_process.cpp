#include "tests/differential/scripted_process.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace troupe::differential {
namespace {

using namespace std::chrono_literals;

std::string text_of(const Term& atom) { return std::string(atom.as_atom().value_or("")); }

}  // namespace

ScriptedProcess::ScriptedProcess(World& world, const Pid& watcher, std::string name)
    : world_(world), watcher_(watcher), name_(std::move(name)) {
  troupe::trap_exits(false);
  world_.born(name_, troupe::self());
  troupe::send(watcher_, Watch{troupe::self()});
}

ScriptedProcess::~ScriptedProcess() {
  world_.ticks_changed(-ticks_);
  world_.gone();
}

void ScriptedProcess::handle(const Do& what) {
  const Operands operands = *what.instruction.as_tuple();
  const std::string_view kind = *operands[0].as_atom();
  if (do_alone(kind, operands)) {
    return;
  }
  // Instructions about a process that was never spawned do nothing.
  if (const auto pid = world_.pid_of(text_of(operands[1]))) {
    do_to(*pid, kind, operands);
  }
}

bool ScriptedProcess::do_alone(std::string_view what, Operands operands) {
  if (what == "spawn" || what == "spawn_link" || what == "spawn_monitor") {
    spawn_child(what, operands);
  } else if (what == "trap_exit") {
    troupe::trap_exits(*operands[1].as_boolean());
  } else if (what == "exit" && operands.size() == 2) {
    const bool crash = world_.bug() == PlantedBug::normal_is_a_crash && operands[1].is_atom("normal");
    troupe::exit(crash ? Term::atom("crash") : operands[1]);
  } else if (what == "ticks") {
    arm(*operands[1].as_list());
  } else if (what == "demonitor") {
    const auto monitor = monitors_.find(text_of(operands[1]));
    if (monitor != monitors_.end() && world_.bug() != PlantedBug::demonitor_no_flush) {
      troupe::demonitor(monitor->second);
    }
  } else if (what == "answer") {
    answer(operands[1], operands[2]);
  } else if (what == "send_name" || what == "monitor_name" || what == "unregister" || what == "whereis") {
    do_with_name(what, operands);
  } else {
    return false;
  }
  return true;
}

void ScriptedProcess::spawn_child(std::string_view how, Operands operands) {
  const std::string child = text_of(operands[1]);
  if (how == "spawn") {
    troupe::spawn<ScriptedProcess>(world_, watcher_, child);
  } else if (how == "spawn_link") {
    troupe::spawn_link<ScriptedProcess>(world_, watcher_, child);
  } else {
    monitors_[text_of(operands[2])] = troupe::spawn_monitor<ScriptedProcess>(world_, watcher_, child).second;
  }
}

void ScriptedProcess::do_with_name(std::string_view what, Operands operands) {
  const std::string registered = text_of(operands[1]);
  if (what == "send_name") {
    const bool sent = troupe::send(registered, Message{name_, operands[2]}) == SendResult::sent;
    record("sent", {operands[1], Term::boolean(sent)});
  } else if (what == "monitor_name") {
    monitors_[text_of(operands[2])] = troupe::monitor(registered);
  } else if (what == "unregister") {
    record("unregistered", {operands[1], Term::boolean(troupe::unregister_name(registered))});
  } else {
    const Pid found = troupe::whereis(registered);
    record("whereis", {operands[1], found.valid() ? name_term(found) : Term::atom("undefined")});
  }
}

void ScriptedProcess::do_to(const Pid& pid, std::string_view what, Operands operands) {
  if (what == "link") {
    troupe::link(pid);
  } else if (what == "unlink") {
    if (world_.bug() != PlantedBug::unlink_forgotten) {
      troupe::unlink(pid);
    }
  } else if (what == "monitor") {
    monitors_[text_of(operands[2])] = troupe::monitor(pid);
  } else if (what == "send") {
    send_all(pid, *operands[2].as_list());
  } else if (what == "exit") {
    troupe::exit(pid, operands[2]);
  } else if (what == "call") {
    // Longer than any program runs, so that no call of one times out.
    calls_[troupe::send_request(pid, Ask{operands[2], operands[3].is_atom("at_once")}, 1h)] = operands[2];
  } else {
    record("registered", {operands[2], Term::boolean(troupe::register_name(text_of(operands[2]), pid))});
  }
}

void ScriptedProcess::send_all(const Pid& pid, std::span<const Term> values) {
  std::vector<Term> in_order(values.begin(), values.end());
  if (world_.bug() == PlantedBug::bursts_turned_around) {
    std::reverse(in_order.begin(), in_order.end());
  }
  for (const Term& value : in_order) {
    troupe::send(pid, Message{name_, value});
  }
}

void ScriptedProcess::arm(std::span<const Term> ticks) {
  for (const Term& tick : ticks) {
    const auto parts = *tick.as_tuple();
    troupe::send_after(std::chrono::milliseconds(*parts[0].as_integer()), troupe::self(), Tick{parts[1]});
    ++ticks_;
    world_.ticks_changed(1);
  }
}

void ScriptedProcess::answer(const Term& call, const Term& value) {
  const auto held = held_.find(call.text());
  if (held != held_.end()) {
    troupe::reply(held->second, value);
    held_.erase(held);
  }
}

void ScriptedProcess::handle(const Message& message) { record("message", {Term::atom(message.from), message.value}); }

void ScriptedProcess::handle(const Tick& tick) {
  record("tick", {tick.label});
  --ticks_;
  world_.ticks_changed(-1);
}

void ScriptedProcess::handle(const Ask& ask, const From& from) {
  record("called", {name_term(from.pid), ask.call});
  if (ask.at_once) {
    troupe::reply(from, ask.call);
  } else {
    held_[ask.call.text()] = from;
  }
}

void ScriptedProcess::handle(const Response<Ask>& response) {
  const Term call = calls_.at(response.request);
  calls_.erase(response.request);
  if (response.ok()) {
    record("answer", {call, *response.reply});
  } else {
    record("no_answer", {call, response.reason});
  }
}

void ScriptedProcess::handle(const Exit& exit) { record("exit", {name_term(exit.from), exit.reason}); }

void ScriptedProcess::handle(const Down& down) {
  const auto monitor = std::find_if(monitors_.begin(), monitors_.end(),
                                    [&](const auto& entry) { return entry.second == down.reference; });
  record("down", {down.name.empty() ? name_term(down.from) : Term::atom(down.name),
                  Term::atom(monitor != monitors_.end() ? monitor->first : "unknown"), down.reason});
}

void ScriptedProcess::record(std::string_view what, std::vector<Term> rest) {
  rest.insert(rest.begin(), Term::atom(what));
  world_.record(name_, Term::tuple(std::move(rest)));
}

}  // namespace troupe::differential
