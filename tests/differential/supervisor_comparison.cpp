#include <algorithm>
#include <set>

#include "tests/differential/supervisor_program.hpp"

namespace troupe::differential {
namespace {

std::string text_of(const Term& term) { return std::string(term.as_atom().value_or("")); }

/// The children of a simple_one_for_one come in any order.
Term reply_in_order(const Term& reply) {
  const auto list = reply.as_list();
  if (!list || list->empty() || !list->front().is_tagged("undefined", 4)) {
    return reply;
  }
  std::vector<Term> children(list->begin(), list->end());
  std::sort(children.begin(), children.end(), [](const Term& one, const Term& two) { return order(one, two) < 0; });
  return Term::list(std::move(children));
}

}  // namespace

Supervision supervision(const std::vector<Term>& events) {
  Supervision result;
  std::set<std::pair<std::int64_t, std::string>> killed;
  std::set<std::int64_t> with_failures;
  for (const Term& entry : events) {
    const auto parts = *entry.as_tuple();
    const std::int64_t step = *parts[0].as_integer();
    const auto words = *parts[1].as_tuple();
    if (!parts[1].is_tagged("ended", 4)) {
      result.seen[step].push_back(words[0].is_atom("reply") ? reply_in_order(words[1]) : parts[1]);
      if (parts[1].is_tagged("start", 3) && words[2].is_atom("error")) {
        with_failures.insert(step);
      }
      continue;
    }
    const std::string id = text_of(words[2]);
    result.ends[step][text_of(words[1])].push_back(parts[1].text());
    if (id.front() != 'c') {
      result.ends[step][id].push_back(parts[1].text());
      if (words[3].is_atom("killed")) {
        killed.emplace(step, id);
      }
    }
  }
  for (auto& [step, by_supervisor] : result.ends) {
    for (auto& [id, ends] : by_supervisor) {
      if (id.front() == 'd' || with_failures.count(step) != 0 || killed.count({step, id}) != 0) {
        std::sort(ends.begin(), ends.end());
      }
    }
  }
  return result;
}

}  // namespace troupe::differential
