// Runtime: the processes of one node. Erlang's signals, links, monitors, names and timers between C++ objects.
//
// What a signal does is OTP's (erts "Processes" and "Communication in Erlang"); docs/guarantees.md lists the few
// differences. All public methods are thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "troupe/process.hpp"
#include "troupe/start.hpp"
#include "worker/process/groups.hpp"
#include "worker/process/names.hpp"
#include "worker/process/process_table.hpp"
#include "worker/process/remote.hpp"
#include "worker/process/scheduler.hpp"
#include "worker/process/thread_parts.hpp"
#include "worker/process/timers.hpp"
#include "worker/process/upgrade.hpp"

namespace troupe {

struct RuntimeOptions {
  /// Erlang's own default is 1,048,576; slots cost memory only once used.
  std::uint32_t processes_max = 16u * 1024 * 1024;
  MailboxLimits mailbox;
  /// Of each scheduler thread's wheel, and of the one that all other threads share. At most, and by default,
  /// TimerWheel::timers_max.
  std::uint32_t timers_per_place_max = TimerWheel::timers_max;
  /// A turn ends after this long, or after the scheduler's number of messages, whichever comes first.
  Duration turn_time_max = std::chrono::microseconds(500);
};

/// A process to be started as supervisors do it: the answer tells whether its constructor succeeded.
struct StartRequest {
  const troupe_process_class* process_class = nullptr;
  Term arguments = Term::map({});             ///< For the class's `Args`, unless `construct` is set.
  std::function<int(void* state)> construct;  ///< 0, or 1 after abi::fail(); see start<S>() below.
  std::string name;                           ///< Registered under it when not empty.
  bool link = false;                          ///< To the calling process.
  MailboxLimits mailbox{0, 0};                ///< 0: the runtime's.
};

struct ProcessInfo {
  Pid pid;
  Pid parent;
  std::string class_name;
  std::string name;
  std::string label;
  std::uint32_t mailbox_length = 0;
  std::uint64_t mailbox_large_bytes = 0;
  std::uint16_t messages_dropped = 0;  ///< As its mailbox was full; 65,535 stands for more too.
  std::uint64_t reductions = 0;        ///< Messages handled.
  /// Its slot and bonds, the state as far as it is one object, and what waits: messages above 256 bytes by their size,
  /// others as one block each. What the state points to is not counted.
  std::uint64_t memory_bytes = 0;
  std::vector<Pid> links;
  std::vector<Pid> monitors;  ///< Whom it monitors (by pid).
  std::vector<Pid> monitored_by;
  bool running = false;
  bool suspended = false;
  bool system = false;
  bool supervisor = false;
};

/// By what Runtime::top orders processes.
enum class TopBy { mailbox, memory, reductions };

/// How a process came to its end: decides on terminate() and on the crash report.
enum class EndedBy {
  crash,   ///< Its code threw.
  exit,    ///< It called exit(reason), or its parent told it to.
  signal,  ///< An exit signal that it did not trap.
};

struct Current;

/// What became of a queued signal.
enum class Handled : std::uint8_t {
  ended,  ///< The process has.
  done,
  kept,  ///< The class wants it later: see kept_messages.cpp.
};

struct RuntimeCounters {
  std::uint64_t spawned = 0;
  std::uint64_t ended = 0;
  std::uint64_t crashed = 0;  ///< Ended by a throw or a failing exit() call.
  /// All that have ended, by reason: every one is in exactly one of these.
  std::uint64_t ended_normal = 0;
  std::uint64_t ended_shutdown = 0;  ///< shutdown and {shutdown, _}
  std::uint64_t ended_killed = 0;
  std::uint64_t ended_abnormal = 0;    ///< Any other reason, of its own or of a link.
  std::uint64_t messages_waiting = 0;  ///< In all mailboxes.
  std::uint64_t messages_handled = 0;
  std::uint64_t messages_refused = 0;  ///< A mailbox was full.
  std::uint64_t messages_dropped = 0;  ///< Likewise, by the policy of the mailbox.
  std::uint64_t messages_not_understood = 0;
  std::uint32_t processes = 0;
};

class Runtime final : public SignalReceiver, public TimerOwner {
 public:
  explicit Runtime(Scheduler& scheduler, RuntimeOptions options = {});
  /// Ends every process without a word. Nothing may call in any more.
  ~Runtime() override;
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// Before any process talks to another node; null again before the distribution is destroyed.
  void set_remote_nodes(RemoteNodes* nodes) { remote_.store(nodes, std::memory_order_release); }
  /// Null goes back to groups of this node alone.
  void set_groups(Groups* groups);
  [[nodiscard]] Groups& groups() const { return *groups_.load(std::memory_order_acquire); }
  [[nodiscard]] Scheduler& scheduler() const { return scheduler_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }

  // --- From any thread ---

  Result<Pid, StartError> start(const StartRequest& request);
  /// As troupe::spawn, in this runtime.
  template <class S, class... Arguments>
  Pid spawn(Arguments&&... arguments);
  SendResult post(const Destination& to, Term message);
  /// OTP's gen_server:call for threads that are no processes: blocks. Errors: `timeout`, `not_found` (noproc),
  /// `unavailable` (noconnection, full), `internal` (the server ended: the message has its reason).
  Result<Term> call(const Destination& to, Term request, Duration timeout);
  /// The exit signal of exit(Pid, Reason), from nobody.
  void exit(const Pid& pid, Term reason);
  bool register_name(std::string_view name, const Pid& pid);
  bool unregister_name(std::string_view name);
  [[nodiscard]] std::optional<Pid> whereis(std::string_view name) const;
  [[nodiscard]] std::vector<std::pair<std::string, Pid>> registered() const { return names_.all(); }
  [[nodiscard]] bool alive(const Pid& pid) const;
  [[nodiscard]] std::optional<ProcessInfo> process_info(const Pid& pid) const;
  /// At most `count_max`, in the order of their slots.
  [[nodiscard]] std::vector<Pid> processes(std::size_t count_max) const;
  /// The user's processes that have most of it, most first; at most `count`.
  [[nodiscard]] std::vector<ProcessInfo> top(TopBy by, std::size_t count) const;
  /// At most `count_max`.
  [[nodiscard]] std::vector<Pid> supervisors(std::size_t count_max) const;
  [[nodiscard]] RuntimeCounters counters() const;
  /// While on, as when memory gets short, nobody is spawned but the runtime's own processes: `spawn` answers no pid,
  /// `start` {system_limit, memory}.
  void hold_spawns(bool on) { spawns_held_.store(on, std::memory_order_relaxed); }
  [[nodiscard]] std::size_t timers() const { return timers_.size(); }

  // --- Code upgrade (upgrade.cpp) ---

  /// At its next message boundary the process carries on as one of class `order.to`: the old class saves its state, the
  /// new one loads it. Pid, mailbox, links, monitors, names and timers stay; messages that wait become terms.
  void upgrade(const Pid& pid, UpgradeOrder order);
  /// Those whose class is of `image`.
  [[nodiscard]] std::vector<Pid> processes_of(const void* image) const;
  /// The name of a process's class, when it lives and its class is of `image`.
  [[nodiscard]] std::optional<std::string> class_of(const Pid& pid, const void* image) const;
  /// Success means that nothing of the runtime refers to `image` any more, as long as nobody spawns of it again; until
  /// then `unavailable` says what does: try again later. From one thread at a time.
  Result<void> release_image(const void* image);

  // --- SignalReceiver ---
  void deliver(RemoteSignal&& signal) override;
  void node_up(NodeIndex node) override;
  void node_down(NodeIndex node, Term reason) override;
  void lane_drained(NodeIndex node, Lane lane) override;

  // --- TimerOwner ---
  std::optional<Instant> fire_timers(unsigned place, Instant now) override;
  [[nodiscard]] std::optional<Instant> next_timer(unsigned place) const override { return timers_.next_due(place); }

  // --- For the running process: what troupe/process.hpp comes down to (host_table.cpp) ---
  Pid spawn(const troupe_spawn& options, Reference* monitor);
  SendResult send(const Pid& to, EnvelopePtr&& message) {
    return to.local() ? push(to, std::move(message), true) : send_to_node(to, *message);
  }
  SendResult send(const Destination& to, EnvelopePtr message);
  /// As the first, for a message that is a value, which it takes over: the short way, for a callback's messages.
  SendResult send_value(Current& here, Pid to, Envelope* value);
  RequestId send_request(Process& from, const Destination& to, const troupe_message_type* type, EnvelopePtr message,
                         Duration timeout);
  SendResult reply(const Pid& caller, const Reference& reference, const Term* tag, EnvelopePtr answer);
  TimerId send_after(Duration delay, const Destination& to, EnvelopePtr message);
  TimerId start_timer(Process& process, Duration delay, SignalKind kind = SignalKind::timeout);
  TimerId set_timer(Duration delay, Timer&& timer);
  bool cancel_timer(TimerId timer) { return timers_.cancel(timer); }
  void link(Process& from, const Pid& to);
  void unlink(Process& from, const Pid& to);
  Reference monitor(Process& from, const Destination& to);
  void demonitor(Process& from, const Reference& reference);
  void exit(const Pid& from, const Pid& to, Term reason);
  void monitor_nodes(Process& process, bool on);
  [[nodiscard]] std::vector<NodeIndex> connected_nodes() const;
  bool group_join(Process& process, std::string_view group);
  /// False when the queue is as long as a mailbox may ever be.
  static bool continue_with(Process& process, EnvelopePtr message);
  /// Of what the process's class has kept, the oldest that `offer` takes (TROUPE_HANDLED) is gone afterwards. Only what
  /// `pattern` may want is offered.
  using Offer = int (*)(void* context, const troupe_delivery* delivery);
  static bool take_kept(Process& process, const troupe_pattern& pattern, void* context, Offer offer);

  // --- For the scheduler's monitor, under a claim (user_code.hpp) ---
  /// Whether exit(Pid, kill) waits in the mailbox.
  [[nodiscard]] static bool kill_waits(const Process& process);
  /// The process ends with `killed`, for all but its thread, which is still in `handler`.
  void abandon(Process& process, const Current& handler);

  /// One turn; true when the process wants another. Called by schedulers.
  bool run_turn(Process& process, std::uint32_t messages_max, bool& was_slow);

 private:
  using BoundaryAct = std::function<void(Process*)>;
  struct ImageRelease {
    std::shared_ptr<std::atomic<std::size_t>> mailboxes;  ///< Still to be read.
    std::vector<std::uint64_t> turns;                     ///< Of the scheduler, when it began.
  };
  // upgrade.cpp
  /// Has `act` run in the process's turn, between two messages; with null, here or there, when it is gone.
  void at_boundary(const Pid& pid, BoundaryAct act);
  void run_boundary_act(std::uint64_t number, Process* process);
  UpgradeOutcome carry_over(Process& process, const UpgradeOrder& order);

  // spawn.cpp
  Process* open_process(const troupe_process_class& process_class, MailboxLimits limits, const Pid& parent);
  /// `body` is called with the state's memory and answers TROUPE_HANDLED, or TROUPE_FAILED after abi::fail().
  template <class Body>
  bool construct(Process& process, const Body& body);
  void begin(Process& process);
  static void link_both(Process& one, Process& other);

  // turn.cpp, where alone the inline ones are used; false when the process has ended.
  inline bool fetch(Process& process);
  bool fetch_signals(Process& process, Envelope* arrivals);
  /// Takes the envelope over.
  inline bool handle_queued(Process& process, Current& here, Envelope* queued);
  inline Handled deliver(Process& process, Current& here, const troupe_delivery& delivery, Envelope& envelope);
  /// The same, not inline: for all but the usual message.
  Handled deliver_to_class(Process& process, const troupe_delivery& delivery, Envelope* envelope);
  void push_queue(Process& process, EnvelopePtr envelope);

  // handling.cpp
  /// All but the usual message; false when the process has ended.
  bool handle_unusual(Process& process, EnvelopePtr envelope);
  Handled handle_term_or_call(Process& process, Envelope& envelope);
  Handled handle_response(Process& process, Envelope& envelope);
  Handled handle_event(Process& process, Envelope& envelope);
  /// When the class did not simply handle it.
  Handled after_delivery(Process& process, const troupe_delivery& delivery, Envelope& envelope, int outcome);
  void not_understood(Process& process, const Envelope& envelope, const troupe_delivery& delivery);

  // rest.cpp
  void rest(Process& process, Current& here);

  // kept_messages.cpp
  /// Takes the envelope over.
  static void keep(Process& process, Envelope* envelope);
  // system_requests.cpp
  Handled handle_system_request(Process& process, Envelope& envelope);
  /// What a suspended process handles all the same, taken out of its queue: system requests and its parent's exit, with
  /// which it is suspended no longer.
  static Envelope* next_while_suspended(Process& process);
  void trace_arrival(Process& process, const Envelope& envelope);
  void trace_sending(Process& process, const Envelope& envelope, Pid to);
  void trace_sending(Process& process, const RemoteSignal& signal, NodeIndex node);

  // pauses.cpp
  bool park(Process& process, const Pid& flooded);
  [[nodiscard]] bool is_flooded(const Process* receiver, const Pid& flooded) const;
  void wake_paused_by(const Pid& flooded);
  void unpark(Process& process);
  void wake_senders(Process& receiver, const Pid& pid);

  // signals.cpp; false when the process has ended.
  bool act_on(Process& process, EnvelopePtr envelope);
  void act_on_link(Process& process, const SignalEnvelope& signal);
  void act_on_monitor_down(Process& process, const SignalEnvelope& signal);
  bool act_on_exit(Process& process, const Pid& from, const Term& reason, bool from_link);
  bool act_on_node_lost(Process& process, NodeIndex node);

  // call_cycles.cpp
  /// `caller`, `server` and whoever else waits for the next of them, the last one for `caller`. Empty when nobody does.
  std::vector<Pid> waits_for_itself(const Pid& caller, const Pid& server) const;
  /// Of a request of `process` to `server`: timeout, or {timeout, {call_cycle, [Pid]}}.
  Term timeout_reason(const Process& process, const Pid& server) const;

  // inspection.cpp; under the process's BondsGuard.
  static std::uint64_t memory_of(const Process& process);
  template <class Use>
  void for_each_user_process(Use use) const;

  // requests.cpp
  static void recognise_reply(Process& process, Envelope& envelope);
  /// Has the server of a request that nobody waits for any more drop what it keeps of the caller.
  void forget_caller(const Pid& caller, std::uint64_t number, const Request& request);
  void settle_request(Process& process, std::uint64_t number, Request& request, bool replied);
  void fail_request(Process& process, std::uint64_t number, const Term& reason);
  void send_remote_request(Process& from, std::uint64_t number, const Destination& to, NodeIndex node, Term body);

  // ending.cpp
  void end(Process& process, const Term& reason, EndedBy by, const Envelope* last_message);
  static void destroy_state(Process& process);
  /// All of an end that others see: pid, name, mailbox, links, monitors.
  void take_leave(Process& process, const Term& reason);
  void release_bonds(const Pid& pid, Bonds& bonds, const Term& reason);
  void bounce(EnvelopePtr envelope, const Term& reason);
  void count_ended(const Term& reason);

  // abandoning.cpp
  void bury(Process& process);

  // routing.cpp
  SendResult push(Pid to, EnvelopePtr&& envelope, bool bounded);
  /// Into its mailbox; takes the envelope over. `here`: of this thread, or null.
  inline SendResult put(Current* here, Process& process, Pid to, Envelope* envelope, bool bounded);
  /// When it was not simply put there.
  SendResult after_push(Process& process, Pid to, Envelope* envelope, Mailbox::Push pushed);
  SendResult overflow(Process& process, Pid to, EnvelopePtr message);
  std::uint16_t count_dropped(Process& process);
  void drop_oldest(Process& process);
  SendResult send_to_node(Pid to, const Envelope& message);
  void send_signal(std::unique_ptr<SignalEnvelope, EnvelopeDeleter> signal);
  Routed route(NodeIndex node, RemoteSignal&& signal);
  SendResult send_remote(RemoteSignal&& signal, NodeIndex node);
  void remember_remote(Process& process, NodeIndex node);
  void refuse(const SignalEnvelope& signal, const Term& reason);
  [[nodiscard]] std::optional<NodeIndex> node_of(const Destination& to) const;

  static std::uint64_t next_number(Process& process) { return ++process.next_number; }

  Scheduler& scheduler_;
  const Clock& clock_;
  const RuntimeOptions options_;
  ProcessTable table_;
  Names names_;
  Timers timers_;
  std::unique_ptr<Groups> local_groups_;
  std::atomic<Groups*> groups_;
  std::atomic<RemoteNodes*> remote_{nullptr};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> spawns_held_{false};

  mutable std::mutex nodes_mutex_;
  std::unordered_map<NodeIndex, std::unordered_set<Pid>> bound_to_node_;  ///< Processes with links or monitors there.
  std::unordered_set<Pid> node_watchers_;

  std::mutex pauses_mutex_;
  std::unordered_map<Pid, std::unordered_set<Pid>> paused_by_;  ///< By receiver, or by lane_pid().

  std::mutex boundary_mutex_;
  std::uint64_t last_boundary_act_ = 0;
  std::unordered_map<std::uint64_t, BoundaryAct> boundary_acts_;
  std::atomic<std::uint32_t> timers_firing_{0};  ///< Calls of fire_timers that hold timers in their hands.
  std::unordered_map<const void*, ImageRelease> image_releases_;  ///< Under way.

  ThreadParts parts_;
  std::atomic<std::int64_t> last_drop_log_second_{-1};
};

/// Makes troupe::send and the like of this thread mean `runtime`, outside of any process.
class RuntimeScope {
 public:
  explicit RuntimeScope(Runtime& runtime);
  ~RuntimeScope();
  RuntimeScope(const RuntimeScope&) = delete;
  RuntimeScope& operator=(const RuntimeScope&) = delete;

 private:
  Runtime* before_;
};

template <class S, class... Arguments>
Pid Runtime::spawn(Arguments&&... arguments) {
  const RuntimeScope scope(*this);
  return troupe::spawn<S>(std::forward<Arguments>(arguments)...);
}

/// A request that constructs an S from `arguments`, which are copied.
template <class S, class... Arguments>
StartRequest start_request(Arguments... arguments) {
  StartRequest request;
  request.process_class = &abi::process_class<S>;
  request.construct = abi::constructor_of<S>(std::move(arguments)...);
  return request;
}

}  // namespace troupe
