#include "worker/node/admin_inspection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "worker/process/system_call.hpp"
#include "worker/supervision/supervision_tree.hpp"

namespace troupe::node {
namespace {

constexpr std::size_t top_default = 10;
constexpr std::size_t top_max = 1'000;

std::string pid_or_none(const Pid& pid) { return pid.valid() ? Term::pid(pid).text() : "none"; }

std::optional<std::uint32_t> number_of(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

/// "<0.12.3>", as the listings print it.
std::optional<Pid> read_pid(std::string_view text) {
  if (!text.starts_with("<0.") || !text.ends_with(">")) {
    return std::nullopt;
  }
  text = text.substr(3, text.size() - 4);
  const std::size_t dot = text.find('.');
  const auto id = number_of(text.substr(0, dot));
  const auto serial = dot == std::string_view::npos ? std::nullopt : number_of(text.substr(dot + 1));
  return id && serial ? std::optional(Pid{0, 0, *id, *serial}) : std::nullopt;
}

/// A registered name or a pid.
std::optional<Pid> find(const Runtime& runtime, const std::string& who) {
  const auto pid = read_pid(who);
  return pid ? pid : runtime.whereis(who);
}

std::string nobody(const std::string& who) { return "-no process is registered as " + who + " or has that pid"; }

std::string pids_text(const std::vector<Pid>& pids) {
  std::string text;
  for (const Pid& pid : pids) {
    text += (text.empty() ? "" : " ") + pid_or_none(pid);
  }
  return text.empty() ? "none" : text;
}

std::string show_info(const Runtime& runtime, const std::string& who) {
  const auto pid = find(runtime, who);
  const auto info = pid ? runtime.process_info(*pid) : std::nullopt;
  if (!info) {
    return nobody(who);
  }
  const char* const status = info->suspended ? "suspended" : info->running ? "running" : "waiting";
  return fmt::format(
      "+pid             {}\nname            {}\nclass           {}\nlabel           {}\nstatus          {}\n"
      "parent          {}\nmailbox         {}\ndropped         {}\nmemory          {}\nreductions      {}\nlinks       "
      "    {}\n"
      "monitors        {}\nmonitored by    {}\n",
      pid_or_none(info->pid), info->name.empty() ? "none" : info->name, info->class_name,
      info->label.empty() ? "none" : info->label, status, pid_or_none(info->parent), info->mailbox_length,
      info->messages_dropped, info->memory_bytes, info->reductions, pids_text(info->links), pids_text(info->monitors),
      pids_text(info->monitored_by));
}

std::string show_top(const Runtime& runtime, std::span<const std::string> words) {
  TopBy by = TopBy::mailbox;
  if (!words.empty()) {
    constexpr std::array<std::pair<std::string_view, TopBy>, 3> known{
        {{"mailbox", TopBy::mailbox}, {"memory", TopBy::memory}, {"reductions", TopBy::reductions}}};
    const auto found = std::find_if(known.begin(), known.end(), [&](const auto& one) { return one.first == words[0]; });
    if (found == known.end()) {
      return "-top is by mailbox, memory or reductions, not by " + words[0];
    }
    by = found->second;
  }
  const auto count = words.size() < 2 ? std::optional<std::uint32_t>(top_default) : number_of(words[1]);
  if (!count || *count == 0 || *count > top_max) {
    return "-top shows 1 to " + std::to_string(top_max) + " processes";
  }
  std::string text = fmt::format("+{:<16} {:<24} {:<24} {:>8} {:>12} {:>12}\n", "PID", "NAME", "CLASS", "MAILBOX",
                                 "MEMORY", "REDUCTIONS");
  for (const ProcessInfo& info : runtime.top(by, *count)) {
    text += fmt::format("{:<16} {:<24} {:<24} {:>8} {:>12} {:>12}\n", pid_or_none(info.pid),
                        info.name.empty() ? info.label : info.name, info.class_name, info.mailbox_length,
                        info.memory_bytes, info.reductions);
  }
  return text;
}

std::string field(const Term& map, std::string_view key) {
  const Term* const value = map.find(Term::atom(key));
  if (value == nullptr) {
    return "";
  }
  const auto text = value->as_text();
  return text ? *text : value->text();
}

/// One line a process: id, pid, class and name, below its supervisor and further to the right.
void print_tree(const Term& process, std::size_t indent, std::string& text) {
  const std::string id = field(process, "id");
  text +=
      fmt::format("{:{}}{}{}{} {}\n", "", indent, id, id.empty() ? "" : " ", field(process, "pid"),
                  field(process, "class") + (field(process, "name").empty() ? "" : " as " + field(process, "name")));
  if (const std::string why = field(process, "error"); !why.empty()) {
    text += fmt::format("{:{}}({})\n", "", indent + 2, why);
  }
  if (const Term* const children = process.find(Term::atom("children"))) {
    for (const Term& child : children->as_list().value_or(std::span<const Term>{})) {
      print_tree(child, indent + 2, text);
    }
  }
  if (!field(process, "truncated").empty()) {
    text += fmt::format("{:{}}(and more)\n", "", indent + 2);
  }
}

std::string show_tree(Runtime& runtime, Duration timeout) {
  const Term tree = supervision_tree(runtime, timeout);
  std::string text = "+";
  for (const Term& root : tree.as_list().value_or(std::span<const Term>{})) {
    print_tree(root, 0, text);
  }
  return text;
}

Result<Term> ask(Runtime& runtime, const std::string& who, Term what, Duration timeout) {
  const auto pid = find(runtime, who);
  return pid ? system_call(runtime, *pid, std::move(what), timeout)
             : Result<Term>(Error{ErrorCode::not_found, nobody(who).substr(1)});
}

std::string as_answer(const Result<Term>& reply) {
  if (!reply) {
    return "-" + reply.error().message;
  }
  return (reply->is_tagged("error", 2) ? "-" : "+") + reply->text();
}

Term log_command(Term what) {
  return Term::tuple({Term::atom("debug"), Term::tuple({Term::atom("log"), std::move(what)})});
}

/// trace WHO [on [N] | off]; without more it shows what was noted so far, one event a line.
std::string trace(Runtime& runtime, std::span<const std::string> words, Duration timeout) {
  if (words.size() == 1) {
    const auto reply = ask(runtime, words[0], log_command(Term::atom("get")), timeout);
    if (!reply || !reply->is_tagged("ok", 2)) {
      return as_answer(reply);
    }
    std::string text = "+";
    for (const Term& event : (*reply->as_tuple())[1].as_list().value_or(std::span<const Term>{})) {
      text += event.text() + "\n";
    }
    return text;
  }
  if (words[1] == "off" && words.size() == 2) {
    return as_answer(ask(runtime, words[0], log_command(Term::atom("false")), timeout));
  }
  const auto kept = words.size() == 3 ? number_of(words[2]) : std::optional<std::uint32_t>(100);
  if (words[1] != "on" || !kept || *kept == 0 || *kept > MessageTrace::events_max) {
    return "-trace WHO [on [1 to " + std::to_string(MessageTrace::events_max) + " events] | off]";
  }
  return as_answer(ask(runtime, words[0],
                       log_command(Term::tuple({Term::atom("true"), Term::integer(static_cast<std::int64_t>(*kept))})),
                       timeout));
}

}  // namespace

const char* const inspection_usage =
    "ctl info WHO | ctl top [mailbox|memory|reductions [COUNT]] | ctl tree | ctl state WHO | ctl suspend WHO | "
    "ctl resume WHO | ctl trace WHO [on [EVENTS] | off]; WHO is a name or a pid";

std::optional<std::string> answer_inspection(Runtime& runtime, const std::vector<std::string>& words,
                                             Duration call_timeout) {
  if (words.empty()) {
    return std::nullopt;
  }
  const std::string& command = words[0];
  const std::span<const std::string> rest = std::span(words).subspan(1);
  if (command == "top" && rest.size() <= 2) {
    return show_top(runtime, rest);
  }
  if (command == "tree" && rest.empty()) {
    return show_tree(runtime, call_timeout);
  }
  if (command == "trace" && !rest.empty() && rest.size() <= 3) {
    return trace(runtime, rest, call_timeout);
  }
  if (rest.size() != 1) {
    return std::nullopt;
  }
  if (command == "info") {
    return show_info(runtime, rest[0]);
  }
  if (command == "state") {
    return as_answer(ask(runtime, rest[0], Term::atom("get_state"), call_timeout));
  }
  if (command == "suspend" || command == "resume") {
    return as_answer(ask(runtime, rest[0], Term::atom(command), call_timeout));
  }
  return std::nullopt;
}

}  // namespace troupe::node
