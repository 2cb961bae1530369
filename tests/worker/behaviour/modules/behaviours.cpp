// A state machine, a stage, and a server that uses tasks and an agent, in a module.
#include <troupe/agent.hpp>
#include <troupe/application.hpp>
#include <troupe/stage.hpp>
#include <troupe/statem.hpp>
#include <troupe/task_stream.hpp>

#include <string>

namespace {

using namespace std::chrono_literals;
namespace statem = troupe::statem;

struct Push {};
struct Opened {
  using Reply = std::int64_t;
};
enum class Gate { closed, open };

class Turnstile {
 public:
  using states = Gate;
  using messages = troupe::messages<Push, Opened, statem::StateTimeout<>>;
  using Next = statem::Next<Turnstile>;

  statem::Entered<Turnstile> enter(Gate gate) {
    opened_ += gate == Gate::open ? 1 : 0;
    return gate == Gate::open ? statem::Entered<Turnstile>(statem::keep_state(statem::state_timeout(1s)))
                              : statem::Entered<Turnstile>(statem::keep_state());
  }
  Next handle(Gate gate, Push) {
    return gate == Gate::closed ? Next(statem::next_state(Gate::open)) : Next(statem::keep_state(statem::postpone));
  }
  Next handle(Gate, const statem::StateTimeout<>&) { return statem::next_state(Gate::closed); }
  Next handle(Gate, Opened, const troupe::From& from) { return statem::keep_state(statem::reply(from, opened_)); }

 private:
  std::int64_t opened_ = 0;
};

struct Square {
  std::int64_t up_to = 0;
};
struct Total {
  using Reply = std::int64_t;
};

class Squares {
 public:
  using messages =
      troupe::messages<Square, Total, troupe::task::Response<std::int64_t>, troupe::agent::Response<std::int64_t>>;
  Squares() : sum_(troupe::agent::start_link([] { return std::int64_t{0}; })) {}
  void handle(Square square) {
    auto next = [n = std::int64_t{0}, last = square.up_to]() mutable {
      return n < last ? std::optional(++n) : std::nullopt;
    };
    stream_ = troupe::task::async_stream(std::move(next), [](std::int64_t n) { return n * n; }, {.max_concurrency = 2});
  }
  void handle(troupe::task::Response<std::int64_t> response) {
    for (const auto& outcome : stream_.take(std::move(response))) {
      troupe::agent::cast(sum_, [value = *outcome.result](std::int64_t& sum) { sum += value; });
    }
    if (stream_.done()) {
      troupe::agent::get(sum_, [](std::int64_t sum) { return sum; });
    }
  }
  void handle(troupe::agent::Response<std::int64_t> response) { total_ = *response.reply; }
  std::int64_t handle(Total) const { return total_; }

 private:
  troupe::agent::Agent<std::int64_t> sum_;
  troupe::task::Stream<std::int64_t> stream_;
  std::int64_t total_ = 0;
};

class Numbers {
 public:
  using produces = std::int64_t;
  std::vector<std::int64_t> handle_demand(std::int64_t demand) {
    std::vector<std::int64_t> numbers;
    for (; demand > 0 && next_ <= 100; --demand) {
      numbers.push_back(next_++);
    }
    return numbers;
  }

 private:
  std::int64_t next_ = 1;
};

class Sum {
 public:
  using consumes = std::int64_t;
  using messages = troupe::messages<Total>;
  void handle_events(const std::vector<std::int64_t>& numbers) {
    for (const std::int64_t number : numbers) {
      total_ += number;
    }
  }
  std::int64_t handle(Total) const { return total_; }

 private:
  std::int64_t total_ = 0;
};

}  // namespace

TROUPE_MODULE(Turnstile, Squares, Numbers, Sum)
