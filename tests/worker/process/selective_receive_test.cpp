// Selective receive held against a model of it: random programs of sends and receives, from seeds.
#include <deque>
#include <map>

#include "tests/seeds.hpp"
#include "tests/worker/process/fixtures.hpp"
#include "troupe/coroutine.hpp"
#include "worker/process/system_call.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

struct Apple {
  std::int64_t number = 0;
};
struct Pear {
  std::int64_t number = 0;
};
struct Plum {
  std::int64_t number = 0;
};

enum class Fruit { apple, pear, plum };
/// What a step of a program waits for.
enum class Wish { apple, pear, plum, apple_or_pear, pear_or_plum, any, call, nap };
constexpr int wishes = 8;

struct Sent {
  Fruit fruit;
  std::int64_t number;
  bool operator==(const Sent&) const = default;
};

bool wants(Wish wish, Fruit fruit) {
  switch (wish) {
    case Wish::apple:
      return fruit == Fruit::apple;
    case Wish::pear:
      return fruit == Fruit::pear;
    case Wish::plum:
      return fruit == Fruit::plum;
    case Wish::apple_or_pear:
      return fruit != Fruit::plum;
    case Wish::pear_or_plum:
      return fruit != Fruit::apple;
    case Wish::any:
      return true;
    default:
      return false;
  }
}

Sent sent(const Apple& apple) { return {Fruit::apple, apple.number}; }
Sent sent(const Pear& pear) { return {Fruit::pear, pear.number}; }
Sent sent(const Plum& plum) { return {Fruit::plum, plum.number}; }
template <class... As>
Sent sent(const std::variant<As...>& any) {
  return std::visit([](const auto& one) { return sent(one); }, any);
}

struct Program {
  Duration patience = 0s;  ///< Of each receive.
  std::vector<Sent> sends;
  std::vector<Wish> steps;
  std::vector<std::optional<Sent>> received;
};

template <class... As>
Coroutine<> one_step(Program& program) {
  const auto got = co_await receive<As...>(program.patience);
  program.received.push_back(got ? std::optional(sent(*got)) : std::nullopt);
}

struct Begin {};

Coroutine<> run_program(Program* program, Pid server) {
  co_await receive<Begin>();  // All fruit has been sent before.
  for (const Wish wish : program->steps) {
    switch (wish) {
      case Wish::apple:
        co_await one_step<Apple>(*program);
        break;
      case Wish::pear:
        co_await one_step<Pear>(*program);
        break;
      case Wish::plum:
        co_await one_step<Plum>(*program);
        break;
      case Wish::apple_or_pear:
        co_await one_step<Apple, Pear>(*program);
        break;
      case Wish::pear_or_plum:
        co_await one_step<Plum, Pear>(*program);
        break;
      case Wish::any:
        co_await one_step<Apple, Pear, Plum>(*program);
        break;
      case Wish::call: {
        const auto answer = co_await call(server, Read{}, 1h);
        EXPECT_TRUE(answer.ok());
        break;
      }
      case Wish::nap:
        co_await sleep(1ms);
        break;
    }
  }
}

Coroutine<> run_program_and_stay(Program* program, Pid server) {
  co_await run_program(program, server);
  co_await receive<Begin>();
}

/// Erlang's rule: the oldest message that matches is taken, all others stay where they are.
std::vector<std::optional<Sent>> expected(const Program& program) {
  std::deque<Sent> mailbox(program.sends.begin(), program.sends.end());
  std::vector<std::optional<Sent>> received;
  for (const Wish wish : program.steps) {
    if (wish == Wish::call || wish == Wish::nap) {
      continue;
    }
    const auto found =
        std::find_if(mailbox.begin(), mailbox.end(), [&](const Sent& message) { return wants(wish, message.fruit); });
    if (found == mailbox.end()) {
      received.emplace_back();
    } else {
      received.emplace_back(*found);
      mailbox.erase(found);
    }
  }
  return received;
}

Program random_program(SeededRandom& random) {
  Program program;
  const std::uint64_t sends = random.below(40);
  for (std::uint64_t i = 0; i < sends; ++i) {
    program.sends.push_back({static_cast<Fruit>(random.below(3)), static_cast<std::int64_t>(i)});
  }
  const std::uint64_t steps = random.below(60);
  for (std::uint64_t i = 0; i < steps; ++i) {
    program.steps.push_back(static_cast<Wish>(random.below(wishes)));
  }
  return program;
}

void send_fruit(Runtime& runtime, const Pid& to, const Sent& message, bool as_term) {
  const std::map<Fruit, const char*> tags{{Fruit::apple, "apple"}, {Fruit::pear, "pear"}, {Fruit::plum, "plum"}};
  if (as_term) {
    runtime.post(to, Term::tuple({atom(tags.at(message.fruit)), Term::integer(message.number)}));
  } else if (message.fruit == Fruit::apple) {
    troupe::send(to, Apple{message.number});
  } else if (message.fruit == Fruit::pear) {
    troupe::send(to, Pear{message.number});
  } else {
    troupe::send(to, Plum{message.number});
  }
}

TEST(SelectiveReceive, takes_the_oldest_match_and_keeps_the_order_of_the_rest) {
  test::for_each_seed(200, 20'000, [](std::uint64_t seed) {
    SimulatedScheduler scheduler(seed);
    Runtime runtime(scheduler);
    const RuntimeScope scope(runtime);
    SeededRandom random(seed);
    Program program = random_program(random);
    const Pid server = runtime.spawn<Counter>();
    const Pid pid = troupe::spawn<run_program>(&program, server);
    for (const Sent& message : program.sends) {
      send_fruit(runtime, pid, message, random.below(3) == 0);
      while (random.below(2) == 0 && scheduler.step()) {
      }
    }
    troupe::send(pid, Begin{});
    scheduler.run_until_idle();
    EXPECT_EQ(program.received, expected(program));
    EXPECT_FALSE(runtime.alive(pid));
  });
}

/// Waits for nothing in vain: each of its steps takes one of the messages, and in the end all are taken.
Program patient_program(SeededRandom& random) {
  Program program = random_program(random);
  program.patience = 1h;
  program.steps.clear();
  std::vector<Fruit> left;
  for (const Sent& message : program.sends) {
    left.push_back(message.fruit);
  }
  while (!left.empty()) {
    const Fruit some = left[random.below(left.size())];
    const auto wish = static_cast<Wish>(random.below(wishes));
    if (wish == Wish::call || wish == Wish::nap) {
      program.steps.push_back(wish);
    } else if (wants(wish, some)) {
      program.steps.push_back(wish);
      left.erase(std::find_if(left.begin(), left.end(), [&](Fruit fruit) { return wants(wish, fruit); }));
    }
  }
  return program;
}

/// Those who look into a process while it runs its program.
class Onlooker {
 public:
  Onlooker(Runtime& runtime, const Pid& pid, const Program& program)
      : runtime_(runtime), pid_(pid), program_(program) {}

  Term ask(Term what) {
    auto reply = system_call(runtime_, pid_, std::move(what), 1s);
    EXPECT_TRUE(reply.ok()) << reply.error().message;
    return reply ? *reply : Term();
  }
  void suspend() {
    ask(atom("suspend"));
    seen_when_suspended_ = seen_when_suspended_.value_or(program_.received.size());
  }
  void resume() {
    EXPECT_EQ(seen_when_suspended_.value_or(program_.received.size()), program_.received.size());
    seen_when_suspended_.reset();
    ask(atom("resume"));
  }
  void log(Term what) { ask(Term::tuple({atom("debug"), Term::tuple({atom("log"), std::move(what)})})); }
  /// The fruit among what has been logged as received.
  std::vector<std::string> logged() {
    const Term reply = ask(Term::tuple({atom("debug"), Term::tuple({atom("log"), atom("get")})}));
    const auto events = (*reply.as_tuple())[1].as_list();
    std::vector<std::string> fruit;
    for (const Term& event : events.value_or(std::span<const Term>())) {
      const Term& what = (*event.as_tuple())[1];
      if (event.is_tagged("in", 2) &&
          (what.is_tagged("apple", 2) || what.is_tagged("pear", 2) || what.is_tagged("plum", 2))) {
        fruit.push_back((*what.as_tuple())[1].text());
      }
    }
    return fruit;
  }

 private:
  Runtime& runtime_;
  const Pid pid_;
  const Program& program_;
  std::optional<std::size_t> seen_when_suspended_;
};

void look_into(Onlooker& onlooker, SimulatedScheduler& scheduler, SeededRandom& random) {
  switch (random.below(8)) {
    case 0:
    case 1:
      onlooker.suspend();
      break;
    case 2:
    case 3:
      onlooker.resume();
      break;
    case 4:
      onlooker.ask(atom("get_status"));
      break;
    case 5:
      scheduler.run_for(2ms);
      break;
    default:
      // Not step(), which goes on to the next timer: the patience of a receive.
      scheduler.run_for(std::chrono::microseconds(random.below(200)));
  }
}

TEST(SelectiveReceive, loses_and_reorders_nothing_while_it_is_suspended_resumed_and_traced) {
  test::for_each_seed(300, 20'000, [](std::uint64_t seed) {
    SimulatedScheduler scheduler(seed);
    Runtime runtime(scheduler);
    const RuntimeScope scope(runtime);
    SeededRandom random(seed);
    Program program = patient_program(random);
    const Pid pid = troupe::spawn<run_program_and_stay>(&program, runtime.spawn<Counter>());
    Onlooker onlooker(runtime, pid, program);
    const bool always_traced = random.below(2) == 0;
    const Term keep_all = Term::tuple({atom("true"), Term::integer(1'000)});
    if (always_traced) {
      onlooker.log(keep_all);
    }
    troupe::send(pid, Begin{});
    for (const Sent& message : program.sends) {
      send_fruit(runtime, pid, message, random.below(3) == 0);
      while (random.below(3) == 0) {
        look_into(onlooker, scheduler, random);
        if (!always_traced && random.below(4) == 0) {
          onlooker.log(random.below(2) == 0 ? keep_all : atom("false"));
        }
      }
    }
    onlooker.resume();
    scheduler.run_for(1s);
    ASSERT_EQ(program.received, expected(program));
    ASSERT_EQ(runtime.process_info(pid)->mailbox_length, 0u);
    if (always_traced) {
      std::vector<std::string> numbers;
      for (const Sent& message : program.sends) {
        numbers.push_back(std::to_string(message.number));
      }
      ASSERT_EQ(onlooker.logged(), numbers);
    }
    troupe::send(pid, Begin{});
    scheduler.run_until_idle();
    ASSERT_FALSE(runtime.alive(pid));
  });
}

}  // namespace
}  // namespace troupe
