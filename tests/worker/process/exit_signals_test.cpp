// Links and exit signals as erts "Processes" defines them.
#include "tests/worker/process/fixtures.hpp"

namespace troupe {
namespace {

using ::testing::Test;
class ExitSignals : public SimulatedNode {};

TEST_F(ExitSignals, a_linked_process_ends_with_the_same_reason) {
  const Pid one = puppet(nothing_seen());
  const Pid two = puppet(nothing_seen());
  const Seen seen = nothing_seen();
  const Pid watcher = puppet(seen);
  run_in(watcher, [=] { troupe::monitor(two); });
  run_in(one, [=] { troupe::link(two); });
  run_in(one, [] { troupe::exit(atom("boom")); });
  EXPECT_FALSE(runtime.alive(one));
  EXPECT_FALSE(runtime.alive(two));
  EXPECT_EQ(*seen, std::vector<std::string>{"down boom"});
}

TEST_F(ExitSignals, normal_ends_only_the_process_itself) {
  const Pid one = puppet(nothing_seen());
  const Pid two = puppet(nothing_seen());
  run_in(one, [=] { troupe::link(two); });
  run_in(one, [] { troupe::exit(atom("normal")); });
  EXPECT_FALSE(runtime.alive(one));
  EXPECT_TRUE(runtime.alive(two));
}

TEST_F(ExitSignals, a_process_that_traps_exits_gets_a_message_instead) {
  const Seen seen = nothing_seen();
  const Pid trapping = puppet<TrappingPuppet>(seen);
  const Pid other = puppet(nothing_seen());
  run_in(trapping, [=] { troupe::link(other); });
  run_in(other, [] { troupe::exit(atom("boom")); });
  EXPECT_TRUE(runtime.alive(trapping));
  EXPECT_EQ(*seen, std::vector<std::string>{"exit boom"});
}

TEST_F(ExitSignals, a_trapping_process_sees_normal_too) {
  const Seen seen = nothing_seen();
  const Pid trapping = puppet<TrappingPuppet>(seen);
  const Pid other = puppet(nothing_seen());
  run_in(trapping, [=] { troupe::link(other); });
  run_in(other, [] { troupe::exit(atom("normal")); });
  EXPECT_EQ(*seen, std::vector<std::string>{"exit normal"});
}

TEST_F(ExitSignals, kill_cannot_be_trapped_and_becomes_killed_for_others) {
  const Seen seen = nothing_seen();
  const Pid watcher = puppet<TrappingPuppet>(seen);
  const Pid victim = puppet<TrappingPuppet>(nothing_seen());
  run_in(watcher, [=] { troupe::link(victim); });
  runtime.exit(victim, atom("kill"));
  settle();
  EXPECT_FALSE(runtime.alive(victim));
  EXPECT_EQ(*seen, std::vector<std::string>{"exit killed"});
}

TEST_F(ExitSignals, kill_as_the_reason_of_a_linked_process_can_be_trapped) {
  const Seen seen = nothing_seen();
  const Pid trapping = puppet<TrappingPuppet>(seen);
  const Pid other = puppet(nothing_seen());
  run_in(trapping, [=] { troupe::link(other); });
  run_in(other, [] { troupe::exit(atom("kill")); });
  EXPECT_TRUE(runtime.alive(trapping));
  EXPECT_EQ(*seen, std::vector<std::string>{"exit kill"});
}

TEST_F(ExitSignals, an_exit_signal_normal_from_another_is_ignored) {
  const Pid one = puppet(nothing_seen());
  runtime.exit(one, atom("normal"));
  settle();
  EXPECT_TRUE(runtime.alive(one));
}

TEST_F(ExitSignals, an_exit_signal_normal_to_itself_ends_it) {
  const Pid one = puppet(nothing_seen());
  run_in(one, [] { troupe::exit(troupe::self(), atom("normal")); });
  EXPECT_FALSE(runtime.alive(one));
}

TEST_F(ExitSignals, a_link_to_nobody_gives_noproc) {
  const Seen seen = nothing_seen();
  const Pid gone = puppet(nothing_seen());
  run_in(gone, [] { troupe::exit(atom("normal")); });
  const Pid trapping = puppet<TrappingPuppet>(seen);
  run_in(trapping, [=] { troupe::link(gone); });
  EXPECT_EQ(*seen, std::vector<std::string>{"exit noproc"});
}

TEST_F(ExitSignals, after_unlink_the_end_of_the_other_has_no_effect) {
  const Seen seen = nothing_seen();
  const Pid trapping = puppet<TrappingPuppet>(seen);
  const Pid other = puppet(nothing_seen());
  run_in(trapping, [=] { troupe::link(other); });
  run_in(trapping, [=] { troupe::unlink(other); });
  run_in(other, [] { troupe::exit(atom("boom")); });
  EXPECT_TRUE(seen->empty());
  EXPECT_TRUE(runtime.process_info(trapping)->links.empty());
}

TEST_F(ExitSignals, unlink_holds_even_when_the_exit_signal_is_already_on_its_way) {
  const Seen seen = nothing_seen();
  const Pid trapping = puppet<TrappingPuppet>(seen);
  const Pid other = puppet(nothing_seen());
  run_in(trapping, [=] { troupe::link(other); });
  run_in(trapping, [=] {
    troupe::exit(other, atom("boom"));
    troupe::unlink(other);
  });
  EXPECT_TRUE(seen->empty());
}

TEST_F(ExitSignals, links_made_from_both_sides_are_one) {
  const Pid one = puppet(nothing_seen());
  const Pid two = puppet(nothing_seen());
  tell(one, [=] { troupe::link(two); });
  tell(two, [=] { troupe::link(one); });
  settle();
  EXPECT_EQ(runtime.process_info(one)->links, std::vector<Pid>{two});
  run_in(one, [=] { troupe::unlink(two); });
  EXPECT_TRUE(runtime.process_info(one)->links.empty());
  EXPECT_TRUE(runtime.process_info(two)->links.empty());
}

TEST_F(ExitSignals, an_exit_of_the_parent_ends_even_a_child_that_traps_exits) {
  const Pid parent = puppet(nothing_seen());
  auto child = std::make_shared<Pid>();
  run_in(parent, [=, this] { *child = troupe::spawn_link<TrappingPuppet>(nothing_seen(), acts); });
  ASSERT_TRUE(runtime.alive(*child));
  run_in(parent, [] { troupe::exit(atom("shutdown")); });
  EXPECT_FALSE(runtime.alive(*child));
}

TEST_F(ExitSignals, a_throw_becomes_the_exit_reason) {
  const Seen seen = nothing_seen();
  const Pid watcher = puppet(seen);
  const Pid counter = runtime.spawn<Counter>();
  run_in(watcher, [=] { troupe::monitor(counter); });
  {
    const RuntimeScope scope(runtime);
    troupe::send(counter, Boom{"out of luck"});
  }
  settle();
  EXPECT_EQ(*seen, std::vector<std::string>{"down {exception,<<\"out of luck\">>,<<\"std::runtime_error\">>}"});
  EXPECT_EQ(runtime.counters().crashed, 1u);
}

TEST_F(ExitSignals, an_exit_signal_acts_before_messages_that_were_not_yet_handled) {
  const Pid counter = runtime.spawn<Counter>();
  const RuntimeScope scope(runtime);
  const Seen seen = nothing_seen();
  const Pid one = puppet(seen);
  run_in(one, [=] {
    troupe::send(counter, Boom{"never handled"});
    troupe::exit(counter, atom("kill"));
    troupe::monitor(counter);
  });
  EXPECT_EQ(*seen, std::vector<std::string>{"down noproc"});
  EXPECT_EQ(runtime.counters().crashed, 0u);
}

TEST_F(ExitSignals, a_constructor_that_throws_ends_the_process_and_its_links) {
  const Seen seen = nothing_seen();
  const Pid trapping = puppet<TrappingPuppet>(seen);
  run_in(trapping, [] { troupe::spawn_link<Counter>(Counter::Args{-1}); });
  ASSERT_EQ(seen->size(), 1u);
  EXPECT_NE(seen->front().find("initial must be >= 0"), std::string::npos);
}

}  // namespace
}  // namespace troupe
