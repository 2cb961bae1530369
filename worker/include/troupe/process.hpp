// What a process does: spawn, send, link, monitor, exit, name itself, wait for time. Thin templates over the host's
// table (troupe/abi.h). Semantics are OTP's; docs/guarantees.md says where one differs.
//
// All of it works inside a handler or a constructor of a process; `send`, `whereis` and `spawn` from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "troupe/events.hpp"
#include "troupe/messages.hpp"
#include "troupe/server.hpp"

namespace troupe {

/// Where a message goes: a process, a name on this node, or a name on another one. Borrows its texts.
struct Destination {
  Destination(const Pid& to) : pid(to) {}                           // NOLINT
  Destination(std::string_view registered) : name(registered) {}    // NOLINT
  Destination(const char* registered) : name(registered) {}         // NOLINT
  Destination(const std::string& registered) : name(registered) {}  // NOLINT
  Destination(std::string_view registered, std::string_view on_node) : name(registered), node(on_node) {}

  Pid pid;
  std::string_view name;
  std::string_view node;
};

/// `full`: the mailbox, or what waits for the link to another node, is past its hard bound and the message was dropped.
/// A process that is gone takes messages without a word, as in Erlang.
enum class SendResult {
  sent = TROUPE_SENT,
  full = TROUPE_FULL,
  name_not_found = TROUPE_NAME_NOT_FOUND,
  unreachable = TROUPE_UNREACHABLE
};

namespace abi {
inline troupe_destination to_abi(const Destination& to) {
  return {to_abi(to.pid), {to.name.data(), to.name.size()}, {to.node.data(), to.node.size()}};
}
inline std::int64_t to_nanoseconds(std::chrono::nanoseconds time) { return time.count(); }
}  // namespace abi

/// Not valid outside a process.
inline Pid self() { return abi::from_abi(abi::host().self()); }
/// The process that spawned this one.
inline Pid parent() { return abi::from_abi(abi::host().parent()); }

/// Any struct that struct_term.hpp can turn into a term, or a Term. Inside one image the value itself moves.
template <class M>
SendResult send(const Destination& to, M message) {
  const troupe_destination destination = abi::to_abi(to);
  if constexpr (std::is_same_v<M, Term>) {
    int sent = TROUPE_UNREACHABLE;
    abi::with_term(message, [&](const troupe_term* term) { sent = abi::host().send_term(&destination, term); });
    return static_cast<SendResult>(sent);
  } else {
    return static_cast<SendResult>(abi::host().send_value(&destination, abi::new_value<M>(std::move(message))));
  }
}

/// The usual case of the above.
template <class M>
[[gnu::always_inline]] inline SendResult send(const Pid& to, M message) {
  if constexpr (std::is_same_v<M, Term>) {
    return send(Destination(to), std::move(message));
  } else {
    return static_cast<SendResult>(abi::host().send_to_pid(abi::to_abi(to), abi::new_value<M>(std::move(message))));
  }
}

/// OTP's gen_server:send_request: the answer comes as `Response<M>`, always exactly one.
template <class M>
RequestId send_request(const Destination& to, M message, std::chrono::nanoseconds timeout) {
  const troupe_destination destination = abi::to_abi(to);
  if constexpr (std::is_same_v<M, Term>) {
    RequestId request = 0;
    abi::with_term(message, [&](const troupe_term* term) {
      request = abi::host().send_request(&destination, &abi::message_type<M>, nullptr, term, timeout.count());
    });
    return request;
  } else {
    return abi::host().send_request(&destination, &abi::message_type<M>, abi::new_value<M>(std::move(message)), nullptr,
                                    timeout.count());
  }
}

/// Sends `message` later; it vanishes when nobody is there by then. 0, and nothing is sent, when too many timers are
/// set: 33,554,431 for each scheduler thread, and as many for all other threads together.
template <class M>
TimerReference send_after(std::chrono::nanoseconds delay, const Destination& to, M message) {
  const troupe_destination destination = abi::to_abi(to);
  return abi::host().send_after(delay.count(), &destination, abi::new_value<M>(std::move(message)));
}
/// OTP's {continue, Message}: this process handles `message` next, before anything that waits in its mailbox. From a
/// constructor, it is the first message of all, so that a slow beginning keeps neither the spawner nor a supervisor
/// waiting; from a handler, it follows at once and may continue again, in steps between which exit signals are obeyed.
/// Asked twice in one handler, the later message comes first. False outside a process, or when the queue is full.
template <class M>
bool continue_with(M message) {
  return abi::host().continue_value(abi::new_value<M>(std::move(message))) != 0;
}
/// Delivers a `Timeout` to this process. 0, and none comes, when too many timers are set, as above.
inline TimerReference start_timer(std::chrono::nanoseconds delay) { return abi::host().start_timer(delay.count()); }
/// True when the timer had not fired. A Timeout that is already in the mailbox still comes.
inline bool cancel_timer(TimerReference timer) { return abi::host().cancel_timer(timer) != 0; }
/// OTP's {noreply, State, Timeout}: when nothing comes within `delay` after this handler or constructor,
/// `handle(IdleTimeout)` is called. Any message or event calls it off, so the handler of that one says it again. The
/// maximum takes it back.
inline void idle_timeout(std::chrono::nanoseconds delay) { abi::host().idle_timeout(delay.count()); }
/// OTP's {noreply, State, hibernate}, for a process that expects nothing for long: once nothing waits for it, the
/// class's `void shrink()` is called, when it has one, and what the runtime holds in reserve for the process is given
/// back.
inline void hibernate() { abi::host().hibernate(); }
/// Steady time; virtual in a simulation.
inline std::chrono::nanoseconds now() { return std::chrono::nanoseconds(abi::host().now_ns()); }

/// OTP's process_flag(priority, Priority). Of the processes that are ready those of higher priority go first, but for
/// one turn in nine, so that none starves.
enum class Priority { high = TROUPE_PRIORITY_HIGH, normal = TROUPE_PRIORITY_NORMAL, low = TROUPE_PRIORITY_LOW };

/// What becomes of a message that finds the mailbox full (mailbox_messages_max, mailbox_bytes_max). Erlang's mailboxes
/// have no bound; logger's handlers and GenStage's buffers drop in these ways. Exits, links, monitors, timeouts and
/// replies are never dropped. What is dropped is counted: ProcessInfo, troupe_worker_mailbox_dropped_total.
enum class MailboxPolicy {
  refuse = TROUPE_MAILBOX_REFUSE,            ///< `send` says `full`.
  drop_newest = TROUPE_MAILBOX_DROP_NEWEST,  ///< It is dropped; `send` says `sent`.
  /// It is taken, and the oldest that wait are dropped when the process next looks into its mailbox. Until then up to
  /// twice as much may wait; beyond that the newest are dropped. mailbox_messages_max is at most 500,000.
  drop_oldest = TROUPE_MAILBOX_DROP_OLDEST,
  exit = TROUPE_MAILBOX_EXIT,  ///< The process gets an exit signal `mailbox_full`, once; `send` says `full`.
};

struct SpawnOptions {
  bool link = false;
  std::string_view name{};                 ///< Registered under it before the constructor runs.
  std::uint32_t mailbox_messages_max = 0;  ///< 0: the node's default.
  std::uint64_t mailbox_bytes_max = 0;
  Priority priority = Priority::normal;
  MailboxPolicy mailbox_policy = MailboxPolicy::refuse;
};

namespace abi {
template <class S, class Construct>
Pid spawn_with(const SpawnOptions& options, std::uint32_t flags, troupe_reference* monitor, Construct& construct) {
  troupe_spawn spawn{};
  spawn.struct_size = sizeof spawn;
  spawn.flags = flags | (options.link ? std::uint32_t{TROUPE_SPAWN_LINK} : 0u);
  spawn.process_class = &process_class<S>;
  spawn.construct = [](void* state, void* context) {
    return guarded([&] {
      (*static_cast<Construct*>(context))(state);
      return static_cast<int>(TROUPE_HANDLED);
    });
  };
  spawn.context = &construct;
  spawn.name = to_abi(options.name);
  spawn.mailbox_messages_max = options.mailbox_messages_max;
  spawn.mailbox_bytes_max = options.mailbox_bytes_max;
  spawn.priority = static_cast<std::uint32_t>(options.priority);
  spawn.mailbox_policy = static_cast<std::uint32_t>(options.mailbox_policy);
  return from_abi(host().spawn(&spawn, monitor));
}
}  // namespace abi

/// The constructor runs here and now, as the new process; a throw in it ends the new process with that reason. Not
/// valid when the process table is full.
template <class S, class... Arguments>
Pid spawn_with(const SpawnOptions& options, Arguments&&... arguments) {
  auto construct = [&](void* state) { new (state) abi::process_state<S>(std::forward<Arguments>(arguments)...); };
  return abi::spawn_with<S>(options, 0, nullptr, construct);
}
template <class S, class... Arguments>
Pid spawn(Arguments&&... arguments) {
  return spawn_with<S>(SpawnOptions{}, std::forward<Arguments>(arguments)...);
}
template <class S, class... Arguments>
Pid spawn_link(Arguments&&... arguments) {
  SpawnOptions options;
  options.link = true;
  return spawn_with<S>(options, std::forward<Arguments>(arguments)...);
}
template <class S, class... Arguments>
std::pair<Pid, Reference> spawn_monitor(Arguments&&... arguments) {
  auto construct = [&](void* state) { new (state) abi::process_state<S>(std::forward<Arguments>(arguments)...); };
  troupe_reference reference{};
  const Pid pid = abi::spawn_with<S>(SpawnOptions{}, TROUPE_SPAWN_MONITOR, &reference, construct);
  return {pid, abi::from_abi(reference)};
}

inline void link(const Pid& pid) { abi::host().link(abi::to_abi(pid)); }
inline void unlink(const Pid& pid) { abi::host().unlink(abi::to_abi(pid)); }
inline Reference monitor(const Destination& to) {
  const troupe_destination destination = abi::to_abi(to);
  return abi::from_abi(abi::host().monitor(&destination));
}
/// No Down of this monitor comes afterwards: one already in the mailbox is taken out.
inline void demonitor(const Reference& reference) { abi::host().demonitor(abi::to_abi(reference)); }

/// Sends an exit signal, as exit(Pid, Reason): `kill` cannot be trapped.
inline void exit(const Pid& pid, const Term& reason) {
  abi::with_term(reason, [&](const troupe_term* term) { abi::host().exit_process(abi::to_abi(pid), term); });
}
/// Ends this process, as exit(Reason). Unwinds the handler's stack.
[[noreturn]] inline void exit(const Term& reason) { throw abi::ExitNow{reason}; }
/// Ends this process with `normal` once its handler has returned, as gen_server's {stop, normal, State}. Costs nothing,
/// where exit(normal) throws.
inline void stop() { abi::host().fail(nullptr, 0); }
/// The same with another reason.
inline void stop(const Term& reason) {
  abi::with_term(reason, [](const troupe_term* term) { abi::host().fail(term, 0); });
}
/// Returns the former setting.
inline Priority set_priority(Priority priority) {
  return static_cast<Priority>(abi::host().set_priority(static_cast<int>(priority)));
}

/// Runs `body`, which keeps its thread for long (a read, a lock, a computation): another thread takes over at once what
/// waits behind it. Without it the runtime does so after 8 ms.
template <class Body>
decltype(auto) blocking(Body&& body) {
  abi::host().hand_over();
  return std::forward<Body>(body)();
}

/// Returns the former setting.
inline bool trap_exits(bool on) { return abi::host().trap_exits(on ? 1 : 0) != 0; }

/// False when the name is taken or `pid` is no live process of this node.
inline bool register_name(std::string_view name, const Pid& pid) {
  return abi::host().register_name(abi::to_abi(name), abi::to_abi(pid)) != 0;
}
inline bool unregister_name(std::string_view name) { return abi::host().unregister_name(abi::to_abi(name)) != 0; }
/// Not valid when nobody has the name.
inline Pid whereis(std::string_view name) { return abi::from_abi(abi::host().whereis(abi::to_abi(name))); }
/// What this process says it is doing, for those who inspect it.
inline void set_label(std::string_view label) { abi::host().set_label(abi::to_abi(label)); }

/// Delivers NodeUp and NodeDown to this process from now on.
inline void monitor_nodes(bool on = true) { abi::host().monitor_nodes(on ? 1 : 0); }
/// Names of the nodes that this one has a link to.
inline std::vector<std::string> nodes() {
  std::vector<std::string> names;
  abi::host().nodes({&names, [](void* context, troupe_text name) {
                       static_cast<std::vector<std::string>*>(context)->emplace_back(name.data, name.size);
                     }});
  return names;
}

/// Process groups as in OTP's pg: a process may join a group several times, and leaves with its end.
inline bool group_join(std::string_view group) { return abi::host().group_join(abi::to_abi(group)) != 0; }
inline bool group_leave(std::string_view group) { return abi::host().group_leave(abi::to_abi(group)) != 0; }
/// On every connected node.
inline std::vector<Pid> group_members(std::string_view group) {
  std::vector<Pid> members;
  abi::host().group_members(abi::to_abi(group), &members, [](void* context, troupe_pid member) {
    static_cast<std::vector<Pid>*>(context)->push_back(abi::from_abi(member));
  });
  return members;
}

/// A line in the worker's log, with this process's pid and name.
inline void log_line(std::string_view message) { abi::host().log(1, abi::to_abi(message)); }

}  // namespace troupe
