// What a running process does to its ties with others: link, monitor, exit, subscribe.
#include <utility>

#include "troupe/node_name.hpp"
#include "worker/process/current.hpp"
#include "worker/process/exit_reasons.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {

void Runtime::link(Process& from, const Pid& to) {
  if (!to.valid() || to == from.pid()) {
    return;
  }
  Bonds& bonds = bonds_of(from);
  if (!to.local()) {
    remember_remote(from, to.node);
  }
  {
    const BondsGuard guard(from);
    Link* const known = bonds.links.find(to);
    if (known != nullptr && known->unlink_id == 0) {
      return;
    }
    bonds.links[to] = {};
  }
  auto signal = make_signal(SignalKind::link);
  signal->from = from.pid();
  signal->to = to;
  send_signal(std::move(signal));
}

void Runtime::unlink(Process& from, const Pid& to) {
  Link* const link = from.bonds ? from.bonds->links.find(to) : nullptr;
  if (link == nullptr || link->unlink_id != 0) {
    return;
  }
  const std::uint64_t id = next_number(from);
  {
    const BondsGuard guard(from);
    link->unlink_id = id;
  }
  auto signal = make_signal(SignalKind::unlink);
  signal->from = from.pid();
  signal->to = to;
  signal->unlink_id = id;
  send_signal(std::move(signal));
}

Reference Runtime::monitor(Process& from, const Destination& to) {
  const std::uint64_t number = next_number(from);
  const Reference reference = make_reference(from.id, number);
  const std::optional<NodeIndex> node = node_of(to);
  Watch watch;
  watch.to = to.pid;
  watch.name = std::string(to.name);
  watch.node = node.value_or(0);
  if (watch.node == 0 && !watch.name.empty()) {
    watch.to = whereis(watch.name).value_or(Pid{});
  }
  if (watch.to == from.pid()) {
    return reference;  // Nobody could ever be told; Erlang sets up nothing either.
  }
  auto signal = make_signal(SignalKind::monitor);
  signal->from = from.pid();
  signal->to = watch.to;
  signal->name = watch.name;
  signal->node = watch.node;
  signal->reference = reference;
  if (watch.node != 0) {
    remember_remote(from, watch.node);
  }
  Bonds& bonds = bonds_of(from);
  {
    const BondsGuard guard(from);
    bonds.watches[number] = std::move(watch);
  }
  if (!node) {
    refuse(*signal, reasons::noconnection());
  } else if (*node == 0 && !signal->to.valid()) {
    refuse(*signal, reasons::noproc());
  } else {
    send_signal(std::move(signal));
  }
  return reference;
}

void Runtime::demonitor(Process& from, const Reference& reference) {
  const std::uint64_t number = reference_number(reference);
  const Watch* const watch = from.bonds ? from.bonds->watches.find(number) : nullptr;
  if (watch == nullptr || reference_owner(reference) != from.id) {
    return;
  }
  if (!watch->fired) {
    auto signal = make_signal(SignalKind::demonitor);
    signal->from = from.pid();
    signal->to = watch->to;
    signal->name = watch->name;
    signal->node = watch->node;
    signal->reference = reference;
    send_signal(std::move(signal));
  }
  const BondsGuard guard(from);
  from.bonds->watches.erase(number);
}

void Runtime::exit(const Pid& from, const Pid& to, Term reason) {
  auto signal = make_signal(SignalKind::exit);
  signal->from = from;
  signal->to = to;
  signal->payload = std::move(reason);
  send_signal(std::move(signal));
}

void Runtime::exit(const Pid& pid, Term reason) { exit(Pid{}, pid, std::move(reason)); }

bool Runtime::register_name(std::string_view name, const Pid& pid) {
  Process* const process = table_.find(pid);
  if (process == nullptr || !names_.add(name, pid)) {
    return false;
  }
  auto text = std::make_unique<std::string>(name);
  const BondsGuard guard(*process);
  // One name per process, as in Erlang; and it may have ended since it was found.
  if (process->name || process->serial.load(std::memory_order_acquire) != pid.serial) {
    names_.remove(name);
    return false;
  }
  process->name = std::move(text);
  return true;
}

bool Runtime::unregister_name(std::string_view name) {
  const auto pid = names_.remove(name);
  if (!pid) {
    return false;
  }
  if (Process* const process = table_.find(*pid)) {
    const BondsGuard guard(*process);
    if (process->serial.load(std::memory_order_acquire) == pid->serial) {
      process->name.reset();
    }
  }
  return true;
}

std::optional<Pid> Runtime::whereis(std::string_view name) const { return names_.find(name); }

void Runtime::monitor_nodes(Process& process, bool on) {
  bonds_of(process).monitors_nodes = true;
  const std::lock_guard lock(nodes_mutex_);
  if (on) {
    node_watchers_.insert(process.pid());
  } else {
    node_watchers_.erase(process.pid());
  }
}

std::vector<NodeIndex> Runtime::connected_nodes() const {
  const RemoteNodes* const nodes = remote_.load(std::memory_order_acquire);
  return nodes == nullptr ? std::vector<NodeIndex>{} : nodes->connected_nodes();
}

bool Runtime::group_join(Process& process, std::string_view group) {
  if (group.empty() || group.size() > name_bytes_max) {
    return false;
  }
  bonds_of(process).in_groups = true;
  groups().join(group, process.pid());
  return true;
}

void Runtime::set_groups(Groups* groups) {
  groups_.store(groups != nullptr ? groups : local_groups_.get(), std::memory_order_release);
}

}  // namespace troupe
