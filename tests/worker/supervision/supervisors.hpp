// Supervised processes that tell their story, on virtual time.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "troupe/process.hpp"
#include "worker/process/simulated_scheduler.hpp"
#include "worker/supervision/supervisor.hpp"

namespace troupe {

using namespace std::chrono_literals;

using Texts = std::vector<std::string>;

/// What happened, in order: "start a", "stop a".
using Story = std::shared_ptr<std::vector<std::string>>;

struct Crash {};
struct Quit {
  Term reason;
};

class Worker {
 public:
  using messages = troupe::messages<Crash, Quit>;
  Worker(std::string name, Story story) : name_(std::move(name)), story_(std::move(story)) {
    story_->push_back("start " + name_);
  }
  ~Worker() { story_->push_back("end " + name_); }
  void handle(Crash) { throw std::runtime_error("crash"); }
  void handle(const Quit& quit) { troupe::exit(quit.reason); }

 private:
  std::string name_;
  Story story_;
};

/// Traps exits and does not care for `shutdown`.
class Stubborn : public Worker {
 public:
  static constexpr bool handles_parent_exit = true;
  using Worker::handle;
  using Worker::Worker;
  void handle(const Exit&) {}
};

class Supervisors : public ::testing::Test {
 protected:
  template <class S = Worker>
  ChildSpec child(const std::string& id, Restart restart = Restart::permanent) {
    ChildSpec spec;
    spec.id = id;
    spec.restart = restart;
    spec.start = [this, id](Runtime& runtime_here) -> Result<Pid, StartError> {
      if (failing_starts[id] > 0) {
        --failing_starts[id];
        return StartError{Term::atom("not_today")};
      }
      StartRequest request = start_request<S>(id, story);
      request.name = id;
      request.link = true;
      return runtime_here.start(request);
    };
    return spec;
  }
  Pid start(SupervisorSpec spec) {
    auto started = start_supervisor(runtime, std::move(spec), "supervisor");
    EXPECT_TRUE(started.ok());
    scheduler.run_until_idle();
    return *started;
  }
  template <class M>
  void tell(const std::string& name, M message) {
    const RuntimeScope scope(runtime);
    EXPECT_EQ(troupe::send(name, std::move(message)), SendResult::sent);
    scheduler.run_until_idle();
  }
  std::vector<std::string> take_story() { return std::exchange(*story, {}); }
  bool up(const std::string& name) { return runtime.whereis(name).has_value(); }
  /// As a gen_server:call from Erlang; an atom, or a request as a term.
  std::string ask(const Term& request, const std::string& whom = "supervisor") {
    auto answer = runtime.call(whom, request, 60s);
    return answer ? answer->text() : answer.error().message;
  }
  std::string ask(const std::string& what) { return ask(Term::atom(what)); }
  std::string ask(const std::string& what, const std::string& child) { return ask(request(what, Term::atom(child))); }
  static Term request(const std::string& what, Term argument) {
    return Term::tuple({Term::atom(what), std::move(argument)});
  }
  std::string add(ChildSpec spec) {
    auto started = start_child(runtime, "supervisor", std::move(spec), 60s);
    return started ? "ok" : started.error().text();
  }

  SimulatedScheduler scheduler{7};
  Runtime runtime{scheduler};
  Story story = std::make_shared<std::vector<std::string>>();
  std::map<std::string, int> failing_starts;
};

}  // namespace troupe
