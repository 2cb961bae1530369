// troupe::run inside this program: how a run ends, and with which status.
#include "troupe/run.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "troupe/application.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

using Story = std::shared_ptr<std::vector<std::string>>;

struct Go {};

/// Ends, at its first message, as it was told to.
class Ending {
 public:
  using messages = troupe::messages<Go>;
  explicit Ending(const std::string& how) : how_(how) {
    if (how_ == "unborn") {
      throw std::runtime_error("not today");
    }
    troupe::continue_with(Go{});
  }
  void handle(Go) {
    if (how_ == "crash") {
      throw std::runtime_error("boom");
    }
    troupe::stop(Term::atom(how_));
  }

 private:
  std::string how_;
};

/// Tells how it ends.
class Telling {
 public:
  static constexpr bool handles_parent_exit = true;
  using messages = troupe::messages<>;
  Telling(std::string name, Story story, bool obeys)
      : name_(std::move(name)), story_(std::move(story)), obeys_(obeys) {}
  void handle(const Exit& exit) {
    story_->push_back(name_ + " " + exit.reason.text());
    if (obeys_) {
      troupe::exit(exit.reason);
    }
  }

 private:
  std::string name_;
  Story story_;
  bool obeys_;
};

/// Asks for the end of the program as an operator would.
class Signalling : public Telling {
 public:
  using messages = troupe::messages<Go>;
  using Telling::handle;
  Signalling(std::string name, Story story, bool obeys) : Telling(std::move(name), std::move(story), obeys) {
    troupe::continue_with(Go{});
  }
  void handle(Go) { ::kill(::getpid(), SIGTERM); }
};

RunOptions quiet() {
  RunOptions options;
  options.log = RunLog::none;
  options.scheduler_threads = 1;
  return options;
}

int run_ending(const std::string& how) { return run(process_child<Ending>("root", how), quiet()); }

TEST(Run, ends_with_status_0_when_its_root_ends_normally_however_soon) {
  for (int round = 0; round < 50; ++round) {
    ASSERT_EQ(run_ending("normal"), 0);
  }
}

TEST(Run, ends_with_status_1_when_its_root_ends_otherwise) {
  EXPECT_EQ(run_ending("crash"), 1);
  EXPECT_EQ(run_ending("shutdown"), 1);
  EXPECT_EQ(run_ending("unborn"), 1);
}

TEST(Run, ends_with_status_1_when_its_root_does_not_start) {
  ChildSpec root_child;
  root_child.start = [](Runtime&) -> Result<Pid, StartError> { throw std::runtime_error("no root"); };
  EXPECT_EQ(run(root_child, quiet()), 1);
  root_child.start = [](Runtime&) -> Result<Pid, StartError> { return Pid{}; };
  EXPECT_EQ(run(root_child, quiet()), 1);
  SupervisorSpec root;
  root.children = {process_child<Ending>("ending", std::string("unborn"))};
  EXPECT_EQ(run(root, quiet()), 1);
}

TEST(Run, ends_with_status_1_when_children_fail_too_often) {
  SupervisorSpec root;
  root.children = {process_child<Ending>("ending", std::string("crash"))};
  EXPECT_EQ(run(root, quiet()), 1);
}

TEST(Run, drains_its_children_last_to_first_on_a_signal) {
  const auto story = std::make_shared<std::vector<std::string>>();
  SupervisorSpec root;
  root.children = {process_child<Telling>("one", std::string("one"), story, true),
                   process_child<Signalling>("two", std::string("two"), story, true)};
  EXPECT_EQ(run(root, quiet()), 0);
  EXPECT_EQ(*story, (std::vector<std::string>{"two shutdown", "one shutdown"}));
}

TEST(Run, kills_a_root_that_does_not_drain_in_time) {
  const auto story = std::make_shared<std::vector<std::string>>();
  RunOptions options = quiet();
  options.drain_timeout = 50ms;
  EXPECT_EQ(run(process_child<Signalling>("root", std::string("root"), story, false), options), 1);
  EXPECT_EQ(*story, std::vector<std::string>{"root shutdown"});
}

/// Never comes back from its handler.
class Hanging {
 public:
  static constexpr bool handles_parent_exit = true;
  using messages = troupe::messages<Go>;
  Hanging() { troupe::continue_with(Go{}); }
  void handle(Go) {
    ::kill(::getpid(), SIGTERM);
    std::atomic<bool> never{false};
    never.wait(false);
  }
  void handle(const Exit&) {}
};

TEST(RunDeathTest, ends_the_program_when_a_handler_never_returns) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        RunOptions options = quiet();
        options.drain_timeout = 50ms;
        options.exit_grace = 50ms;
        run(process_child<Hanging>("root"), options);
      },
      testing::ExitedWithCode(1), "");
}

}  // namespace
}  // namespace troupe
