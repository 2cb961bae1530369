#include "tests/differential/supervisor_program.hpp"

#include <algorithm>
#include <memory>

#include "tests/differential/supervisor_words.hpp"
#include "tests/worker/term/short_terms.hpp"
#include "worker/process/blocking_request.hpp"
#include "worker/process/current.hpp"
#include "worker/process/simulated_scheduler.hpp"
#include "worker/process/system_call.hpp"
#include "worker/supervision/dynamic_supervisor.hpp"
#include "worker/supervision/supervisor.hpp"

namespace troupe::differential {
namespace {

using namespace std::chrono_literals;

std::string text_of(const Term& term) { return std::string(term.as_atom().value_or("")); }

Term sorted_list(std::vector<Term> terms) {
  std::sort(terms.begin(), terms.end(), [](const Term& one, const Term& two) { return order(one, two) < 0; });
  return Term::list(std::move(terms));
}

struct Quit {
  Term reason;
};
class PlainChild {
 public:
  using messages = troupe::messages<Quit>;
  void handle(const Quit& quit) { troupe::exit(quit.reason); }
};
class StubbornChild : public PlainChild {
 public:
  static constexpr bool handles_parent_exit = true;
  using PlainChild::handle;
  void handle(const Exit&) {}
};

class EndWatcher {
 public:
  using messages = troupe::messages<>;
  EndWatcher(Process** self, std::function<void(const Down&)> told) : told_(std::move(told)) {
    *self = current()->process;
  }
  void handle(const Down& down) { told_(down); }

 private:
  std::function<void(const Down&)> told_;
};

/// The world of one program; everything runs on one thread.
class Stage {
 public:
  explicit Stage(std::uint64_t seed) : scheduler_(seed), runtime_(scheduler_) {
    runtime_.spawn<EndWatcher>(&watcher_, [this](const Down& down) {
      const Name& name = names_.at(down.from);
      record({atom("ended"), atom(name.supervisor), atom(name.id), down.reason});
    });
  }

  std::vector<Term> run(std::span<const Term> program) {
    const auto starts = *program[3].as_list();
    for (const Term& one : starts) {
      const auto parts = *one.as_tuple();
      plan_starts(text_of(parts[0]), parts[1]);
    }
    const auto root = start_supervisor_as("nobody", text_of(program[1]), program[2]);
    scheduler_.run_for(60s);
    if (!root) {
      record({atom("start_error"), root.error().reason});
      return events_;
    }
    look();
    const auto steps = *program[4].as_list();
    for (const Term& step : steps) {
      ++step_;
      Answers answers;
      perform(step, answers);
      scheduler_.run_for(60s);
      for (const auto& answer : answers) {
        record({atom("reply"), answer->replied ? with_names(answer->term) : atom("gone")});
      }
      look();
    }
    return events_;
  }

 private:
  using Answers = std::vector<std::shared_ptr<BlockingAnswer>>;
  struct Name {
    std::string supervisor;
    std::string id;
    bool is_supervisor = false;
  };

  void record(std::vector<Term> event) {
    events_.push_back(Term::tuple({Term::integer(step_), Term::tuple(std::move(event))}));
  }

  void plan_starts(const std::string& id, const Term& outcomes) {
    const auto list = *outcomes.as_list();
    starts_[id].assign(list.rbegin(), list.rend());
  }
  std::string next_start(const std::string& supervisor, const std::string& id) {
    std::vector<Term>& planned = starts_[id];
    std::string outcome = planned.empty() ? "ok" : text_of(planned.back());
    if (!planned.empty()) {
      planned.pop_back();
    }
    if (outcome == "ignore" && supervisor.front() == 'd' && pids_.count(id) != 0) {
      outcome = "ok";
    }
    record({atom("start"), atom(id), atom(outcome)});
    return outcome;
  }

  Result<Pid, StartError> start_child_as(const std::string& supervisor, const std::string& id, const Term& kind) {
    const std::string outcome = next_start(supervisor, id);
    if (outcome == "error") {
      return StartError{atom("not_today")};
    }
    if (outcome == "ignore") {
      return Pid{};
    }
    if (kind.as_tuple()) {
      return start_supervisor_as(supervisor, id, kind);
    }
    StartRequest request = kind.is_atom("stubborn") ? start_request<StubbornChild>() : start_request<PlainChild>();
    request.link = true;
    return started(runtime_.start(request), {supervisor, id, false});
  }

  Result<Pid, StartError> start_supervisor_as(const std::string& parent, const std::string& id, const Term& spec) {
    const auto parts = *spec.as_tuple();
    return started(parts[0].is_atom("simple_one_for_one") ? start_dynamic_supervisor(runtime_, dynamic_spec(id, parts))
                                                          : start_supervisor(runtime_, supervisor_spec(id, parts)),
                   {parent, id, true});
  }

  /// Watched here and now, in the name of the watcher: a message to it could come too late to see the reason.
  Result<Pid, StartError> started(Result<Pid, StartError> pid, Name name) {
    if (pid) {
      pids_[name.id] = *pid;
      names_[*pid] = std::move(name);
      runtime_.monitor(*watcher_, *pid);
    }
    return pid;
  }

  ChildSpec child_spec(const std::string& supervisor, std::span<const Term> parts) {
    ChildSpec spec = child_of(parts);
    spec.start = [this, supervisor, id = spec.id, kind = parts[4]](Runtime&) {
      return start_child_as(supervisor, id, kind);
    };
    return spec;
  }

  SupervisorSpec supervisor_spec(const std::string& id, std::span<const Term> parts) {
    SupervisorSpec spec;
    spec.strategy = strategy_of(parts[0]);
    spec.intensity = intensity_of(parts[1]);
    spec.auto_shutdown = auto_shutdown_of(parts[2]);
    const auto children = *parts[3].as_list();
    for (const Term& child : children) {
      spec.children.push_back(child_spec(id, *child.as_tuple()));
    }
    return spec;
  }

  DynamicSupervisorSpec dynamic_spec(const std::string& id, std::span<const Term> parts) {
    const auto child = *(*parts[3].as_list())[0].as_tuple();
    const ChildSpec properties = child_of(child);
    DynamicSupervisorSpec spec;
    spec.restart = properties.restart;
    spec.shutdown_timeout = properties.shutdown_timeout;
    spec.significant = properties.significant;
    spec.intensity = intensity_of(parts[1]);
    spec.auto_shutdown = auto_shutdown_of(parts[2]);
    spec.start = [this, id, kind = child[4]](Runtime&, const Term& arguments) {
      return start_child_as(id, text_of((*arguments.as_list())[0]), kind);
    };
    return spec;
  }

  /// The youngest of that name.
  Pid pid_of(const Term& id) const {
    const auto found = pids_.find(text_of(id));
    return found == pids_.end() ? Pid{} : found->second;
  }

  void perform(const Term& step, Answers& answers) {
    const auto parts = *step.as_tuple();
    const Pid pid = pid_of(parts[1]);
    if (parts[0].is_atom("at_once")) {
      static_cast<void>(system_call(runtime_, pid, atom("suspend"), 1s).ok());
      const auto steps = *parts[2].as_list();
      for (const Term& one : steps) {
        perform(one, answers);
        scheduler_.run_for(60s);
      }
      static_cast<void>(system_call(runtime_, pid, atom("resume"), 1s).ok());
    } else if (parts[0].is_atom("call")) {
      answers.push_back(std::make_shared<BlockingAnswer>());
      ask(pid, text_of(parts[1]), parts[2], answers.back());
    } else if (parts[0].is_atom("starts")) {
      plan_starts(text_of(parts[1]), parts[2]);
    } else if (parts[0].is_atom("exit")) {
      runtime_.exit(pid, parts[2]);
    } else if (pid.valid()) {
      const RuntimeScope scope(runtime_);
      troupe::send(pid, Quit{parts[2]});
    }
  }

  void ask(const Pid& supervisor, const std::string& id, const Term& request,
           const std::shared_ptr<BlockingAnswer>& answer) {
    const auto parts = request.as_tuple();
    if (request.is_tagged("start_child", 2) && (*parts)[1].as_tuple()) {
      send(answer, supervisor, AddChild{Local<ChildSpec>(child_spec(id, *(*parts)[1].as_tuple()))});
    } else if (parts && (*parts)[1].is_tagged("pid", 2)) {
      send(answer, supervisor, Term::tuple({(*parts)[0], Term::pid(pid_of((*(*parts)[1].as_tuple())[1]))}));
    } else {
      send(answer, supervisor, request);
    }
  }
  template <class Request>
  void send(const std::shared_ptr<BlockingAnswer>& answer, const Pid& to, Request request) {
    runtime_.spawn<BlockingAsker<Request>>(answer, std::ref(runtime_), to, std::move(request), Duration(1h));
  }

  Term with_names(const Term& term) const {
    const auto all = [this](std::span<const Term> terms) {
      std::vector<Term> named_terms;
      std::transform(terms.begin(), terms.end(), std::back_inserter(named_terms),
                     [this](const Term& one) { return with_names(one); });
      return named_terms;
    };
    if (const auto pid = term.as_pid()) {
      const auto found = names_.find(*pid);
      return atom(found == names_.end() ? "stranger" : found->second.id);
    }
    if (const auto tuple = term.as_tuple()) {
      return Term::tuple(all(*tuple));
    }
    const auto list = term.as_list();
    return list ? Term::list(all(*list)) : term;
  }

  void look() {
    std::vector<Term> children;
    std::vector<Term> alive;
    for (const auto& [pid, name] : names_) {
      if (!runtime_.alive(pid)) {
        continue;
      }
      alive.push_back(atom(name.id));
      if (name.is_supervisor) {
        const auto answer = runtime_.call(pid, atom("which_children"), 1s);
        const Term listed = answer ? with_names(*answer) : atom("gone");
        const auto list = listed.as_list().value_or(std::span<const Term>());
        children.push_back(
            Term::tuple({atom(name.id), name.id.front() == 'd' ? sorted_list({list.begin(), list.end()}) : listed}));
      }
    }
    record({atom("children"), sorted_list(std::move(children))});
    record({atom("alive"), sorted_list(std::move(alive))});
  }

  SimulatedScheduler scheduler_;
  std::int64_t step_ = 0;
  std::vector<Term> events_;
  std::map<std::string, std::vector<Term>> starts_;  ///< The next one last.
  std::map<std::string, Pid> pids_;
  std::map<Pid, Name> names_;
  Process* watcher_ = nullptr;
  Runtime runtime_;
};

}  // namespace

std::vector<Term> run_supervisor_program(const Term& program) {
  const auto parts = *program.as_tuple();
  return Stage(static_cast<std::uint64_t>(*parts[0].as_integer())).run(parts);
}

}  // namespace troupe::differential
