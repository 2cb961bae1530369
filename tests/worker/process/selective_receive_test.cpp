// Selective receive held against a model of it: random programs of sends and receives, from seeds.
#include <deque>
#include <map>

#include "tests/seeds.hpp"
#include "tests/worker/process/fixtures.hpp"
#include "troupe/coroutine.hpp"

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
  std::vector<Sent> sends;
  std::vector<Wish> steps;
  std::vector<std::optional<Sent>> received;
};

template <class... As>
Coroutine<> one_step(Program& program) {
  const auto got = co_await receive<As...>(0s);
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

}  // namespace
}  // namespace troupe
