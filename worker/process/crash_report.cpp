#include "worker/process/crash_report.hpp"

#include "base/log.hpp"
#include "troupe/image.hpp"
#include "worker/process/throw_trace.hpp"

namespace troupe {
namespace {

constexpr std::size_t text_bytes_max = 2048;

std::string message_text(const Envelope* envelope) {
  if (envelope == nullptr || envelope->kind != SignalKind::message) {
    return "";
  }
  if (envelope->form == Envelope::Form::value && envelope->type->trivially_copied == 0) {
    std::string tag;
    envelope->type->tag({&tag, [](void* context, troupe_text text) {
                           *static_cast<std::string*>(context) = std::string(abi::from_abi(text));
                         }});
    return tag + " (its fields were moved into the handler)";
  }
  return text_for_log(message_term(*envelope));
}

/// Empty for a class that has no save(), or whose constructor failed.
std::string state_text(const Process& process) {
  const auto save = process.process_class->save;
  std::string text;
  if (process.constructed && save != nullptr) {
    save(process.state, {&text, [](void* context, const troupe_term* term) {
                           *static_cast<std::string*>(context) = text_for_log(abi::take_term(*term));
                         }});
  }
  return text;
}

std::string stack_text(const Process& process, bool threw) {
  const StackTrace* const trace = threw ? last_throw_of(process) : nullptr;
  return trace == nullptr ? "" : describe(*trace);
}

}  // namespace

std::string text_for_log(const Term& term) {
  std::string text = term.text();
  if (text.size() > text_bytes_max) {
    text.resize(text_bytes_max);
    text += "...";
  }
  return text;
}

std::string text_for_log(const Pid& pid) { return Term::pid(pid).text(); }

void report_crash(Process& process, const Term& reason, const Envelope* last_message, bool threw) {
  const std::string stack = stack_text(process, threw);  // Before save(), which may throw too.
  log_error("process crashed", {{"pid", text_for_log(process.pid())},
                                {"name", name_of(process)},
                                {"label", label_of(process)},
                                {"class", abi::from_abi(process.process_class->name)},
                                {"reason", text_for_log(reason)},
                                {"last_message", message_text(last_message)},
                                {"state", state_text(process)},
                                {"stack", stack},
                                {"mailbox_length", process.mailbox.length()},
                                {"parent", process.parent.valid() ? text_for_log(process.parent) : std::string{}}});
}

}  // namespace troupe
