#include "worker/distribution/group_table.hpp"

#include <gtest/gtest.h>

#include "worker/distribution/pg_message.hpp"

namespace troupe::distribution {
namespace {

const Term g = Term::atom("g");
const Term h = Term::atom("h");
const Pid mine{0, 0, 1, 1};
const Pid other_mine{0, 0, 2, 1};
const Pid scope{7, 1, 90, 1};
const Pid theirs{7, 1, 91, 1};

TEST(GroupTable, a_process_is_a_member_once_for_every_join) {
  GroupTable table;
  table.join(g, mine);
  table.join(g, mine);
  EXPECT_EQ(table.members(g), (std::vector<Pid>{mine, mine}));
  EXPECT_TRUE(table.leave(g, mine));
  EXPECT_EQ(table.members(g), std::vector<Pid>{mine});
  EXPECT_TRUE(table.leave(g, mine));
  EXPECT_FALSE(table.leave(g, mine));
  EXPECT_TRUE(table.local().empty());
}

TEST(GroupTable, an_ended_process_leaves_everything_and_says_what) {
  GroupTable table;
  table.join(g, mine);
  table.join(g, mine);
  table.join(h, mine);
  table.join(h, other_mine);
  EXPECT_EQ(table.leave_all(mine), (std::vector<Term>{g, g, h}));
  EXPECT_EQ(table.members(h), std::vector<Pid>{other_mine});
  EXPECT_TRUE(table.leave_all(mine).empty());
}

TEST(GroupTable, members_of_a_scope_come_with_its_sync_and_go_with_it) {
  GroupTable table;
  EXPECT_FALSE(table.remote_join(scope, g, {theirs})) << "a stranger's join is not taken";
  EXPECT_TRUE(table.add_scope(scope));
  EXPECT_FALSE(table.add_scope(scope));
  table.sync(scope, {{g, {theirs}}});
  EXPECT_TRUE(table.remote_join(scope, h, {theirs, theirs}));
  EXPECT_EQ(table.members(h).size(), 2U);
  table.remote_leave(scope, {theirs}, {h, g});
  EXPECT_EQ(table.members(h).size(), 1U);
  EXPECT_TRUE(table.members(g).empty());
  table.sync(scope, {{g, {theirs}}});
  EXPECT_TRUE(table.members(h).empty()) << "a sync replaces";
  table.remove_node(7);
  EXPECT_TRUE(table.members(g).empty());
}

TEST(GroupTable, what_one_scope_may_tell_is_bounded) {
  GroupTable table;
  table.add_scope(scope);
  EXPECT_TRUE(table.remote_join(scope, g, std::vector<Pid>(GroupTable::memberships_max, theirs)));
  EXPECT_FALSE(table.remote_join(scope, g, {theirs}));
}

TEST(PgMessage, survives_the_round_trip) {
  EXPECT_EQ(std::get<PgDiscover>(*read_pg_message(pg_discover(scope))).scope, scope);
  const Membership groups{{g, {mine}}, {h, {mine, theirs}}};
  EXPECT_EQ(std::get<PgSync>(*read_pg_message(pg_sync(scope, groups))).groups, groups);
  const auto join = std::get<PgJoin>(*read_pg_message(pg_join(scope, g, theirs)));
  EXPECT_EQ(join.group, g);
  EXPECT_EQ(join.processes, std::vector<Pid>{theirs});
  const auto leave = std::get<PgLeave>(*read_pg_message(pg_leave(scope, theirs, {g, h})));
  EXPECT_EQ(leave.groups, (std::vector<Term>{g, h}));
}

TEST(PgMessage, reads_the_newer_discover_and_lists_of_pids) {
  EXPECT_TRUE(read_pg_message(Term::tuple({Term::atom("discover"), Term::pid(scope), Term::integer(2)})));
  const auto join = read_pg_message(
      Term::tuple({Term::atom("join"), Term::pid(scope), g, Term::list({Term::pid(theirs), Term::pid(mine)})}));
  EXPECT_EQ(std::get<PgJoin>(*join).processes.size(), 2U);
}

TEST(PgMessage, everything_else_is_nothing) {
  for (const Term& other :
       {Term(), Term::atom("discover"), Term::tuple({}), Term::tuple({Term::atom("discover"), Term::atom("x")}),
        Term::tuple({Term::atom("join"), Term::pid(scope), g, Term::atom("x")}),
        Term::tuple({Term::atom("leave"), Term::pid(scope), Term::pid(theirs), g}),
        Term::tuple({Term::atom("sync"), Term::pid(scope), Term::list({Term::atom("x")})})}) {
    EXPECT_FALSE(read_pg_message(other)) << other.text();
  }
}

}  // namespace
}  // namespace troupe::distribution
