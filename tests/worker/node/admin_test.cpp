#include "worker/node/admin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "troupe/child_spec.hpp"
#include "troupe/process.hpp"
#include "worker/process/simulated_scheduler.hpp"
#include "worker/supervision/supervisor.hpp"

namespace troupe::node {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Admin, questions_survive_the_way_through_the_socket) {
  const std::vector<std::string> words = {"call", "counter", "{add, 1}", ""};
  EXPECT_EQ(split_question(join_question(words)), words);
  EXPECT_TRUE(split_question("").empty());
}

struct Put {
  std::int64_t number = 0;
};
struct Get {
  using Reply = std::int64_t;
};

class Shelf {
 public:
  using messages = troupe::messages<Put, Get>;
  Shelf() { troupe::set_label("tidying up"); }
  void handle(Put put) { number_ = put.number; }
  std::int64_t handle(Get) const { return number_; }
  [[nodiscard]] std::int64_t save() const { return number_; }

 private:
  std::int64_t number_ = 0;
};

/// Questions to a worker on virtual time that runs a supervisor with one shelf.
class Ctl : public ::testing::Test {
 protected:
  Ctl() {
    SupervisorSpec root;
    root.children = {named_child<Shelf>("shelf")};
    EXPECT_TRUE(start_supervisor(runtime, std::move(root), "shop").ok());
    scheduler.run_until_idle();
  }
  std::string ask(const std::vector<std::string>& words) { return answer_admin(runtime, words, 1s); }
  std::string pid_of(std::string_view name) { return Term::pid(*runtime.whereis(name)).text(); }

  SimulatedScheduler scheduler{1};
  Runtime runtime{scheduler};
};

TEST_F(Ctl, info_shows_a_process_by_name_or_pid) {
  const std::string info = ask({"info", "shelf"});
  EXPECT_THAT(info, StartsWith("+pid             " + pid_of("shelf") + "\nname            shelf\n"));
  EXPECT_THAT(info, HasSubstr("\nclass           Shelf\nlabel           tidying up\nstatus          waiting\n"));
  EXPECT_THAT(info, HasSubstr("\nparent          " + pid_of("shop") + "\n"));
  EXPECT_THAT(info, HasSubstr("\nlinks           " + pid_of("shop") + "\n"));
  EXPECT_EQ(ask({"info", pid_of("shelf")}), info);
  EXPECT_EQ(ask({"info", "nobody"}), "-no process is registered as nobody or has that pid");
  EXPECT_EQ(ask({"info", "<0.999999999999.1>"}), "-no process is registered as <0.999999999999.1> or has that pid");
  EXPECT_EQ(ask({"info", "<0.77.1>"}), "-no process is registered as <0.77.1> or has that pid");
}

TEST_F(Ctl, top_lists_who_has_most) {
  ask({"send", "shelf", "{put, 1}"});
  scheduler.run_until_idle();
  ask({"send", "shelf", "{put, 2}"});
  const std::string by_mailbox = ask({"top"});
  EXPECT_THAT(by_mailbox, StartsWith("+PID "));
  EXPECT_LT(by_mailbox.find("Shelf"), by_mailbox.find("SupervisorProcess"));
  const std::string one = ask({"top", "memory", "1"});
  EXPECT_THAT(one, HasSubstr("SupervisorProcess"));
  EXPECT_EQ(one.find("Shelf"), std::string::npos);
  EXPECT_EQ(ask({"top", "beauty"}), "-top is by mailbox, memory or reductions, not by beauty");
  EXPECT_EQ(ask({"top", "memory", "0"}), "-top shows 1 to 1000 processes");
  EXPECT_EQ(ask({"top", "memory", "all"}), "-top shows 1 to 1000 processes");
}

TEST_F(Ctl, tree_shows_children_below_their_supervisors) {
  EXPECT_EQ(ask({"tree"}),
            "+" + pid_of("shop") + " SupervisorProcess as shop\n  shelf " + pid_of("shelf") + " Shelf as shelf\n");
}

TEST_F(Ctl, suspend_holds_a_process_and_resume_lets_it_go_on) {
  EXPECT_EQ(ask({"suspend", "shelf"}), "+ok");
  ask({"send", "shelf", "{put, 3}"});
  EXPECT_EQ(ask({"state", "shelf"}), "+0");
  EXPECT_EQ(ask({"call", "shelf", "get"}), "-no reply within the timeout");
  EXPECT_THAT(ask({"info", "shelf"}), HasSubstr("status          suspended\n"));
  EXPECT_EQ(ask({"resume", "shelf"}), "+ok");
  EXPECT_EQ(ask({"state", pid_of("shelf")}), "+3");
  EXPECT_THAT(ask({"state", "shop"}), StartsWith("-{error,{unknown_system_msg"));
  EXPECT_THAT(ask({"suspend", "nobody"}), StartsWith("-no process"));
}

TEST_F(Ctl, trace_shows_what_a_process_receives_and_sends) {
  EXPECT_EQ(ask({"trace", "shelf", "on", "5"}), "+ok");
  ask({"send", "shelf", "{put, 3}"});
  ask({"call", "shelf", "get"});
  const std::string events = ask({"trace", "shelf"});
  EXPECT_THAT(events, StartsWith("+{in,{put,3}}\n{in,{'$gen_call',"));
  EXPECT_THAT(events, HasSubstr("\n{out,{"));
  EXPECT_EQ(ask({"trace", "shelf", "off"}), "+ok");
  EXPECT_EQ(ask({"trace", "shelf"}), "+");
  EXPECT_EQ(ask({"trace", "shelf", "on", "1001"}), "-trace WHO [on [1 to 1000 events] | off]");
  EXPECT_EQ(ask({"trace", "shelf", "loudly"}), "-trace WHO [on [1 to 1000 events] | off]");
}

TEST_F(Ctl, what_it_does_not_know_is_answered_with_the_usage) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{}, {"dance"}, {"info"}, {"tree", "shop"}, {"top", "memory", "1", "2"}}) {
    EXPECT_THAT(ask(words), StartsWith("-usage: ctl call NAME TERM"));
    EXPECT_THAT(ask(words), HasSubstr("ctl trace WHO"));
  }
}

}  // namespace
}  // namespace troupe::node
