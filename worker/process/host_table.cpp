// The host's side of the C ABI: each function finds the running process and calls its runtime.
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/log.hpp"
#include "troupe/node_name.hpp"
#include "worker/process/crash_report.hpp"
#include "worker/process/current.hpp"
#include "worker/process/exit_reasons.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/user_code.hpp"

namespace troupe {
namespace {

Destination destination(const troupe_destination& to) {
  Destination out(abi::from_abi(to.pid));
  out.name = to.name.data == nullptr ? std::string_view{} : abi::from_abi(to.name);
  out.node = to.node.data == nullptr ? std::string_view{} : abi::from_abi(to.node);
  return out;
}

Process* process_here() { return current() == nullptr ? nullptr : current()->process; }

/// The process whose code calls, for functions that touch more of it than its pid: out of the user's code for as long
/// as this lives. Nobody outside of processes; so is from now on a handler whose process was ended under it.
class Caller {
 public:
  Caller() : process_(process_here()) {
    if (process_ != nullptr && process_->in_user_code.load(std::memory_order_relaxed)) {
      returns_ = leave_user_code(*process_);
      if (!returns_) [[unlikely]] {
        process_ = nullptr;
        current() = nullptr;
      }
    }
  }
  ~Caller() {
    if (returns_) {
      enter_user_code(*process_);
    }
  }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;
  explicit operator bool() const { return process_ != nullptr; }
  Process& operator*() const { return *process_; }
  Process* operator->() const { return process_; }

 private:
  Process* process_;
  bool returns_ = false;
};

EnvelopePtr term_envelope(const troupe_term* term) {
  return make_term_envelope(SignalKind::message, abi::take_term(*term));
}

void* message_new(const troupe_message_type* type) { return value_of(new_value_envelope(*type)); }
void message_discard(void* value) { discard_value_envelope(envelope_of(value)); }

int send_envelope(const troupe_destination* to, EnvelopePtr message) {
  Runtime* const runtime = current_runtime();
  return runtime == nullptr ? TROUPE_UNREACHABLE
                            : static_cast<int>(runtime->send(destination(*to), std::move(message)));
}
int send_value(const troupe_destination* to, void* value) { return send_envelope(to, EnvelopePtr(envelope_of(value))); }
int send_to_pid(troupe_pid to, void* value) {
  if (Current* const here = current()) [[likely]] {
    return static_cast<int>(here->runtime->send_value(*here, abi::from_abi(to), envelope_of(value)));
  }
  const troupe_destination destination{to, {}, {}};
  return send_value(&destination, value);
}
int send_term(const troupe_destination* to, const troupe_term* term) { return send_envelope(to, term_envelope(term)); }

std::uint64_t send_request(const troupe_destination* to, const troupe_message_type* type, void* value,
                           const troupe_term* term, std::int64_t timeout_ns) {
  EnvelopePtr message = value != nullptr ? EnvelopePtr(envelope_of(value)) : term_envelope(term);
  const Caller process;
  if (!process) {
    return 0;
  }
  return current()->runtime->send_request(*process, destination(*to), type, std::move(message), Duration(timeout_ns));
}

int reply(const troupe_caller* to, EnvelopePtr answer) {
  const Caller process;
  Runtime* const runtime = current_runtime();
  if (runtime == nullptr) {
    return TROUPE_UNREACHABLE;
  }
  const Pid caller = abi::from_abi(to->pid);
  if (to->has_tag != 0) {
    const Term tag = abi::take_term(to->tag);
    return static_cast<int>(runtime->reply(caller, {}, &tag, std::move(answer)));
  }
  return static_cast<int>(runtime->reply(caller, abi::from_abi(to->reference), nullptr, std::move(answer)));
}
int reply_value(const troupe_caller* to, void* value) { return reply(to, EnvelopePtr(envelope_of(value))); }
int reply_term(const troupe_caller* to, const troupe_term* term) { return reply(to, term_envelope(term)); }

std::uint64_t send_after(std::int64_t delay_ns, const troupe_destination* to, void* value) {
  EnvelopePtr message(envelope_of(value));
  Runtime* const runtime = current_runtime();
  return runtime == nullptr ? 0 : runtime->send_after(Duration(delay_ns), destination(*to), std::move(message));
}
std::uint64_t start_timer(std::int64_t delay_ns) {
  Process* const process = process_here();
  if (process == nullptr) {
    return 0;
  }
  return current()->runtime->start_timer(*process, Duration(delay_ns));
}
int cancel_timer(std::uint64_t timer) {
  Runtime* const runtime = current_runtime();
  return runtime != nullptr && runtime->cancel_timer(timer) ? 1 : 0;
}

troupe_pid self() { return abi::to_abi(process_here() == nullptr ? Pid{} : process_here()->pid()); }
troupe_pid parent() { return abi::to_abi(process_here() == nullptr ? Pid{} : process_here()->parent); }

troupe_pid spawn(const troupe_spawn* options, troupe_reference* monitor) {
  const Caller process;
  Runtime* const runtime = current_runtime();
  if (runtime == nullptr) {
    return abi::to_abi(Pid{});
  }
  Reference reference;
  const Pid pid = runtime->spawn(*options, monitor == nullptr ? nullptr : &reference);
  if (monitor != nullptr) {
    *monitor = abi::to_abi(reference);
  }
  return abi::to_abi(pid);
}

void link(troupe_pid pid) {
  if (const Caller process{}) {
    current()->runtime->link(*process, abi::from_abi(pid));
  }
}
void unlink(troupe_pid pid) {
  if (const Caller process{}) {
    current()->runtime->unlink(*process, abi::from_abi(pid));
  }
}
troupe_reference monitor(const troupe_destination* to) {
  const Caller process;
  return abi::to_abi(!process ? Reference{} : current()->runtime->monitor(*process, destination(*to)));
}
void demonitor(troupe_reference reference) {
  if (const Caller process{}) {
    current()->runtime->demonitor(*process, abi::from_abi(reference));
  }
}
void exit_process(troupe_pid pid, const troupe_term* reason) {
  if (Runtime* const runtime = current_runtime()) {
    const Process* const process = process_here();
    runtime->exit(process == nullptr ? Pid{} : process->pid(), abi::from_abi(pid), abi::take_term(*reason));
  }
}
void fail(const troupe_term* reason, int crash) {
  if (Current* const here = current()) {
    here->fail_reason = reason == nullptr ? reasons::normal() : abi::take_term(*reason);
    here->failed = true;
    here->crashed = crash != 0;
  }
}
int trap_exits(int on) {
  const Caller process;
  return process && std::exchange(process->traps_exits, on != 0) ? 1 : 0;
}
int set_priority(int priority) {
  const Caller process;
  if (!process || priority < TROUPE_PRIORITY_HIGH || priority > TROUPE_PRIORITY_LOW) {
    return TROUPE_PRIORITY_NORMAL;
  }
  return std::exchange(process->priority, static_cast<std::uint8_t>(priority));
}
void hand_over() {
  if (const Current* const here = current()) {
    here->runtime->scheduler().hand_over();
  }
}
int register_name(troupe_text name, troupe_pid pid) {
  Runtime* const runtime = current_runtime();
  return runtime != nullptr && runtime->register_name(abi::from_abi(name), abi::from_abi(pid)) ? 1 : 0;
}
int unregister_name(troupe_text name) {
  Runtime* const runtime = current_runtime();
  return runtime != nullptr && runtime->unregister_name(abi::from_abi(name)) ? 1 : 0;
}
troupe_pid whereis(troupe_text name) {
  const Runtime* const runtime = current_runtime();
  return abi::to_abi(runtime == nullptr ? Pid{} : runtime->whereis(abi::from_abi(name)).value_or(Pid{}));
}
void set_label(troupe_text label) {
  if (const Caller process{}) {
    std::string text(abi::from_abi(label).substr(0, 255));
    Bonds& bonds = bonds_of(*process);
    const BondsGuard guard(*process);
    bonds.label = std::move(text);
  }
}
void monitor_nodes(int on) {
  if (const Caller process{}) {
    current()->runtime->monitor_nodes(*process, on != 0);
  }
}
void nodes(troupe_text_sink each) {
  if (const Runtime* const runtime = current_runtime()) {
    for (const NodeIndex node : runtime->connected_nodes()) {
      each.take(each.context, abi::to_abi(troupe::node_name(node)));
    }
  }
}
int group_join(troupe_text group) {
  const Caller process;
  return process && current()->runtime->group_join(*process, abi::from_abi(group)) ? 1 : 0;
}
int group_leave(troupe_text group) {
  Process* const process = process_here();
  return process != nullptr && current()->runtime->groups().leave(abi::from_abi(group), process->pid()) ? 1 : 0;
}
void group_members(troupe_text group, void* context, void (*each)(void* context, troupe_pid member)) {
  if (const Runtime* const runtime = current_runtime()) {
    for (const Pid& member : runtime->groups().members(abi::from_abi(group))) {
      each(context, abi::to_abi(member));
    }
  }
}
void log_from_process(int level, troupe_text message) {
  const LogLevel levels[] = {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error};
  const LogLevel known = levels[level < 0 || level > 3 ? 1 : level];
  if (Process* const process = process_here()) {
    log(known, abi::from_abi(message),
        {{"pid", text_for_log(process->pid())},
         {"name", name_of(*process)},
         {"class", abi::from_abi(process->process_class->name)}});
  } else {
    log(known, abi::from_abi(message));
  }
}
std::int64_t now_ns() {
  const Runtime* const runtime = current_runtime();
  return runtime == nullptr ? 0 : runtime->clock().now().time_since_epoch().count();
}

std::uint32_t intern_name(troupe_text name, int* ok) {
  const auto index = intern_node_name(abi::from_abi(name));
  *ok = index ? 1 : 0;
  return index.value_or(0);
}
troupe_text name_of_node(std::uint32_t index) { return abi::to_abi(node_name(index)); }
std::uint32_t creation() { return this_creation(); }

int continue_value(void* value) {
  EnvelopePtr message(envelope_of(value));
  const Caller process;
  return process && Runtime::continue_with(*process, std::move(message)) ? 1 : 0;
}

int take_kept(const troupe_pattern* pattern, void* context,
              int (*offer)(void* context, const troupe_delivery* delivery)) {
  const Caller process;
  return process && Runtime::take_kept(*process, *pattern, context, offer) ? 1 : 0;
}

void idle_timeout(std::int64_t delay_ns) {
  if (Current* const here = current()) {
    here->rests = true;
    here->idle_after = std::max(Duration(delay_ns), Duration::zero());
  }
}
void hibernate() {
  if (Current* const here = current()) {
    here->rests = true;
    here->hibernates = true;
  }
}

constexpr troupe_host make_table(const void* native_image) {
  return {sizeof(troupe_host),
          TROUPE_ABI_VERSION,
          native_image,
          &message_new,
          &message_discard,
          &send_value,
          &send_to_pid,
          &send_term,
          &send_request,
          &reply_value,
          &reply_term,
          &send_after,
          &start_timer,
          &cancel_timer,
          &self,
          &parent,
          &spawn,
          &link,
          &unlink,
          &monitor,
          &demonitor,
          &exit_process,
          &fail,
          &trap_exits,
          &set_priority,
          &hand_over,
          &register_name,
          &unregister_name,
          &whereis,
          &set_label,
          &monitor_nodes,
          &nodes,
          &group_join,
          &group_leave,
          &group_members,
          &log_from_process,
          &now_ns,
          &intern_name,
          &name_of_node,
          &creation,
          &continue_value,
          &take_kept,
          &idle_timeout,
          &hibernate};
}

}  // namespace

const troupe_host native_host_table = make_table(&abi::image_anchor);
const troupe_host module_host_table = make_table(nullptr);

}  // namespace troupe
