// Dynamic supervisors under random histories of starts, terminations, crashes, failing starts and slow stops.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/seeds.hpp"
#include "troupe/process.hpp"
#include "worker/process/simulated_scheduler.hpp"
#include "worker/supervision/dynamic_supervisor.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

struct Crash {};

/// Of one name at most one may ever live.
struct Scene {
  std::set<std::string> alive;
  std::vector<std::string> broken;
};

class Actor {
 public:
  using messages = troupe::messages<Crash>;
  Actor(Scene& scene, std::string name) : scene_(scene), name_(std::move(name)) {
    if (!scene_.alive.insert(name_).second) {
      scene_.broken.push_back(name_ + " runs twice");
    }
  }
  ~Actor() { scene_.alive.erase(name_); }
  void handle(Crash) { throw std::runtime_error("crash"); }

 private:
  Scene& scene_;
  std::string name_;
};

class SlowActor : public Actor {
 public:
  static constexpr bool handles_parent_exit = true;
  using Actor::Actor;
  using Actor::handle;
  void handle(const Exit&) { troupe::start_timer(3s); }
  void handle(Timeout) { troupe::exit(Term::atom("shutdown")); }
};

void post_call(Runtime& runtime, const Pid& supervisor, const char* what, Term argument) {
  const Term from = Term::tuple({Term::pid(supervisor), Term::atom("nobody")});
  runtime.post(supervisor,
               Term::tuple({Term::atom("$gen_call"), from, Term::tuple({Term::atom(what), std::move(argument)})}));
}

std::vector<std::string> history(std::uint64_t seed) {
  SimulatedScheduler scheduler(seed);
  SeededRandom choices(seed ^ 0xd1a1);
  Scene scene;
  {
    Runtime runtime(scheduler);
    DynamicSupervisorSpec spec;
    spec.restart = static_cast<Restart>(choices.below(3));
    const Restart restart = spec.restart;
    spec.intensity = {static_cast<std::uint32_t>(choices.below(6)), 5s};
    spec.shutdown_timeout = std::chrono::milliseconds(1000 * choices.below(5));
    spec.start = [&](Runtime& here, const Term& arguments) -> Result<Pid, StartError> {
      if (choices.below(8) == 0) {
        return StartError{Term::atom("bad_day")};
      }
      const std::string name(*(*arguments.as_list())[0].as_atom());
      StartRequest request = choices.below(2) == 0 ? start_request<SlowActor>(std::ref(scene), name)
                                                   : start_request<Actor>(std::ref(scene), name);
      request.name = name;
      request.link = true;
      return here.start(request);
    };
    const Pid supervisor = *start_dynamic_supervisor(runtime, std::move(spec));
    for (std::size_t round = 0; round < 20 && runtime.alive(supervisor); ++round) {
      const std::string name = "child" + std::to_string(choices.below(round + 1));
      const auto pid = runtime.whereis(name);
      switch (choices.below(4)) {
        case 0:
          if (pid) {
            runtime.post(*pid, Term::atom("crash"));
          }
          break;
        case 1:
          if (pid) {
            post_call(runtime, supervisor, "terminate_child", Term::pid(*pid));
          }
          break;
        default:
          post_call(runtime, supervisor, "start_child", Term::list({Term::atom("child" + std::to_string(round))}));
      }
      scheduler.run_for(std::chrono::milliseconds(choices.below(2) == 0 ? 0 : choices.below(4000)));
    }
    scheduler.run_until_idle();
    if (runtime.alive(supervisor)) {
      const auto list = runtime.call(supervisor, Term::atom("which_children"), 1s);
      if (!list || list->as_list()->size() != scene.alive.size()) {
        scene.broken.push_back("the supervisor knows of other children than those that live");
      }
      runtime.exit(supervisor, Term::atom("shutdown"));
      scheduler.run_until_idle();
    } else if (restart == Restart::temporary) {
      scene.broken.push_back("gave up although nothing restarts");
    }
    if (runtime.counters().processes != 0) {
      scene.broken.push_back("a process outlived its supervisor");
    }
  }
  return scene.broken;
}

TEST(DynamicSupervisorHistories, know_their_children_and_leave_nobody_behind) {
  test::for_each_history(2'000, 100'000, history);
}

}  // namespace
}  // namespace troupe
