#include "worker/supervision/child_list.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/check.hpp"

namespace troupe {
namespace {

template <class Condition>
Child* find(const std::vector<std::unique_ptr<Child>>& children, Condition condition) {
  const auto found =
      std::find_if(children.begin(), children.end(), [&](const auto& child) { return condition(*child); });
  return found == children.end() ? nullptr : found->get();
}

}  // namespace

Child& ChildList::add(ChildSpec spec) {
  auto child = std::make_unique<Child>();
  child->spec = std::move(spec);
  return *children_.emplace_back(std::move(child));
}

void ChildList::remove(const Child& child) {
  children_.erase(children_.begin() + static_cast<std::ptrdiff_t>(index_of(child)));
}

Child* ChildList::by_id(const Term& id) const {
  if (const auto atom = id.as_atom()) {
    return find(children_, [&](const Child& child) { return child.spec.id == *atom; });
  }
  const auto text = id.as_text();
  return text ? find(children_, [&](const Child& child) { return child.spec.id == *text; }) : nullptr;
}

Child* ChildList::by_pid(const Pid& pid) const {
  return find(children_, [&](const Child& child) { return child.running && child.pid == pid; });
}

Child* ChildList::by_retry(TimerReference retry) const {
  return retry == 0 ? nullptr : find(children_, [&](const Child& child) { return child.retry == retry; });
}

std::vector<ChildState> ChildList::states() const {
  std::vector<ChildState> states;
  states.reserve(children_.size());
  for (const auto& child : children_) {
    states.push_back(state_of(*child));
  }
  return states;
}

std::size_t ChildList::index_of(const Child& child) const {
  const auto found =
      std::find_if(children_.begin(), children_.end(), [&](const auto& other) { return other.get() == &child; });
  check(found != children_.end(), "a child that is not in its supervisor's list");
  return static_cast<std::size_t>(found - children_.begin());
}

Term ChildList::which() const {
  std::vector<Term> list;
  for (auto at = children_.rbegin(); at != children_.rend(); ++at) {
    const Child& child = **at;
    const Term who = child.running      ? Term::pid(child.pid)
                     : child.restarting ? Term::atom("restarting")
                                        : Term::atom("undefined");
    list.push_back(Term::tuple({Term::atom(child.spec.id), who, child_type(child.spec.type), Term::atom("dynamic")}));
  }
  return Term::list(std::move(list));
}

Term ChildList::count() const {
  const auto counted = [&](auto condition) {
    return static_cast<std::size_t>(
        std::count_if(children_.begin(), children_.end(), [&](const auto& child) { return condition(*child); }));
  };
  const std::size_t supervisors = counted([](const Child& child) { return child.spec.type == ChildType::supervisor; });
  return child_counts(children_.size(), counted([](const Child& child) { return child.running; }), supervisors,
                      children_.size() - supervisors);
}

Term ChildList::restart_counts() const {
  std::vector<Term::Pair> counts;
  for (const auto& child : children_) {
    counts.emplace_back(Term::atom(child->spec.id), Term::integer(static_cast<std::int64_t>(child->restarts)));
  }
  return Term::map(std::move(counts));
}

Term child_counts(std::size_t specs, std::size_t active, std::size_t supervisors, std::size_t workers) {
  const auto count = [](std::string_view what, std::size_t value) {
    return Term::tuple({Term::atom(what), Term::integer(static_cast<std::int64_t>(value))});
  };
  return Term::list(
      {count("specs", specs), count("active", active), count("supervisors", supervisors), count("workers", workers)});
}

Term child_type(ChildType type) { return Term::atom(type == ChildType::supervisor ? "supervisor" : "worker"); }

ChildState state_of(const Child& child) {
  return {child.spec.restart, child.running, child.restarting, child.spec.significant};
}

}  // namespace troupe
