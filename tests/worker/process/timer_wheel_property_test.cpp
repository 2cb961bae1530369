// Any sequence of setting, cancelling and advancing, held against an ordered map. rapidcheck makes a failure small; its
// RC_PARAMS="seed=..." shows one again.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <ostream>
#include <utility>
#include <vector>

#include "worker/process/timer_wheel.hpp"
#include "worker/process/timers.hpp"

namespace troupe {
namespace {

constexpr std::int64_t tick_ns = 1 << 16;
constexpr Duration tick{tick_ns};

enum class Kind { set, cancel, advance };
struct Command {
  Kind kind = Kind::set;
  /// Until the timer is due, which may have passed already, or how far time goes on.
  std::int64_t span_ns = 0;
  std::uint32_t choice = 0;  ///< Of the timer to cancel, among all that were ever set.
};

std::ostream& operator<<(std::ostream& out, const Command& command) {
  switch (command.kind) {
    case Kind::set:
      return out << "set in " << command.span_ns << " ns";
    case Kind::cancel:
      return out << "cancel " << command.choice;
    case Kind::advance:
      return out << "advance by " << command.span_ns << " ns";
  }
  return out;
}

/// As many of each size from nothing to 146 years, which no level of the wheel lies beyond; half of them as close to
/// the end of a tick as can be.
rc::Gen<std::int64_t> any_span() {
  return rc::gen::mapcat(rc::gen::inRange(0, 63), [](int bits) {
    const std::int64_t end = std::int64_t{1} << bits;
    return rc::gen::apply(
        [](std::int64_t span, int beside) {
          return beside < 3 ? std::max<std::int64_t>(span / tick_ns * tick_ns + beside - 1, 0) : span;
        },
        rc::gen::inRange<std::int64_t>(end / 2, end), rc::gen::inRange(0, 6));
  });
}

rc::Gen<std::vector<Command>> any_commands() {
  const auto command = rc::gen::apply(
      [](Kind kind, std::int64_t span, bool passed, std::uint32_t choice) {
        return Command{kind, kind == Kind::set && passed ? -(span % (1'000 * tick_ns)) : span, choice};
      },
      rc::gen::weightedElement<Kind>({{4, Kind::set}, {2, Kind::cancel}, {3, Kind::advance}}), any_span(),
      rc::gen::weightedElement<bool>({{9, false}, {1, true}}), rc::gen::inRange<std::uint32_t>(0, 1'000));
  return rc::gen::scale(3, rc::gen::container<std::vector<Command>>(command));
}

Instant later(Instant now, std::int64_t span_ns) {
  return span_ns > (Instant::max() - now).count() ? Instant::max() : now + Duration(span_ns);
}

/// Timers by when they are due and in which order they were set, which is their number.
using Model = std::map<std::pair<Instant, std::uint64_t>, std::size_t>;

Timer numbered(std::uint64_t number) {
  Timer timer;
  timer.number = number;
  return timer;
}

/// Takes what has fired at `now` out of `model`, which must hold it, in this order.
template <class Fired>
void expect_fired(Model& model, const std::vector<std::uint64_t>& numbers, Instant now, const Fired& due_of) {
  std::pair<Instant, std::uint64_t> last{Instant::min(), 0};
  for (const std::uint64_t number : numbers) {
    const std::pair<Instant, std::uint64_t> fired{due_of(number), number};
    RC_ASSERT(model.erase(fired) == 1u);  // Once, and not after it was cancelled.
    RC_ASSERT(fired.first <= now);
    RC_ASSERT(last < fired);
    last = fired;
  }
  RC_ASSERT(model.empty() || model.begin()->first.first > now - tick);
}

Instant latest_wake_up(const Model& model, Instant now) {
  return model.empty() ? Instant::max() : later(std::max(model.begin()->first.first, now), tick_ns);
}

RC_GTEST_PROP(TimerWheelProperty, fires_each_timer_once_in_its_order_and_no_cancelled_one, ()) {
  TimerWheel wheel;
  Model model;
  Instant now{};
  std::vector<std::pair<Instant, TimerWheel::Key>> set;
  for (const Command& command : *any_commands()) {
    switch (command.kind) {
      case Kind::set: {
        const Instant due = later(now, command.span_ns);
        set.emplace_back(due, wheel.add(due, numbered(set.size() + 1)));
        model[{due, set.size()}] = set.size();
        break;
      }
      case Kind::cancel:
        if (!set.empty()) {
          const std::size_t number = 1 + command.choice % set.size();
          Timer removed;
          const bool waits = model.erase({set[number - 1].first, number}) == 1;
          RC_ASSERT(wheel.cancel(set[number - 1].second, removed) == waits);
          RC_ASSERT(!waits || removed.number == number);
        }
        break;
      case Kind::advance: {
        now = later(now, command.span_ns);
        std::vector<TimerWheel::Fired> due;
        do {  // In handfuls: together they must be what one call gives.
          wheel.take_due(now, due, due.size() + 1 + command.choice % 4);
        } while (wheel.next_event() <= now && wheel.next_event() != Instant::max());
        std::vector<std::uint64_t> numbers;
        std::transform(due.begin(), due.end(), std::back_inserter(numbers),
                       [](const auto& fired) { return fired.timer.number; });
        expect_fired(model, numbers, now, [&](std::uint64_t number) { return set[number - 1].first; });
      }
    }
    RC_ASSERT(wheel.size() == model.size());
    RC_ASSERT(wheel.next_event() <= latest_wake_up(model, now));
    RC_ASSERT(!model.empty() || wheel.next_event() == Instant::max());
  }
}

RC_GTEST_PROP(TimerWheelProperty, wakes_a_sleeper_in_time_for_each_timer_and_seldom_for_nothing, ()) {
  TimerWheel wheel;
  Model model;
  Instant now{};
  for (const Command& command : *any_commands()) {
    const Instant due = later(now, command.span_ns);
    const std::uint64_t number = model.size() + 1;
    wheel.add(due, numbered(number));
    model[{due, number}] = number;
  }
  const std::size_t levels = 8;
  const std::size_t wake_ups_max = model.size() * (levels + 1);
  for (std::size_t wake_ups = 0; wheel.next_event() != Instant::max(); ++wake_ups) {
    RC_ASSERT(wake_ups < wake_ups_max);
    now = std::max(now, wheel.next_event());
    std::vector<TimerWheel::Fired> due;
    wheel.take_due(now, due);
    for (const TimerWheel::Fired& fired : due) {
      RC_ASSERT(!model.empty());
      RC_ASSERT(model.begin()->first.second == fired.timer.number);
      RC_ASSERT(model.begin()->first.first <= now);
      RC_ASSERT(std::max(model.begin()->first.first, Instant{}) > now - tick);
      model.erase(model.begin());
    }
  }
  // What is left is due in the last tick that an Instant has, whose end never comes.
  RC_ASSERT(model.empty() || model.begin()->first.first > Instant::max() - tick);
}

/// A thread sleeps until what it was told last; others set and cancel meanwhile and wake it only when told to.
RC_GTEST_PROP(TimersProperty, tell_a_sleeper_of_everything_that_comes_before_what_it_waits_for, ()) {
  Timers timers(1);
  Model model;
  Instant now{};
  Instant wakes = Instant::max();
  std::vector<std::pair<Instant, TimerId>> set;
  for (const Command& command : *any_commands()) {
    switch (command.kind) {
      case Kind::set: {
        const Instant due = later(now, command.span_ns);
        const Timers::Added added = timers.add(0, due, numbered(set.size() + 1));
        RC_ASSERT(added.id != 0u);
        set.emplace_back(due, added.id);
        model[{due, set.size()}] = set.size();
        wakes = std::min(wakes, added.earlier.value_or(wakes));
        break;
      }
      case Kind::cancel:
        if (!set.empty()) {
          const std::size_t number = 1 + command.choice % set.size();
          RC_ASSERT(timers.cancel(set[number - 1].second) == (model.erase({set[number - 1].first, number}) == 1));
        }
        break;
      case Kind::advance: {
        now = later(now, command.span_ns);
        std::vector<std::uint64_t> numbers;
        for (const TimerWheel::Fired& fired : timers.take_due(0, now)) {
          numbers.push_back(fired.timer.number);
        }
        expect_fired(model, numbers, now, [&](std::uint64_t number) { return set[number - 1].first; });
        wakes = timers.next_due(0).value_or(Instant::max());
      }
    }
    RC_ASSERT(timers.size() == model.size());
    RC_ASSERT(wakes <= latest_wake_up(model, now));
    RC_ASSERT(timers.next_due(0).value_or(Instant::max()) <= latest_wake_up(model, now));
  }
}

}  // namespace
}  // namespace troupe
