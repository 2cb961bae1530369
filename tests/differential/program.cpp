#include "tests/differential/program.hpp"

#include <algorithm>
#include <set>

namespace troupe::differential {
namespace {

Term steps_term(const std::vector<Step>& steps) {
  std::vector<Term> terms;
  for (const Step& step : steps) {
    terms.push_back(Term::tuple({Term::atom(step.process), step.instruction}));
  }
  return Term::list(std::move(terms));
}

bool is_end_of_sender(const Term& event) { return event.is_tagged("exit", 3) || event.is_tagged("down", 4); }

/// Who sent it; for what the process did itself, the kind of event.
std::string sender(const Term& event) {
  const auto elements = *event.as_tuple();
  for (const std::string_view tag : {"message", "exit", "down", "called"}) {
    if (elements[0].is_atom(tag)) {
      return std::string(elements[1].as_atom().value_or(""));
    }
  }
  if (elements[0].is_atom("answer") || elements[0].is_atom("no_answer")) {
    return elements[1].text();
  }
  return elements[0].text();
}

void settle_order(std::vector<Term>& events) {
  std::stable_sort(events.begin(), events.end(),
                   [](const Term& left, const Term& right) { return sender(left) < sender(right); });
  for (auto first = events.begin(); first != events.end();) {
    const auto ends = std::find_if(first, events.end(), is_end_of_sender);
    const auto after = std::find_if(ends, events.end(), [&](const Term& event) {
      return !is_end_of_sender(event) || sender(event) != sender(*ends);
    });
    std::sort(ends, after, [](const Term& left, const Term& right) { return order(left, right) < 0; });
    first = after;
  }
}

}  // namespace

Term to_term(const Program& program) {
  std::vector<Term> roots;
  for (const std::string& root : program.roots) {
    roots.push_back(Term::atom(root));
  }
  return Term::tuple({Term::integer(static_cast<std::int64_t>(program.seed)), Term::list(std::move(roots)),
                      steps_term(program.ordered), steps_term(program.free)});
}

Settled settled(const Trace& trace) {
  Settled result;
  std::map<std::pair<std::string, std::size_t>, Term> ended;
  for (const Event& event : trace) {
    if (event.what.is_tagged("ended", 2)) {
      ended[{event.process, event.step}] = event.what;
    } else {
      result[{event.process, event.step}].push_back(event.what);
    }
  }
  for (auto& [key, events] : result) {
    settle_order(events);
  }
  for (const auto& [key, reason] : ended) {
    result[key] = {reason};
  }
  return result;
}

std::string text(const Settled& trace) {
  std::string lines;
  for (const auto& [key, events] : trace) {
    lines += "  " + key.first + " in step " + std::to_string(key.second) + ":";
    for (const Term& event : events) {
      lines += " " + event.text();
    }
    lines += "\n";
  }
  return lines;
}

}  // namespace troupe::differential
