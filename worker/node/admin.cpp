#include "worker/node/admin.hpp"

#include <fmt/format.h>

#include "worker/node/admin_inspection.hpp"
#include "worker/term/term_parse.hpp"

namespace troupe::node {
namespace {

constexpr char separator = '\0';
/// A listing for people; troupe_worker_processes counts them all.
constexpr std::size_t listed_processes_max = 1000;

std::string usage() {
  return "-usage: ctl call NAME TERM | ctl cast NAME TERM | ctl send NAME TERM | ctl processes | ctl registered | " +
         std::string(inspection_usage);
}

std::string pid_text(const Pid& pid) { return Term::pid(pid).text(); }

std::string deliver(Runtime& runtime, const std::string& how, const std::string& name, const std::string& text,
                    Duration timeout) {
  auto term = parse_term(text);
  if (!term) {
    return "-" + term.error().message;
  }
  if (how == "call") {
    auto answer = runtime.call(std::string_view(name), std::move(*term), timeout);
    return answer ? "+" + answer->text() : "-" + answer.error().message;
  }
  Term message = how == "cast" ? Term::tuple({Term::atom("$gen_cast"), std::move(*term)}) : std::move(*term);
  switch (runtime.post(std::string_view(name), std::move(message))) {
    case SendResult::sent:
      return "+ok";
    case SendResult::full:
      return "-the mailbox of " + name + " is full";
    case SendResult::name_not_found:
      return "-no process is registered as " + name;
    case SendResult::unreachable:
      break;
  }
  return "-" + name + " cannot be reached";
}

std::string list_processes(Runtime& runtime) {
  std::string text =
      fmt::format("+{:<16} {:<24} {:<24} {:>8} {:>12}\n", "PID", "NAME", "CLASS", "MAILBOX", "REDUCTIONS");
  for (const Pid& pid : runtime.processes(listed_processes_max)) {
    if (const auto info = runtime.process_info(pid); info && !info->system) {
      text += fmt::format("{:<16} {:<24} {:<24} {:>8} {:>12}\n", pid_text(pid),
                          info->name.empty() ? info->label : info->name, info->class_name, info->mailbox_length,
                          info->reductions);
    }
  }
  return text;
}

std::string list_registered(Runtime& runtime) {
  std::string text = "+";
  for (const auto& [name, pid] : runtime.registered()) {
    text += fmt::format("{:<40} {}\n", name, pid_text(pid));
  }
  return text;
}

}  // namespace

std::string admin_socket_name(std::string_view pod_uid) { return "troupe-worker/" + std::string(pod_uid); }

std::string join_question(const std::vector<std::string>& words) {
  std::string question;
  for (const std::string& word : words) {
    question += word;
    question += separator;
  }
  return question;
}

std::vector<std::string> split_question(std::string_view question) {
  std::vector<std::string> words;
  while (!question.empty()) {
    const std::size_t end = question.find(separator);
    words.emplace_back(question.substr(0, end));
    question.remove_prefix(end == std::string_view::npos ? question.size() : end + 1);
  }
  return words;
}

std::string answer_admin(Runtime& runtime, const std::vector<std::string>& words, Duration call_timeout) {
  if (words.size() == 3 && (words[0] == "call" || words[0] == "cast" || words[0] == "send")) {
    return deliver(runtime, words[0], words[1], words[2], call_timeout);
  }
  if (words.size() == 1 && words[0] == "processes") {
    return list_processes(runtime);
  }
  if (words.size() == 1 && words[0] == "registered") {
    return list_registered(runtime);
  }
  return answer_inspection(runtime, words, call_timeout).value_or(usage());
}

}  // namespace troupe::node
