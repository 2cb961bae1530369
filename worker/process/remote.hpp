// Signals that leave or enter this node: what worker_process asks of a distribution and gives it, without knowing it.
// One struct for all, so that ordering between two processes is the order of calls.
#pragma once

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

/// What a distribution needs from the runtime. Called on the distribution's loop thread; must not block.
class SignalReceiver {
 public:
  virtual ~SignalReceiver() = default;
  /// A signal that arrived for this node: `to` (when set) is local, `from` is the sender on its node. Signals of one
  /// sender come in the order in which it sent them.
  virtual void deliver(RemoteSignal signal) = 0;
  /// A link to `node` is up; before anything is delivered from it.
  virtual void node_up(NodeIndex node) = 0;
  /// The link is gone, or could not be made (then without a node_up before): every link and monitor towards that node
  /// fires `noconnection`, and signals routed to it since are lost. `reason` is an atom for people: net_tick_timeout,
  /// connection_closed, disconnect, protocol_error, ...
  virtual void node_down(NodeIndex node, Term reason) = 0;
};

/// What the runtime needs from a distribution. Thread-safe.
class RemoteNodes {
 public:
  virtual ~RemoteNodes() = default;
  /// Sends `signal` to a node, connecting first when there is no link (the signal waits). When the node cannot be
  /// reached the runtime learns it through `Runtime::node_down`. False when the node is already known to be unreachable
  /// or the link's output is full: the caller then acts as for `noconnection`.
  virtual bool route(NodeIndex node, RemoteSignal signal) = 0;
  /// Nodes with a live link.
  [[nodiscard]] virtual std::vector<NodeIndex> connected_nodes() const = 0;
  virtual void disconnect(NodeIndex node) = 0;
};

}  // namespace troupe
