// Signals that leave or enter this node: what worker_process asks of a distribution and gives it, without knowing it.
// One struct for all, so that ordering between two processes is the order of calls.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "troupe/pid.hpp"
#include "troupe/term.hpp"

namespace troupe {

struct RemoteSignal {
  enum class Kind {
    send,          ///< from, to, payload
    send_name,     ///< from, to_name, payload
    send_alias,    ///< from, reference (the alias), payload
    link,          ///< from, to
    unlink,        ///< from, to, unlink_id
    unlink_ack,    ///< from, to, unlink_id
    exit_linked,   ///< from, to, payload = reason: a linked process has ended
    exit,          ///< from, to, payload = reason: exit(Pid, Reason)
    monitor,       ///< from, to or to_name, reference
    demonitor,     ///< from, to or to_name, reference
    monitor_down,  ///< from (or from_name), to, reference, payload = reason
    group_leader,  ///< from, to
  };
  Kind kind = Kind::send;
  Pid from;
  Pid to;
  std::string from_name;  ///< monitor_down of a monitor by name.
  std::string to_name;
  Reference reference;
  std::uint64_t unlink_id = 0;
  Term payload;
};

/// The two queues of a link's output: large messages do not hold up small ones.
enum class Lane : std::uint8_t { small, large };

/// A key for maps of receivers: the pid of no process, for all that goes through one lane of a link.
inline Pid lane_pid(NodeIndex node, Lane lane) { return {node, 0, 1 + static_cast<std::uint32_t>(lane), 0}; }

/// What became of a signal that was given to a distribution. True in a condition when it is on its way.
struct Routed {
  enum class Outcome : std::uint8_t { sent, full, unreachable };
  Outcome outcome = Outcome::sent;
  /// Past its soft bound: the sending process should pause until SignalReceiver::lane_drained. Never for links,
  /// monitors, exits and the like.
  std::optional<Lane> busy;

  explicit operator bool() const { return outcome == Outcome::sent; }
};

/// What a distribution needs from the runtime. Called on the distribution's loop thread; must not block.
class SignalReceiver {
 public:
  virtual ~SignalReceiver() = default;
  /// A signal that arrived for this node: `to` (when set) is local, or for links, unlinks and monitors of an earlier
  /// incarnation, where nobody is; `from` is the sender on its node. Signals of one sender come in the order in which
  /// it sent them.
  virtual void deliver(RemoteSignal&& signal) = 0;
  /// A link to `node` is up; before anything is delivered from it.
  virtual void node_up(NodeIndex node) = 0;
  /// The link is gone, or could not be made (then without a node_up before): every link and monitor towards that node
  /// fires `noconnection`, and signals routed to it since are lost. `reason` is an atom for people: net_tick_timeout,
  /// connection_closed, disconnect, protocol_error, ...
  virtual void node_down(NodeIndex node, Term reason) = 0;
  /// The lane of the link to `node` that route() called busy has drained to half. Nothing tells of a busy lane whose
  /// link goes: node_down does.
  virtual void lane_drained(NodeIndex node, Lane lane) = 0;
};

/// What the runtime needs from a distribution. Thread-safe.
class RemoteNodes {
 public:
  virtual ~RemoteNodes() = default;
  /// Sends `signal` to a node, connecting first when there is no link (the signal waits). When the node cannot be
  /// reached the runtime learns it through `Runtime::node_down`. `unreachable` when the node is already known to be:
  /// the caller then acts as for `noconnection`. `full` when too much waits for the link, for messages only, and while
  /// a link is made for others too.
  virtual Routed route(NodeIndex node, RemoteSignal&& signal) = 0;
  /// Whether `lane`, said to be busy, is so still.
  [[nodiscard]] virtual bool is_busy(NodeIndex node, Lane lane) const = 0;
  /// Nodes with a live link.
  [[nodiscard]] virtual std::vector<NodeIndex> connected_nodes() const = 0;
  virtual void disconnect(NodeIndex node) = 0;
};

}  // namespace troupe
