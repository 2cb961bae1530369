// What comes from other nodes.
#include <utility>

#include "troupe/node_name.hpp"
#include "worker/process/exit_reasons.hpp"
#include "worker/process/gen_call.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {
namespace {

std::optional<SignalKind> system_kind(RemoteSignal::Kind kind) {
  switch (kind) {
    case RemoteSignal::Kind::link:
      return SignalKind::link;
    case RemoteSignal::Kind::unlink:
      return SignalKind::unlink;
    case RemoteSignal::Kind::unlink_ack:
      return SignalKind::unlink_ack;
    case RemoteSignal::Kind::exit_linked:
      return SignalKind::exit_linked;
    case RemoteSignal::Kind::exit:
      return SignalKind::exit;
    case RemoteSignal::Kind::monitor:
      return SignalKind::monitor;
    case RemoteSignal::Kind::demonitor:
      return SignalKind::demonitor;
    case RemoteSignal::Kind::monitor_down:
      return SignalKind::monitor_down;
    default:
      return std::nullopt;
  }
}

}  // namespace

void Runtime::deliver(RemoteSignal&& remote) {
  switch (remote.kind) {
    case RemoteSignal::Kind::send:
      push(remote.to, make_term_envelope(SignalKind::message, std::move(remote.payload)), true);
      return;
    case RemoteSignal::Kind::send_name:
      if (const auto pid = whereis(remote.to_name)) {
        push(*pid, make_term_envelope(SignalKind::message, std::move(remote.payload)), true);
      }
      return;
    case RemoteSignal::Kind::send_alias: {
      // {Tag, Reply}: the request that the alias was made for finds its reply by number.
      const Process* const owner =
          remote.reference.word_count == 3 ? table_.slot(reference_owner(remote.reference)) : nullptr;
      const auto reply = remote.payload.as_tuple();
      if (owner == nullptr || !reply || reply->size() != 2) {
        return;
      }
      EnvelopePtr answer = make_term_envelope(SignalKind::reply, (*reply)[1]);
      answer->number = reference_number(remote.reference);
      push({0, 0, reference_owner(remote.reference), owner->serial.load(std::memory_order_relaxed)}, std::move(answer),
           false);
      return;
    }
    case RemoteSignal::Kind::group_leader:
      return;  // Troupe has no group leaders: output goes to the log.
    default:
      break;
  }
  const auto kind = system_kind(remote.kind);
  if (!kind) {
    return;
  }
  auto signal = make_signal(*kind);
  signal->from = remote.from;
  signal->to = remote.to;
  signal->reference = remote.reference;
  signal->unlink_id = remote.unlink_id;
  signal->payload = std::move(remote.payload);
  if (!remote.to_name.empty() && (*kind == SignalKind::monitor || *kind == SignalKind::demonitor)) {
    signal->name = std::move(remote.to_name);
    const auto pid = whereis(signal->name);
    if (!pid) {
      refuse(*signal, reasons::noproc());
      return;
    }
    signal->to = *pid;
  }
  if (!signal->to.local()) {
    refuse(*signal, reasons::noproc());
    return;
  }
  const Pid to = signal->to;
  push(to, std::move(signal), false);
}

void Runtime::node_up(NodeIndex node) {
  std::vector<Pid> watchers;
  {
    const std::lock_guard lock(nodes_mutex_);
    watchers.assign(node_watchers_.begin(), node_watchers_.end());
  }
  for (const Pid& watcher : watchers) {
    auto signal = make_signal(SignalKind::node_up);
    signal->to = watcher;
    signal->node = node;
    push(watcher, std::move(signal), false);
  }
}

void Runtime::node_down(NodeIndex node, Term reason) {
  std::vector<Pid> watchers;
  std::vector<Pid> bound;
  {
    const std::lock_guard lock(nodes_mutex_);
    watchers.assign(node_watchers_.begin(), node_watchers_.end());
    if (const auto found = bound_to_node_.find(node); found != bound_to_node_.end()) {
      bound.assign(found->second.begin(), found->second.end());
      bound_to_node_.erase(found);
    }
  }
  for (const Pid& pid : bound) {
    auto signal = make_signal(SignalKind::node_lost);
    signal->to = pid;
    signal->node = node;
    push(pid, std::move(signal), false);
  }
  for (const Pid& watcher : watchers) {
    auto signal = make_signal(SignalKind::node_down);
    signal->to = watcher;
    signal->node = node;
    signal->payload = reason;
    push(watcher, std::move(signal), false);
  }
  lane_drained(node, Lane::small);
  lane_drained(node, Lane::large);
}

void Runtime::lane_drained(NodeIndex node, Lane lane) { wake_paused_by(lane_pid(node, lane)); }

}  // namespace troupe
