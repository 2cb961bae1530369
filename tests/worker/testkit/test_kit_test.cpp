// The test kit, seen as its users see it.
#include <gmock/gmock.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "troupe/application.hpp"
#include "troupe/gtest.hpp"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

struct Ping {
  std::int64_t number = 0;
};
struct Pong {
  std::int64_t number = 0;
};
struct Ask {
  using Reply = std::string;
};
struct AskAbout {
  Pid whom;
};
struct Later {
  std::chrono::milliseconds::rep delay_ms = 0;
};
struct Break {};

/// Does a little of everything.
class Partner {
 public:
  using messages = troupe::messages<Ping, Ask, AskAbout, Later, Break, Response<Ask>>;
  Partner() = default;
  explicit Partner(Pid told) : told_(told) {}
  void handle(Ping ping) { troupe::send(told_, Pong{ping.number}); }
  std::string handle(Ask) { return "an answer"; }
  void handle(AskAbout about) { troupe::send_request(about.whom, Ask{}, 1s); }
  void handle(const Response<Ask>& response) {
    troupe::log_line(response.ok() ? "told: " + *response.reply : "not told: " + response.reason.text());
  }
  void handle(Later later) {
    troupe::send_after(std::chrono::milliseconds(later.delay_ms), told_, Pong{later.delay_ms});
  }
  void handle(Break) { throw std::runtime_error("broken"); }

 private:
  Pid told_;
};

class Unborn {
 public:
  using messages = troupe::messages<Ping>;
  Unborn() { throw std::runtime_error("not today"); }
  void handle(Ping) {}
};

template <class Body>
std::string failure_of(Body body) {
  try {
    body();
  } catch (const Failure& failure) {
    return failure.what();
  }
  return "";
}

class Kit : public Test {};

TEST_F(Kit, finds_the_message_that_is_expected_among_others_and_keeps_those) {
  const Pid partner = kit.start_supervised<Partner>(kit.self());
  kit.send(partner, Ping{1});
  kit.send(kit.self(), Ping{2});
  kit.send(partner, Ping{3});
  EXPECT_EQ(kit.expect_message<Ping>().number, 2);
  EXPECT_EQ(kit.expect_message<Pong>().number, 1);
  EXPECT_EQ(kit.expect_message<Pong>().number, 3);
  kit.expect_no_message();
}

TEST_F(Kit, says_what_came_instead_of_the_expected_message) {
  kit.send(kit.self(), Ping{2});
  const std::string failure = failure_of([&] { kit.expect_message<Pong>(10ms); });
  EXPECT_THAT(failure, HasSubstr("no message of type pong came within 10 ms of virtual time"));
  EXPECT_THAT(failure, HasSubstr("waits for the test: {ping,2}"));
  EXPECT_THAT(failure, HasSubstr("TROUPE_SEED=" + std::to_string(kit.seed())));
}

TEST_F(Kit, says_which_message_came_though_none_was_expected) {
  const Pid partner = kit.start_supervised<Partner>(kit.self());
  kit.send(partner, Later{50});
  kit.expect_no_message(49ms);
  EXPECT_THAT(failure_of([&] { kit.expect_no_message(2ms); }), HasSubstr("this came: {pong,50}"));
  kit.expect_no_message<Ping>();
  EXPECT_EQ(kit.expect_message<Pong>().number, 50);
}

TEST_F(Kit, waits_no_longer_than_told_even_when_more_is_due_later) {
  const Pid partner = kit.start_supervised<Partner>(kit.self());
  kit.send(partner, Later{3'600'000});
  kit.expect_no_message(1h - 1s);
  kit.advance(2s);
  EXPECT_EQ(kit.expect_message<Pong>(0ms).number, 3'600'000);
}

TEST_F(Kit, settles_without_letting_time_pass) {
  const Pid partner = kit.start_supervised<Partner>(kit.self());
  kit.send(partner, Later{1'000});
  kit.send(partner, Ping{1});
  const auto before = troupe::now();
  kit.settle();
  EXPECT_LT(troupe::now() - before, 1ms);
  EXPECT_EQ(kit.expect_message<Pong>(0ms).number, 1);
  kit.expect_no_message(0ms);
}

TEST_F(Kit, calls_give_the_reply_or_fail_with_the_reason) {
  const Pid partner = kit.start_supervised<Partner>();
  EXPECT_EQ(kit.call(partner, Ask{}), "an answer");
  EXPECT_THAT(failure_of([&] { kit.call("nobody", Ask{}); }), HasSubstr("no reply to ask: noproc"));
  EXPECT_TRUE(kit.request("nobody", Ask{}).reason.is_atom("noproc"));
  // The test's process handles nothing while its test waits for itself.
  EXPECT_TRUE(kit.request(kit.self(), Ask{}, 1s).timed_out());
}

TEST_F(Kit, the_test_can_be_the_server) {
  const Pid partner = kit.start_supervised<Partner>();
  kit.send(partner, AskAbout{kit.self()});
  const auto asked = kit.expect_request<Ask>();
  EXPECT_EQ(asked.from.pid, partner);
  EXPECT_TRUE(troupe::reply(asked.from, std::string("tea")));
  EXPECT_EQ(kit.expect_log("told: tea").fields.at("class"), "Partner");
}

TEST_F(Kit, the_test_links_and_traps_exits_as_a_process) {
  Pid linked;
  kit.run([&] { linked = troupe::spawn_link<Partner>(); });
  kit.send(linked, Break{});
  EXPECT_EQ(kit.expect_message<Exit>().from, linked);
  kit.run([&] { troupe::start_timer(1s); });
  kit.expect_message<Timeout>(2s);
  EXPECT_THROW(kit.run([] { throw std::logic_error("mine"); }), std::logic_error);
}

TEST_F(Kit, supervised_processes_start_again_and_can_be_stopped) {
  const Pid first = kit.start_supervised<Partner>(kit.self());
  kit.monitor(first);
  kit.send(first, Break{});
  EXPECT_EQ(kit.expect_message<Down>().from, first);
  kit.settle();
  const Pid second = kit.supervised("Partner");
  EXPECT_TRUE(second.valid());
  EXPECT_NE(second, first);
  kit.stop_supervised("Partner");
  EXPECT_FALSE(kit.supervised("Partner").valid());
  EXPECT_THAT(failure_of([&] { kit.stop_supervised("Partner"); }), HasSubstr("not_found"));
  kit.start_supervised<Partner>(kit.self());
  EXPECT_THAT(failure_of([&] { kit.start_supervised<Partner>(kit.self()); }), HasSubstr("already_started"));
}

TEST_F(Kit, tells_why_a_start_failed) {
  EXPECT_THAT(failure_of([&] { kit.start_supervised<Unborn>(); }), HasSubstr("not today"));
}

TEST_F(Kit, captures_crash_reports) {
  const Pid partner = kit.start_supervised<Partner>();
  kit.send(partner, Break{});
  const LogLine line = kit.expect_log("process crashed");
  EXPECT_EQ(line.level, LogLevel::error);
  EXPECT_THAT(line.fields.at("reason"), HasSubstr("broken"));
  EXPECT_EQ(line.fields.at("last_message"), "break");
  EXPECT_THAT(failure_of([&] { kit.expect_log("never said", 1ms); }), HasSubstr("no log line holds \"never said\""));
}

struct Forward {
  Pid to;
};
class Bouncing {
 public:
  using messages = troupe::messages<Forward>;
  void handle(Forward forward) { troupe::send(forward.to, Forward{troupe::self()}); }
};

TEST_F(Kit, says_so_when_processes_never_come_to_rest) {
  const Pid one = kit.start_supervised<Bouncing>();
  kit.send(one, Forward{one});
  EXPECT_THAT(failure_of([&] { kit.settle(); }), HasSubstr("do not come to rest"));
  kit.stop_supervised("Bouncing");
}

/// Who of three was first, second and third.
std::string order_of(std::uint64_t seed) {
  TestKit kit(seed);
  std::vector<Pid> partners;
  for (int number = 0; number < 3; ++number) {
    partners.push_back(kit.start_supervised(process_child<Partner>(std::to_string(number), kit.self())));
  }
  kit.run([&] {
    for (std::int64_t number = 0; number < 3; ++number) {
      troupe::send(partners[static_cast<std::size_t>(number)], Ping{number});
    }
  });
  std::string order;
  for (int count = 0; count < 3; ++count) {
    order += std::to_string(kit.expect_message<Pong>().number);
  }
  return order;
}

TEST(Seeds, decide_the_interleaving_and_replay_it) {
  std::set<std::string> orders;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const std::string order = order_of(seed);
    EXPECT_EQ(order_of(seed), order) << seed;
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 6U);
}

TEST(Seeds, come_from_the_environment_to_replay) {
  const char* const before = std::getenv("TROUPE_SEED");
  const std::string restored = before != nullptr ? before : "";
  ::setenv("TROUPE_SEED", "77", 1);
  EXPECT_EQ(seed_to_use(), 77U);
  std::vector<std::uint64_t> seeds;
  for_each_interleaving(3, [&](TestKit& kit) { seeds.push_back(kit.seed()); });
  EXPECT_EQ(seeds, std::vector<std::uint64_t>{77});
  ::unsetenv("TROUPE_SEED");
  seeds.clear();
  for_each_interleaving(3, [&](TestKit& kit) { seeds.push_back(kit.seed()); });
  EXPECT_EQ(seeds, (std::vector<std::uint64_t>{1, 2, 3}));
  if (before != nullptr) {
    ::setenv("TROUPE_SEED", restored.c_str(), 1);
  }
}

}  // namespace
}  // namespace troupe::test
