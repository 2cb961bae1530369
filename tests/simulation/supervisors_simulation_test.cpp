// Supervisors under thousands of random histories of crashes, failing starts and slow stops.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/seeds.hpp"
#include "troupe/process.hpp"
#include "worker/process/simulated_scheduler.hpp"
#include "worker/supervision/supervisor.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

struct Scene {
  std::map<std::size_t, int> alive;
  std::vector<std::string> broken;
  std::vector<Instant> restarts;
  bool a_start_failed = false;
};

struct Crash {};
struct Leave {};

class Actor {
 public:
  using messages = troupe::messages<Crash, Leave>;
  Actor(Scene& scene, std::size_t index) : scene_(scene), index_(index) {
    if (++scene_.alive[index_] > 1) {
      scene_.broken.push_back("child " + std::to_string(index_) + " runs twice");
    }
  }
  ~Actor() { --scene_.alive[index_]; }
  void handle(Crash) { throw std::runtime_error("crash"); }
  void handle(Leave) { troupe::exit(Term::atom("normal")); }

 private:
  Scene& scene_;
  std::size_t index_;
};

class SlowActor : public Actor {
 public:
  static constexpr bool handles_parent_exit = true;
  using Actor::Actor;
  using Actor::handle;
  void handle(const Exit&) { troupe::start_timer(3s); }
  void handle(Timeout) { troupe::exit(Term::atom("shutdown")); }
};

/// Now and then somebody asks to terminate, restart or delete a child, without waiting for the answer. A child that was
/// ever terminated or deleted may be away in the end.
void ask_for_a_change(Runtime& runtime, const Pid& supervisor, SeededRandom& choices, std::vector<bool>& wanted) {
  constexpr std::array<const char*, 6> changes{"terminate_child", "restart_child", "delete_child",
                                               nullptr,           nullptr,         nullptr};
  const char* const change = changes[choices.below(changes.size())];
  if (change == nullptr) {
    return;
  }
  const std::size_t at = choices.below(wanted.size());
  wanted[at] = wanted[at] && change == std::string_view("restart_child");
  const Term request = Term::tuple({Term::atom(change), Term::atom("child" + std::to_string(at))});
  runtime.post(supervisor, Term::tuple({Term::atom("$gen_call"),
                                        Term::tuple({Term::pid(supervisor), Term::atom("nobody")}), request}));
}

std::vector<std::string> history(std::uint64_t seed) {
  SimulatedScheduler scheduler(seed);
  SeededRandom choices(seed ^ 0xabcd);
  Scene scene;
  {
    Runtime runtime(scheduler);
    const RestartIntensity intensity{static_cast<std::uint32_t>(choices.below(4)), 5s};
    SupervisorSpec spec;
    const auto strategy = static_cast<Strategy>(choices.below(3));
    spec.strategy = strategy;
    spec.intensity = intensity;
    spec.on_restart = [&](std::string_view, const Term&) { scene.restarts.push_back(scheduler.clock().now()); };
    const std::size_t count = 1 + choices.below(5);
    std::vector<Restart> kinds;
    bool starting = true;
    for (std::size_t at = 0; at < count; ++at) {
      const bool slow = choices.below(3) == 0;
      kinds.push_back(static_cast<Restart>(choices.below(3)));
      ChildSpec child;
      child.id = "child" + std::to_string(at);
      child.restart = kinds.back();
      child.shutdown_timeout = std::chrono::milliseconds(1000 * choices.below(5));
      child.start = [&, at, slow](Runtime& here) -> Result<Pid, StartError> {
        if (!starting && choices.below(6) == 0) {
          scene.a_start_failed = true;
          return StartError{Term::atom("bad_day")};
        }
        StartRequest request =
            slow ? start_request<SlowActor>(std::ref(scene), at) : start_request<Actor>(std::ref(scene), at);
        request.name = "child" + std::to_string(at);
        request.link = true;
        return here.start(request);
      };
      spec.children.push_back(std::move(child));
    }
    const auto supervisor = start_supervisor(runtime, std::move(spec));
    starting = false;
    if (!supervisor) {
      return {"the supervisor did not start: " + supervisor.error().text()};
    }
    std::vector<bool> wanted(count, true);
    for (int round = 0; round < 12 && runtime.alive(*supervisor); ++round) {
      ask_for_a_change(runtime, *supervisor, choices, wanted);
      const std::string name = "child" + std::to_string(choices.below(count));
      if (runtime.whereis(name)) {
        runtime.post(name, Term::atom(choices.below(4) == 0 ? "leave" : "crash"));
      }
      scheduler.run_for(std::chrono::milliseconds(choices.below(3) == 0 ? 0 : choices.below(4000)));
    }
    scheduler.run_until_idle();
    if (runtime.alive(*supervisor)) {
      if (strategy != Strategy::one_for_one && scene.a_start_failed) {
        // As in OTP: whoever was to start after a child whose start failed waits for that child's next attempt, which
        // terminate_child calls off.
        const bool all = std::find(wanted.begin(), wanted.end(), false) == wanted.end();
        wanted.assign(count, all);
      }
      for (std::size_t at = 0; at < count; ++at) {
        if (kinds[at] == Restart::permanent && wanted[at] && scene.alive[at] != 1) {
          scene.broken.push_back("permanent child " + std::to_string(at) + " does not run");
        }
      }
      runtime.exit(*supervisor, Term::atom("shutdown"));
      scheduler.run_until_idle();
    }
    if (runtime.counters().processes != 0) {
      scene.broken.push_back("a process outlived its supervisor");
    }
    for (std::size_t at = intensity.restarts_max; at < scene.restarts.size(); ++at) {
      if (scene.restarts[at] - scene.restarts[at - intensity.restarts_max] <= intensity.window &&
          intensity.restarts_max > 0) {
        scene.broken.push_back("more restarts in the window than allowed");
      }
    }
    if (intensity.restarts_max == 0 && !scene.restarts.empty()) {
      scene.broken.push_back("a restart where none is allowed");
    }
  }
  return scene.broken;
}

TEST(SupervisorHistories, keep_what_must_run_running_and_leave_nobody_behind) {
  test::for_each_history(2'000, 100'000, history);
}

}  // namespace
}  // namespace troupe
