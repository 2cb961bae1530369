#include <string>

#include "base/random.hpp"
#include "tests/differential/supervisor_program.hpp"
#include "tests/worker/term/short_terms.hpp"

namespace troupe::differential {
namespace {

Term number(std::uint64_t value) { return Term::integer(static_cast<std::int64_t>(value)); }

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  Term program(std::uint64_t seed) {
    const Term root = supervisor(0);
    const Term root_id = supervisors_.back();
    if (random_.below(6) == 0 && !workers_.empty()) {
      plan_starts(any(workers_));
    }
    std::vector<Term> steps;
    for (const Term& one : supervisors_) {
      for (std::uint64_t count = is_dynamic(one) ? random_.below(4) : 0; count > 0; --count) {
        steps.push_back(call(one, start_child(one)));
      }
    }
    for (std::uint64_t count = 1 + random_.below(12); count > 0; --count) {
      switch (random_.below(10)) {
        case 0:
        case 1:
          steps.push_back(at_once());
          break;
        case 2:
          add_farewell(steps);
          break;
        default:
          steps.push_back(step());
          break;
      }
    }
    return Term::tuple({number(seed), root_id, root, Term::list(starts_), Term::list(steps)});
  }

 private:
  template <std::size_t Count>
  Term one_of(const char* const (&names)[Count]) {
    return atom(names[random_.below(Count)]);
  }
  Term any(const std::vector<Term>& terms) { return terms[random_.below(terms.size())]; }
  Term any_id() { return workers_.empty() || random_.below(4) == 0 ? any(supervisors_) : any(workers_); }
  static bool is_dynamic(const Term& supervisor) { return supervisor.as_atom()->front() == 'd'; }
  Term new_worker() {
    workers_.push_back(atom("c" + std::to_string(workers_.size())));
    return workers_.back();
  }

  /// Its id is then the last of `supervisors_`.
  Term supervisor(unsigned depth) {
    const Term auto_shutdown = one_of({"never", "never", "any_significant", "all_significant"});
    const Term strategy =
        one_of({"one_for_one", "one_for_one", "one_for_all", "one_for_all", "rest_for_one", "simple_one_for_one"});
    const bool significant = !auto_shutdown.is_atom("never");
    std::vector<Term> children;
    const bool children_are_alike = strategy.is_atom("simple_one_for_one");
    if (children_are_alike) {
      children.push_back(worker(atom("template"), significant));
    } else {
      for (std::uint64_t count = (depth == 0 ? 1 : 0) + random_.below(4); count > 0; --count) {
        children.push_back(child(depth, significant));
      }
    }
    supervisors_.push_back(atom((children_are_alike ? "d" : "s") + std::to_string(supervisors_.size())));
    for (const Term& one : children) {
      children_[supervisors_.back().text()].push_back((*one.as_tuple())[0]);
    }
    if (depth != 0 && !children.empty() && random_.below(4) == 0) {
      plan_starts((*children.back().as_tuple())[0]);
    }
    return Term::tuple({strategy, number(random_.below(6)), auto_shutdown, Term::list(children)});
  }

  Term child(unsigned depth, bool significant) {
    if (depth == 2 || random_.below(4) != 0) {
      return worker(new_worker(), significant);
    }
    if (hasty_ < 3 && random_.below(16) == 0) {
      return hasty_supervisor();
    }
    const Term shutdown = random_.below(6) == 0   ? atom("brutal_kill")
                          : random_.below(2) == 0 ? atom("infinity")
                                                  : number(5'000);
    const Term restart = any_restart();
    const Term tree = supervisor(depth + 1);
    return Term::tuple({supervisors_.back(), restart, significance(restart, significant), shutdown, tree});
  }

  /// Gets less time to stop than its last child takes, and another time than other such supervisors, which may be above
  /// it: by so much that a busy machine makes no difference.
  Term hasty_supervisor() {
    const Term slow =
        Term::tuple({new_worker(), atom("permanent"), atom("false"), Term::integer(150), atom("stubborn")});
    const Term tree =
        Term::tuple({atom("one_for_one"), number(1), atom("never"), Term::list({worker(new_worker(), false), slow})});
    supervisors_.push_back(atom("s" + std::to_string(supervisors_.size())));
    children_[supervisors_.back().text()].push_back(workers_.back());
    return Term::tuple({supervisors_.back(), any_restart(), atom("false"), number(5 + 30 * hasty_++), tree});
  }

  Term any_restart() { return one_of({"permanent", "permanent", "transient", "temporary"}); }
  Term significance(const Term& restart, bool possible) {
    return Term::boolean(possible && !restart.is_atom("permanent") && random_.below(3) != 0);
  }

  Term worker(const Term& id, bool significant) {
    const Term restart = any_restart();
    const bool stubborn = random_.below(6) == 0;
    const Term shutdown = random_.below(4) == 0 ? atom("brutal_kill") : number(stubborn ? 2 : 5'000);
    return Term::tuple(
        {id, restart, significance(restart, significant), shutdown, atom(stubborn ? "stubborn" : "plain")});
  }

  Term outcomes() {
    std::vector<Term> list;
    for (std::uint64_t count = 1 + random_.below(3); count > 0; --count) {
      list.push_back(one_of({"error", "error", "ignore", "ok"}));
    }
    return Term::list(list);
  }

  Term step() {
    if (random_.below(3) != 0) {
      return interference();
    }
    const Term supervisor = any(supervisors_);
    const Term question = one_of({"which_children", "count_children"});
    return call(supervisor, random_.below(5) == 0 ? question : change(supervisor));
  }

  Term interference() {
    switch (random_.below(6)) {
      case 0:
        return Term::tuple({atom("starts"), any_id(), outcomes()});
      case 1:
        return Term::tuple({atom("exit"), any_id(), one_of({"kill", "kill", "shutdown", "boom"})});
      default:
        return quit();
    }
  }

  Term quit() {
    const Term id = workers_.empty() ? new_worker() : any(workers_);
    return random_.below(8) == 0
               ? Term::tuple({atom("quit"), id, Term::tuple({atom("shutdown"), id})})
               : Term::tuple({atom("quit"), id, one_of({"normal", "shutdown", "boom", "boom", "kill"})});
  }

  static Term call(const Term& supervisor, Term request) {
    return Term::tuple({atom("call"), supervisor, std::move(request)});
  }

  Term child_of(const Term& supervisor) {
    const std::vector<Term>& children = children_[supervisor.text()];
    return children.empty() || random_.below(5) == 0 ? any_id() : any(children);
  }

  static Term about(const char* what, Term whom) { return Term::tuple({atom(what), std::move(whom)}); }

  Term change(const Term& supervisor) {
    switch (random_.below(6)) {
      case 0:
        return about("terminate_child", child_of(supervisor));
      case 1:
        return about("terminate_child", about("pid", child_of(supervisor)));
      case 2:
        return about("restart_child", child_of(supervisor));
      case 3:
        return about("delete_child", child_of(supervisor));
      default:
        return start_child(supervisor);
    }
  }

  /// Perhaps one that is there.
  Term start_child(const Term& supervisor) {
    std::vector<Term>& children = children_[supervisor.text()];
    if (!is_dynamic(supervisor) && random_.below(4) == 0) {
      const Term tree = child(1, random_.below(2) == 0);
      children.push_back((*tree.as_tuple())[0]);
      return about("start_child", tree);
    }
    const Term known = child_of(supervisor);
    const bool again = !is_dynamic(supervisor) && random_.below(2) == 0 && known.as_atom()->front() == 'c';
    const Term id = again ? known : new_worker();
    if (!again) {
      children.push_back(id);
      if (random_.below(3) == 0) {
        plan_starts(id);
      }
    }
    return about("start_child", is_dynamic(supervisor) ? Term::list({id}) : worker(id, random_.below(2) == 0));
  }

  /// A child is terminated, and what comes then is most often about it too.
  void add_farewell(std::vector<Term>& steps) {
    const Term supervisor = any(supervisors_);
    const Term child = child_of(supervisor);
    steps.push_back(call(supervisor, about("terminate_child", child)));
    if (!is_dynamic(supervisor)) {
      steps.push_back(call(supervisor, random_.below(4) == 0
                                           ? change(supervisor)
                                           : about(random_.below(2) == 0 ? "delete_child" : "restart_child", child)));
    }
  }

  /// Asks no questions: those are answered at once, even by a supervisor that waits for the end of a child.
  Term at_once() {
    const Term suspended = any(supervisors_);
    std::vector<Term> steps;
    if (random_.below(3) == 0) {
      const Term child = child_of(suspended);
      steps.push_back(Term::tuple({atom("starts"), child, outcomes()}));
      steps.push_back(Term::tuple({atom("exit"), child, atom("kill")}));
    }
    for (std::uint64_t count = 2 + random_.below(3); count > 0; --count) {
      const Term supervisor = random_.below(3) == 0 ? any(supervisors_) : suspended;
      steps.push_back(random_.below(2) == 0 ? call(supervisor, change(supervisor)) : interference());
    }
    return Term::tuple({atom("at_once"), suspended, Term::list(steps)});
  }

  void plan_starts(const Term& id) { starts_.push_back(Term::tuple({id, outcomes()})); }

  SeededRandom random_;
  std::vector<Term> supervisors_;
  std::vector<Term> workers_;
  std::map<std::string, std::vector<Term>> children_;  ///< By supervisor, also those that were deleted since.
  std::vector<Term> starts_;
  std::uint64_t hasty_ = 0;
};

}  // namespace

Term generate_supervisor_program(std::uint64_t seed) { return Generator(seed).program(seed); }

}  // namespace troupe::differential
