#include "tests/differential/supervisor_program.hpp"

#include <algorithm>
#include <string>

#include "base/random.hpp"
#include "troupe/process.hpp"
#include "worker/process/current.hpp"
#include "worker/process/simulated_scheduler.hpp"
#include "worker/supervision/supervisor.hpp"

namespace troupe::differential {
namespace {

using namespace std::chrono_literals;

Term atom(std::string_view name) { return Term::atom(name); }
std::string text_of(const Term& term) { return std::string(term.as_atom().value_or("")); }

template <std::size_t Count>
Term one_of(SeededRandom& random, const char* const (&names)[Count]) {
  return atom(names[random.below(Count)]);
}

struct Quit {
  Term reason;
};

/// What one program's processes share; everything runs on one thread.
struct Stage {
  Runtime* runtime = nullptr;
  Process* watcher = nullptr;
  std::int64_t step = 0;
  std::vector<Term> events;
  std::map<std::string, std::int64_t> failing;
  std::map<std::string, Pid> pids;
  std::map<Pid, std::string> ids;

  /// Here and now, in the name of the watcher: a message to it could come too late to see the reason.
  void watch(const Pid& pid) { runtime->monitor(*watcher, pid); }
  void record(Term event) { events.push_back(Term::tuple({Term::integer(step), std::move(event)})); }
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
  explicit EndWatcher(Stage& stage) : stage_(stage) { stage_.watcher = current()->process; }
  void handle(const Down& down) {
    stage_.record(Term::tuple({atom("ended"), atom(stage_.ids[down.from]), down.reason}));
  }

 private:
  Stage& stage_;
};

Result<Pid, StartError> start_scripted(Stage& stage, const std::string& id, bool stubborn) {
  if (stage.failing[id] > 0) {
    --stage.failing[id];
    stage.record(Term::tuple({atom("failed"), atom(id)}));
    return StartError{atom("not_today")};
  }
  stage.record(Term::tuple({atom("started"), atom(id)}));
  StartRequest request = stubborn ? start_request<StubbornChild>() : start_request<PlainChild>();
  request.link = true;
  auto started = stage.runtime->start(request);
  if (started) {
    stage.pids[id] = *started;
    stage.ids[*started] = id;
    stage.watch(*started);
  }
  return started;
}

SupervisorSpec spec_of(Stage& stage, std::span<const Term> program) {
  SupervisorSpec spec;
  const std::map<std::string, Strategy> strategies{{"one_for_one", Strategy::one_for_one},
                                                   {"one_for_all", Strategy::one_for_all},
                                                   {"rest_for_one", Strategy::rest_for_one}};
  const std::map<std::string, Restart> restarts{
      {"permanent", Restart::permanent}, {"transient", Restart::transient}, {"temporary", Restart::temporary}};
  spec.strategy = strategies.at(text_of(program[1]));
  spec.intensity = {static_cast<std::uint32_t>(*program[2].as_integer()), 100'000s};
  const auto children = *program[3].as_list();
  for (const Term& child : children) {
    const auto parts = *child.as_tuple();
    ChildSpec& added = spec.children.emplace_back();
    added.id = text_of(parts[0]);
    added.restart = restarts.at(text_of(parts[1]));
    added.shutdown_timeout = std::chrono::milliseconds(parts[2].as_integer().value_or(0));
    added.start = [&stage, id = added.id, stubborn = parts[3].is_atom("stubborn")](Runtime&) {
      return start_scripted(stage, id, stubborn);
    };
  }
  return spec;
}

void record_children(Stage& stage, const Pid& supervisor) {
  const auto answer = stage.runtime->call(supervisor, atom("which_children"), 1s);
  if (!answer) {
    return;
  }
  std::vector<Term> states;
  const auto children = *answer->as_list();
  for (const Term& child : children) {
    const auto parts = *child.as_tuple();
    const Term id = parts[0].as_atom() ? parts[0] : atom(parts[0].as_text().value_or(""));
    states.push_back(Term::tuple({id, parts[1].as_pid() ? atom("running") : parts[1]}));
  }
  std::sort(states.begin(), states.end(), [](const Term& one, const Term& two) { return order(one, two) < 0; });
  stage.record(Term::tuple({atom("children"), Term::list(std::move(states))}));
}

void perform(Stage& stage, const Pid& supervisor, const Term& step) {
  const auto parts = *step.as_tuple();
  if (parts[0].is_atom("stop")) {
    stage.runtime->exit(supervisor, atom("shutdown"));
  } else if (parts[0].is_atom("failing")) {
    stage.failing[text_of(parts[1])] = *parts[2].as_integer();
  } else if (const auto pid = stage.pids.find(text_of(parts[1])); pid != stage.pids.end()) {
    const RuntimeScope scope(*stage.runtime);
    troupe::send(pid->second, Quit{parts[2]});
  }
}

}  // namespace

Term generate_supervisor_program(std::uint64_t seed) {
  SeededRandom random(seed);
  const auto number = [](std::uint64_t value) { return Term::integer(static_cast<std::int64_t>(value)); };
  std::vector<Term> ids;
  std::vector<Term> children;
  std::vector<Term> failing;
  for (std::uint64_t count = 1 + random.below(5); count > 0; --count) {
    ids.push_back(atom("c" + std::to_string(ids.size())));
    const Term restart = one_of(random, {"permanent", "permanent", "transient", "temporary"});
    const bool stubborn = random.below(6) == 0;
    children.push_back(
        Term::tuple({ids.back(), restart, random.below(4) == 0 ? atom("brutal_kill") : number(stubborn ? 10 : 5'000),
                     atom(stubborn ? "stubborn" : "plain")}));
  }
  if (random.below(8) == 0) {
    failing.push_back(ids[random.below(ids.size())]);
  }
  std::vector<Term> steps;
  for (std::uint64_t count = 1 + random.below(10); count > 0; --count) {
    const Term id = ids[random.below(ids.size())];
    switch (random.below(10)) {
      case 0:
        steps.push_back(Term::tuple({atom("failing"), id, number(1 + random.below(3))}));
        break;
      case 1:
        steps.push_back(random.below(3) == 0 ? Term::tuple({atom("stop")})
                                             : Term::tuple({atom("quit"), id, Term::tuple({atom("shutdown"), id})}));
        break;
      default:
        steps.push_back(Term::tuple({atom("quit"), id, one_of(random, {"normal", "shutdown", "boom", "kill"})}));
        break;
    }
  }
  return Term::tuple({number(seed), one_of(random, {"one_for_one", "one_for_all", "rest_for_one"}),
                      number(random.below(6)), Term::list(children), Term::list(failing), Term::list(steps)});
}

Supervision supervision(const std::vector<Term>& events) {
  Supervision result;
  for (const Term& entry : events) {
    const auto parts = *entry.as_tuple();
    const bool ended = parts[1].is_tagged("ended", 3);
    const bool children = parts[1].is_tagged("children", 2);
    auto& into = ended ? result.ends : children ? result.children : result.starts;
    into[*parts[0].as_integer()].push_back(parts[1]);
  }
  return result;
}

std::vector<Term> run_supervisor_program(const Term& program) {
  const auto parts = *program.as_tuple();
  Stage stage;
  SimulatedScheduler scheduler(static_cast<std::uint64_t>(*parts[0].as_integer()));
  Runtime runtime(scheduler);
  stage.runtime = &runtime;
  runtime.spawn<EndWatcher>(std::ref(stage));
  const auto failing = *parts[4].as_list();
  for (const Term& id : failing) {
    stage.failing[text_of(id)] = 1;
  }
  const auto supervisor = start_supervisor(runtime, spec_of(stage, parts), "supervisor");
  if (!supervisor) {
    scheduler.run_for(60s);
    stage.record(Term::tuple({atom("start_error"), supervisor.error().reason}));
    return stage.events;
  }
  stage.ids[*supervisor] = "supervisor";
  stage.watch(*supervisor);
  scheduler.run_for(60s);
  record_children(stage, *supervisor);
  const auto steps = *parts[5].as_list();
  for (const Term& step : steps) {
    ++stage.step;
    perform(stage, *supervisor, step);
    scheduler.run_for(60s);
    record_children(stage, *supervisor);
  }
  return stage.events;
}

}  // namespace troupe::differential
