#include "tests/differential/interpreter.hpp"

#include <algorithm>
#include <functional>
#include <thread>

#include "base/check.hpp"
#include "tests/differential/scripted_process.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/simulated_scheduler.hpp"

namespace troupe::differential {
namespace {

using namespace std::chrono_literals;

class Coordinator {
 public:
  /// `settle` returns when nothing that was caused is under way any more.
  Coordinator(Runtime& runtime, World& world, const Pid& watcher, std::function<void()> settle)
      : runtime_(runtime), world_(world), watcher_(watcher), settle_(std::move(settle)) {}

  void run(const Program& program) {
    for (const std::string& root : program.roots) {
      runtime_.spawn<ScriptedProcess>(world_, watcher_, root);
    }
    settle_();
    for (const Step& step : program.ordered) {
      world_.next_step();
      perform(step);
      settle_();
    }
    world_.next_step();
    for (const Step& step : program.free) {
      perform(step);
    }
    settle_();
    world_.next_step();
    for (const auto& [name, pid] : world_.everybody()) {
      record_final(name, pid);
    }
  }

 private:
  void perform(const Step& step) {
    if (const auto pid = world_.pid_of(step.process)) {
      const RuntimeScope scope(runtime_);
      troupe::send(*pid, Do{step.instruction});
    }
  }

  void record_final(const std::string& name, const Pid& pid) {
    if (const auto info = runtime_.process_info(pid)) {
      world_.record(name, Term::tuple({Term::atom("final"), names(info->links, pid), names(info->monitored_by, pid)}));
    }
  }
  /// Without the process itself, which is shown as its own watcher while it owes itself an answer.
  [[nodiscard]] Term names(const std::vector<Pid>& pids, const Pid& own) const {
    std::vector<std::string> sorted;
    for (const Pid& pid : pids) {
      if (pid != watcher_ && pid != own) {
        sorted.push_back(world_.name_of(pid));
      }
    }
    std::sort(sorted.begin(), sorted.end());
    std::vector<Term> atoms;
    for (const std::string& name : sorted) {
      atoms.push_back(Term::atom(name));
    }
    return Term::list(std::move(atoms));
  }

  Runtime& runtime_;
  World& world_;
  const Pid watcher_;
  const std::function<void()> settle_;
};

/// Asks everybody for a sign until nothing happens during two rounds. What was sent before a ping to the same process
/// acts before its answer, and what that causes is seen in the next round; two, because an unlink is acknowledged
/// without anybody noticing.
void settle_threads(Runtime& runtime, World& world, const Pid& watcher) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  const RuntimeScope scope(runtime);
  std::uint64_t before = world.changes();
  for (int quiet_rounds = 0; quiet_rounds < 2;) {
    std::vector<Pid> asked{watcher};
    for (const auto& [name, pid] : world.everybody()) {
      asked.push_back(pid);
    }
    const std::uint64_t round = world.next_round();
    for (const Pid& pid : asked) {
      troupe::send(pid, Ping{round});
    }
    for (const Pid& pid : asked) {
      while (!world.has_answered(pid, round) && runtime.alive(pid)) {
        check(std::chrono::steady_clock::now() < deadline, "a program did not come to rest within a minute");
        std::this_thread::yield();
      }
    }
    // More processes than states: somebody is about to tell others of its end.
    const bool all_gone_are_over = runtime.counters().processes == world.living() + 1;
    // Compared with the round before: what happens between two rounds counts as well.
    const std::uint64_t now = world.changes();
    const bool quiet = all_gone_are_over && world.ticks() == 0 && now == before;
    before = now;
    quiet_rounds = quiet ? quiet_rounds + 1 : 0;
    check(std::chrono::steady_clock::now() < deadline, "a program did not come to rest within a minute");
  }
}

}  // namespace

Trace run_simulated(const Program& program, std::uint64_t schedule_seed, PlantedBug bug) {
  World world(bug);
  SimulatedScheduler scheduler(schedule_seed);
  Runtime runtime(scheduler);
  const Pid watcher = runtime.spawn<Watcher>(std::ref(world));
  // More than the ticks of any program and less than the timeout of a call.
  Coordinator(runtime, world, watcher, [&] { scheduler.run_for(1s); }).run(program);
  return world.trace();
}

Trace run_threaded(const Program& program, Scheduler& scheduler) {
  World world(PlantedBug::none);
  Runtime runtime(scheduler);
  const Pid watcher = runtime.spawn<Watcher>(std::ref(world));
  Coordinator(runtime, world, watcher, [&] { settle_threads(runtime, world, watcher); }).run(program);
  return world.trace();
}

}  // namespace troupe::differential
