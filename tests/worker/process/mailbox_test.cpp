// Bounds of mailboxes, what inspectors see, groups, and the checks that a class undergoes when it is compiled.
#include "tests/worker/process/fixtures.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;
class Mailboxes : public SimulatedNode {};
class Inspection : public SimulatedNode {};

class Shelf {
 public:
  using messages = troupe::messages<Read>;
  std::int64_t handle(Read) { return 1; }
  void handle(const Term&) {}
};

TEST_F(Mailboxes, refuse_messages_past_their_bound_and_take_them_again_later) {
  const RuntimeScope scope(runtime);
  SpawnOptions options;
  options.mailbox_messages_max = 3;
  const Pid small = troupe::spawn_with<Counter>(options);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(troupe::send(small, Add{1}), SendResult::sent);
  }
  EXPECT_EQ(troupe::send(small, Add{1}), SendResult::full);
  EXPECT_EQ(runtime.counters().messages_refused, 1u);
  settle();
  EXPECT_EQ(troupe::send(small, Add{1}), SendResult::sent);
  settle();
  EXPECT_EQ(*runtime.call(small, atom("read"), 1s), Term::integer(4));
}

TEST_F(Mailboxes, count_large_messages_by_their_bytes) {
  const RuntimeScope scope(runtime);
  SpawnOptions options;
  options.mailbox_bytes_max = 10'000;
  const Pid shelf = troupe::spawn_with<Shelf>(options);
  const Term large = Term::binary(std::string(4'000, 'x'));
  EXPECT_EQ(troupe::send(shelf, large), SendResult::sent);
  EXPECT_EQ(troupe::send(shelf, large), SendResult::sent);
  EXPECT_EQ(troupe::send(shelf, large), SendResult::full);
  EXPECT_EQ(troupe::send(shelf, atom("small")), SendResult::sent);
  settle();
  EXPECT_EQ(runtime.process_info(shelf)->mailbox_large_bytes, 0u);
  EXPECT_EQ(troupe::send(shelf, large), SendResult::sent);
}

TEST_F(Mailboxes, never_refuse_a_system_signal) {
  const Seen seen = nothing_seen();
  const Pid watcher = puppet(seen);
  const RuntimeScope scope(runtime);
  SpawnOptions options;
  options.mailbox_messages_max = 1;
  const Pid small = troupe::spawn_with<Counter>(options);
  run_in(watcher, [=] {
    EXPECT_EQ(troupe::send(small, Add{1}), SendResult::sent);
    EXPECT_EQ(troupe::send(small, Add{1}), SendResult::full);
    troupe::monitor(small);
    troupe::exit(small, atom("boom"));
  });
  EXPECT_EQ(*seen, std::vector<std::string>{"down boom"});
}

TEST_F(Mailboxes, that_are_full_fail_a_request_at_once) {
  const Seen seen = nothing_seen();
  const Pid caller = puppet(seen);
  const RuntimeScope scope(runtime);
  SpawnOptions options;
  options.mailbox_messages_max = 1;
  const Pid small = troupe::spawn_with<Counter>(options);
  run_in(caller, [=] {
    troupe::send(small, Add{1});
    troupe::send_request(small, Read{}, 5s);
  });
  EXPECT_EQ(*seen, std::vector<std::string>{"no reply full"});
}

struct Flood {
  Pid to;
  std::int64_t left = 0;
};
class Flooder {
 public:
  using messages = troupe::messages<Flood>;
  explicit Flooder(std::int64_t& refused) : refused_(refused) {}
  void handle(const Flood& flood) {
    for (int i = 0; i < 2'000; ++i) {
      refused_ += troupe::send(flood.to, Add{1}) == SendResult::sent ? 0 : 1;
    }
    if (flood.left > 0) {
      troupe::send(troupe::self(), Flood{flood.to, flood.left - 1});
    }
  }

 private:
  std::int64_t& refused_;
};

TEST_F(Mailboxes, make_a_sender_pause_before_they_are_full) {
  std::int64_t refused = 0;
  const RuntimeScope scope(runtime);
  const Pid counter = troupe::spawn<Counter>();
  SpawnOptions options;
  options.mailbox_messages_max = 15'000;  // The soft bound of 10,000 and one handler more.
  const Pid bounded = troupe::spawn_with<Counter>(options);
  for (const Pid& to : {counter, bounded}) {
    const Pid flooder = troupe::spawn<Flooder>(std::ref(refused));
    troupe::send(flooder, Flood{to, 99});
    settle();
    EXPECT_EQ(*runtime.call(to, atom("read"), 1s), Term::integer(200'000));
  }
  EXPECT_EQ(refused, 0);
}

class Mutual {
 public:
  using messages = troupe::messages<Flood, Add>;
  void handle(const Flood& flood) {
    for (int i = 0; i < 12'000; ++i) {
      troupe::send(flood.to, Add{1});
    }
  }
  void handle(Add) {}
};

TEST_F(Mailboxes, do_not_let_two_processes_that_flood_each_other_wait_for_ever) {
  const RuntimeScope scope(runtime);
  const Pid one = troupe::spawn<Mutual>();
  const Pid two = troupe::spawn<Mutual>();
  troupe::send(one, Flood{two, 0});
  troupe::send(two, Flood{one, 0});
  settle();
  EXPECT_EQ(runtime.process_info(one)->mailbox_length, 0u);
  EXPECT_EQ(runtime.process_info(two)->mailbox_length, 0u);
  EXPECT_EQ(runtime.process_info(one)->reductions, 12'001u);
}

TEST_F(Mailboxes, let_a_sender_that_pauses_be_killed) {
  const RuntimeScope scope(runtime);
  std::int64_t refused = 0;
  const Pid counter = troupe::spawn<Counter>();
  const Pid flooder = troupe::spawn<Flooder>(std::ref(refused));
  troupe::send(flooder, Flood{counter, 1'000'000});
  for (int i = 0; i < 50; ++i) {
    scheduler.step();
  }
  runtime.exit(flooder, atom("kill"));
  settle();
  EXPECT_FALSE(runtime.alive(flooder));
}

TEST_F(Mailboxes, turn_terms_into_messages_only_when_they_fit) {
  const Pid counter = runtime.spawn<Counter>();
  runtime.post(counter, Term::tuple({atom("add"), Term::binary("three")}));
  runtime.post(counter, Term::tuple({atom("add"), Term::integer(1), Term::integer(2)}));
  runtime.post(counter, Term::integer(5));
  runtime.post(counter, Term::tuple({atom("add"), Term::integer(2)}));
  EXPECT_EQ(*runtime.call(counter, atom("read"), 1s), Term::integer(2));
  EXPECT_EQ(runtime.counters().messages_not_understood, 3u);
}

TEST_F(Inspection, tells_what_a_process_is_and_has_done) {
  const Pid parent = puppet(nothing_seen());
  auto child = std::make_shared<Pid>();
  run_in(parent, [=] { *child = troupe::spawn_link<Counter>(); });
  ASSERT_TRUE(runtime.register_name("counter", *child));
  runtime.post("counter", Term::tuple({atom("add"), Term::integer(2)}));
  settle();
  const auto info = runtime.process_info(*child);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->class_name, "Counter");
  EXPECT_EQ(info->name, "counter");
  EXPECT_EQ(info->parent, parent);
  EXPECT_EQ(info->links, std::vector<Pid>{parent});
  EXPECT_EQ(info->reductions, 1u);
  EXPECT_EQ(info->mailbox_length, 0u);
  EXPECT_EQ(runtime.process_info(Pid{0, 0, 77, 1}), std::nullopt);
}

TEST_F(Inspection, knows_labels_and_all_processes) {
  const Pid one = puppet(nothing_seen());
  run_in(one, [] { troupe::set_label("waiting for tea"); });
  EXPECT_EQ(runtime.process_info(one)->label, "waiting for tea");
  EXPECT_EQ(runtime.processes(10), std::vector<Pid>{one});
  EXPECT_EQ(runtime.counters().processes, 1u);
}

TEST_F(Inspection, knows_pids_of_an_earlier_incarnation_as_dead) {
  const Pid one = puppet(nothing_seen());
  Pid old = one;
  old.creation = 7;
  EXPECT_TRUE(runtime.alive(one));
  EXPECT_FALSE(runtime.alive(old));
}

TEST_F(Inspection, finds_the_members_of_groups_until_they_end) {
  const Pid one = puppet(nothing_seen());
  const Pid two = puppet(nothing_seen());
  run_in(one, [] { EXPECT_TRUE(troupe::group_join("tea")); });
  run_in(two, [] { EXPECT_TRUE(troupe::group_join("tea")); });
  const RuntimeScope scope(runtime);
  EXPECT_EQ(troupe::group_members("tea"), (std::vector<Pid>{one, two}));
  run_in(one, [] { troupe::exit(atom("normal")); });
  EXPECT_EQ(troupe::group_members("tea"), std::vector<Pid>{two});
  run_in(two, [] { EXPECT_TRUE(troupe::group_leave("tea")); });
  run_in(two, [] { EXPECT_FALSE(troupe::group_leave("tea")); });
  EXPECT_TRUE(troupe::group_members("tea").empty());
}

TEST(ProcessTable, says_when_it_is_full) {
  SimulatedScheduler scheduler(1);
  RuntimeOptions options;
  options.processes_max = 2;
  Runtime runtime(scheduler, options);
  EXPECT_TRUE(runtime.spawn<Counter>().valid());
  EXPECT_TRUE(runtime.spawn<Counter>().valid());
  EXPECT_FALSE(runtime.spawn<Counter>().valid());
  const auto started = runtime.start(start_request<Counter>());
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().text(), "system_limit");
}

// --- What is refused when a class is compiled ---

struct Wide {
  Wide(Add);  // NOLINT: the conversion that must not be found
};
class TakesWide {
 public:
  void handle(Wide);
};
static_assert(!abi::Handles<TakesWide, Add>, "a handler for another type does not count by conversion");
static_assert(abi::Handles<Counter, Add>);
static_assert(abi::Handles<Counter, Stop>, "by const reference");

namespace other {
struct Add {};
struct ADD {};
}  // namespace other
static_assert(!abi::tags_are_unique<Add, Read, other::Add>, "namespaces are dropped from tags");
static_assert(!abi::tags_are_unique<other::ADD, Add>);
static_assert(abi::tags_are_unique<Add, Read, Boom>);
static_assert(abi::class_name<Counter>() == "Counter");

}  // namespace
}  // namespace troupe
