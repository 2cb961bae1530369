// Processes that carry on in the next version of their module, and modules that leave memory.
#include "worker/process/upgrade.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "tests/seeds.hpp"
#include "tests/worker/process/fixtures.hpp"
#include "worker/process/module_image.hpp"
#include "worker/process/system_call.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using UpgradeKind = UpgradeOutcome::Kind;
using Module = std::shared_ptr<const ModuleImage>;

/// A new file each time: a loaded one must not be written to.
Module open_copy(const std::string& name, const std::string& copy) {
  static int copies = 0;
  const fs::path file =
      fs::path(::testing::TempDir()) / (std::to_string(getpid()) + "_" + std::to_string(++copies) + copy);
  fs::copy_file(fs::path(TROUPE_TEST_MODULES) / name, file, fs::copy_options::overwrite_existing);
  auto image = ModuleImage::open(file);
  EXPECT_TRUE(image.ok());
  fs::remove(file);  // What is mapped stays.
  return image ? *image : nullptr;
}

bool in_memory(const std::string& file) {
  std::ifstream maps("/proc/self/maps");
  const std::string all{std::istreambuf_iterator<char>(maps), {}};
  return all.find(file) != std::string::npos;
}

/// A server that never answers.
class Silent {
 public:
  using messages = troupe::messages<Read>;
  void handle(Read, From from) { from_ = std::move(from); }

 private:
  From from_;
};

struct World {
  explicit World(std::uint64_t seed) : scheduler(seed) {}

  Pid start(const ModuleImage& image, std::int64_t total) {
    StartRequest request;
    request.process_class = image.find_class("Tally");
    request.arguments = Term::map({{atom("total"), Term::integer(total)}});
    auto started = runtime.start(request);
    EXPECT_TRUE(started.ok());
    return started ? *started : Pid{};
  }
  void tell(const Pid& pid, Term message) { runtime.post(pid, std::move(message)); }
  std::string ask(const Pid& pid, std::string_view what) {
    auto answer = runtime.call(pid, atom(what), 1s);
    return answer ? answer->text() : answer.error().message;
  }
  std::shared_ptr<std::optional<UpgradeOutcome>> order(const Pid& pid, const ModuleImage& to,
                                                       const std::string& from_version = "1", bool dry_run = false) {
    auto seen = std::make_shared<std::optional<UpgradeOutcome>>();
    runtime.upgrade(pid, {to.find_class("Tally"), from_version, dry_run,
                          [seen](UpgradeOutcome outcome) { *seen = std::move(outcome); }});
    return seen;
  }
  UpgradeOutcome upgrade(const Pid& pid, const ModuleImage& to, const std::string& from_version = "1",
                         bool dry_run = false) {
    const auto seen = order(pid, to, from_version, dry_run);
    scheduler.run_until_idle();
    EXPECT_TRUE(seen->has_value());
    return seen->value_or(UpgradeOutcome{});
  }

  SimulatedScheduler scheduler;
  Runtime runtime{scheduler};
};

struct Upgrades : testing::Test {
  const Module one = open_copy("tally_one.so", "upgraded_one.so");
  const Module two = open_copy("tally_two.so", "upgraded_two.so");
  World world{42};
};

Term feed(const Pid& to, std::int64_t count) {
  return Term::tuple({atom("feed"), Term::pid(to), Term::integer(count)});
}
Term feed_later(const Pid& to, std::int64_t seconds) {
  return Term::tuple({atom("feed_later"), Term::pid(to), Term::integer(seconds)});
}

TEST_F(Upgrades, keep_pid_state_name_and_what_waits) {
  const Pid tally = world.start(*one, 40);
  ASSERT_TRUE(world.runtime.register_name("tally", tally));
  world.tell(tally, Term::tuple({atom("add"), Term::integer(1)}));
  const auto outcome = world.order(tally, *two);
  world.tell(tally, Term::tuple({atom("add"), Term::integer(1)}));
  world.scheduler.run_until_idle();
  ASSERT_TRUE(outcome->has_value());
  EXPECT_EQ((*outcome)->kind, UpgradeKind::upgraded) << (*outcome)->reason.text();
  EXPECT_EQ(world.runtime.whereis("tally"), tally);
  EXPECT_EQ(world.ask(tally, "version"), "<<\"two\">>");
  EXPECT_EQ(world.ask(tally, "read"), "42");
  EXPECT_EQ(world.runtime.process_info(tally)->class_name, "Tally");
}

TEST_F(Upgrades, lose_no_message_whenever_they_come) {
  bool between = false;
  test::for_each_seed(100, 2'000, [&](std::uint64_t seed) {
    World busy(seed);
    const Pid source = busy.start(*one, 0);
    const Pid tally = busy.start(*one, 0);
    busy.tell(source, feed(tally, 700));
    busy.tell(source, feed_later(tally, 1));
    for (std::uint64_t steps = seed % 300; steps != 0; --steps) {
      busy.scheduler.step();
    }
    const auto outcome = busy.order(tally, *two);
    busy.tell(source, feed(tally, 300));
    busy.scheduler.run_for(2s);
    ASSERT_TRUE(outcome->has_value());
    ASSERT_EQ((*outcome)->kind, UpgradeKind::upgraded);
    ASSERT_EQ(busy.ask(tally, "read"), "1001");
    const std::string added = busy.ask(tally, "added");
    between = between || (added != "1001" && added != "301");
  });
  EXPECT_TRUE(between) << "no upgrade came while messages of the first burst waited";
}

TEST_F(Upgrades, of_a_suspended_process_lose_nothing_of_what_waits) {
  const Pid source = world.start(*one, 0);
  const Pid tally = world.start(*one, 0);
  ASSERT_TRUE(system_call(world.runtime, tally, atom("suspend"), 1s).ok());
  world.tell(source, feed(tally, 50));
  world.scheduler.run_until_idle();
  EXPECT_EQ(world.upgrade(tally, *two).kind, UpgradeKind::upgraded);
  world.tell(source, feed(tally, 50));
  world.scheduler.run_until_idle();
  ASSERT_TRUE(system_call(world.runtime, tally, atom("resume"), 1s).ok());
  EXPECT_EQ(world.ask(tally, "version"), "<<\"two\">>");
  EXPECT_EQ(world.ask(tally, "read"), "100");
}

TEST_F(Upgrades, that_fail_leave_the_process_as_it_was) {
  const Pid tally = world.start(*one, 7);
  const UpgradeOutcome outcome = world.upgrade(tally, *two, "0");
  EXPECT_EQ(outcome.kind, UpgradeKind::failed);
  EXPECT_EQ(outcome.reason.text(),
            "{load_failed,{exception,<<\"knows the state of version 1 only\">>,<<\"std::invalid_argument\">>}}");
  EXPECT_EQ(world.ask(tally, "version"), "<<\"one\">>");
  EXPECT_EQ(world.ask(tally, "read"), "7");
}

TEST_F(Upgrades, need_a_class_that_saves_and_one_that_loads) {
  const Pid tally = world.start(*one, 7);
  EXPECT_EQ(world.upgrade(tally, *one).kind, UpgradeKind::upgraded) << "to what it is";
  ASSERT_EQ(world.upgrade(tally, *two).kind, UpgradeKind::upgraded);
  EXPECT_EQ(world.upgrade(tally, *one).reason.text(), "{no_save,'Tally'}");
  const Pid other = world.start(*one, 7);
  const Module without_load = open_copy("counter_one.so", "without_load.so");
  std::optional<UpgradeOutcome> outcome;
  world.runtime.upgrade(other, {without_load->find_class("Counter"), "1", false,
                                [&](UpgradeOutcome seen) { outcome = std::move(seen); }});
  world.scheduler.run_until_idle();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->reason.text(), "{no_load,'Counter'}");
}

TEST_F(Upgrades, that_run_dry_change_nothing) {
  const Pid tally = world.start(*one, 7);
  EXPECT_EQ(world.upgrade(tally, *two, "1", true).kind, UpgradeKind::upgraded);
  EXPECT_EQ(world.upgrade(tally, *two, "0", true).kind, UpgradeKind::failed);
  EXPECT_EQ(world.ask(tally, "version"), "<<\"one\">>");
}

TEST_F(Upgrades, wait_until_open_requests_are_answered) {
  const Pid asked = world.runtime.spawn<Counter>(Counter::Args{5});
  const Pid tally = world.start(*one, 0);
  const Pid silent = world.runtime.spawn<Silent>();
  world.tell(tally, Term::tuple({atom("ask"), Term::pid(silent)}));
  world.scheduler.run_for(1ms);
  const auto outcome = world.order(tally, *two);
  world.scheduler.run_for(1ms);
  ASSERT_TRUE(outcome->has_value());
  EXPECT_EQ((*outcome)->kind, UpgradeKind::busy);
  world.scheduler.run_for(6s);
  world.tell(tally, Term::tuple({atom("ask"), Term::pid(asked)}));
  world.scheduler.run_until_idle();
  EXPECT_EQ(world.upgrade(tally, *two).kind, UpgradeKind::upgraded);
  EXPECT_EQ(world.ask(tally, "read"), "5");
}

TEST_F(Upgrades, of_the_dead_say_so) {
  const Pid tally = world.start(*one, 0);
  world.runtime.exit(tally, atom("kill"));
  world.scheduler.run_until_idle();
  EXPECT_EQ(world.upgrade(tally, *two).kind, UpgradeKind::gone);
}

TEST(Unloading, waits_for_processes_and_then_frees_the_memory) {
  World world(7);
  Module one = open_copy("tally_one.so", "unloaded_one.so");
  Module two = open_copy("tally_two.so", "unloaded_two.so");
  const Pid source = world.start(*one, 0);
  const Pid tally = world.start(*one, 1);
  world.tell(source, feed_later(tally, 60));
  world.scheduler.run_for(1ms);
  auto unloaded = ModuleImage::unload(world.runtime, one);
  ASSERT_FALSE(unloaded.ok());
  EXPECT_EQ(unloaded.error().code, ErrorCode::unavailable);
  EXPECT_NE(unloaded.error().message.find("2 of Tally"), std::string::npos) << unloaded.error().message;

  const auto first = world.order(source, *two);
  const auto second = world.order(tally, *two);
  world.scheduler.run_for(1ms);
  ASSERT_EQ((*first)->kind, UpgradeKind::upgraded);
  ASSERT_EQ((*second)->kind, UpgradeKind::upgraded);
  EXPECT_TRUE(in_memory("unloaded_one.so"));
  unloaded = ModuleImage::unload(world.runtime, one);
  ASSERT_TRUE(unloaded.ok()) << unloaded.error().message;
  EXPECT_FALSE(in_memory("unloaded_one.so"));

  // A message that the first version had set a timer for arrives all the same.
  world.scheduler.run_for(61s);
  EXPECT_EQ(world.ask(tally, "version"), "<<\"two\">>");
  EXPECT_EQ(world.ask(tally, "read"), "2");
}

TEST(Unloading, first_lets_mailboxes_read_what_the_module_has_sent) {
  World world(8);
  Module one = open_copy("tally_one.so", "sent_one.so");
  Module two = open_copy("tally_two.so", "sent_two.so");
  const Pid source = world.start(*one, 0);
  const Pid tally = world.start(*one, 0);
  world.tell(source, feed(tally, 5'000));
  for (int steps = 0; steps < 20; ++steps) {
    world.scheduler.step();
  }
  world.tell(source, feed(tally, 5'000));
  const auto first = world.order(source, *two);
  const auto second = world.order(tally, *two);
  while (!first->has_value() || !second->has_value()) {
    ASSERT_TRUE(world.scheduler.step());
  }
  ASSERT_EQ((*first)->kind, UpgradeKind::upgraded);
  Result<void> unloaded = ModuleImage::unload(world.runtime, one);
  while (!unloaded.ok()) {
    ASSERT_EQ(unloaded.error().code, ErrorCode::unavailable) << unloaded.error().message;
    ASSERT_TRUE(world.scheduler.step()) << unloaded.error().message;
    unloaded = ModuleImage::unload(world.runtime, one);
  }
  EXPECT_FALSE(in_memory("sent_one.so"));
  world.scheduler.run_until_idle();
  // The second burst was asked of the second version, which knows no `feed`.
  EXPECT_EQ(world.ask(tally, "read"), "5000");
}

TEST(Unloading, is_refused_while_somebody_holds_the_module) {
  World world(9);
  const Module one = open_copy("tally_one.so", "held_one.so");
  const Module other = one;  // NOLINT: the second holder is the point
  const auto unloaded = ModuleImage::unload(world.runtime, one);
  ASSERT_FALSE(unloaded.ok());
  EXPECT_EQ(unloaded.error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace troupe
