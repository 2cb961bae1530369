#include "worker/process/crash_report.hpp"

#include "base/log.hpp"
#include "troupe/image.hpp"

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

void report_crash(Process& process, const Term& reason, const Envelope* last_message) {
  log_error("process crashed", {{"pid", text_for_log(process.pid())},
                                {"name", name_of(process)},
                                {"class", abi::from_abi(process.process_class->name)},
                                {"reason", text_for_log(reason)},
                                {"last_message", message_text(last_message)},
                                {"mailbox_length", process.mailbox.length()},
                                {"parent", process.parent.valid() ? text_for_log(process.parent) : std::string{}}});
}

}  // namespace troupe
