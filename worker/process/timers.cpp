#include "worker/process/timers.hpp"

#include "base/check.hpp"

namespace troupe {
namespace {

// A timer's number: its place, its index in the wheel, its serial there.
constexpr unsigned serial_bits = 32;
constexpr unsigned index_bits = 25;
constexpr unsigned places_max = 1u << (64 - serial_bits - index_bits);

/// So that processes have their turns between two handfuls of a burst, and nothing holds a whole burst at once.
constexpr std::size_t fired_at_once = 512;

TimerId id_of(unsigned place, TimerWheel::Key key) {
  return (static_cast<TimerId>(place) << (serial_bits + index_bits)) |
         (static_cast<TimerId>(key.index) << serial_bits) | key.serial;
}

}  // namespace

Timers::Timers(unsigned places, std::uint32_t timers_max)
    : places_(places), timers_max_(timers_max), wheels_(new std::atomic<Place*>[places]()) {
  check(places <= places_max, "a timer's number has room for 128 places");
}

Timers::~Timers() {
  for (unsigned place = 0; place < places_; ++place) {
    delete known(place);
  }
}

Timers::Place& Timers::made(unsigned place) {
  if (Place* const there = known(place)) [[likely]] {
    return *there;
  }
  const std::lock_guard lock(making_);
  if (known(place) == nullptr) {
    wheels_[place].store(new Place(timers_max_), std::memory_order_release);
  }
  return *known(place);
}

Timers::Added Timers::add(unsigned place, Instant due, Timer&& timer) {
  Place& at = made(place);
  Added added;
  const std::lock_guard lock(at.lock);
  const TimerWheel::Key key = at.wheel.add(due, std::move(timer));
  if (key.index == 0) {
    return added;
  }
  added.id = id_of(place, key);
  if (due < at.next_event) {
    at.next_event = at.wheel.next_event();
    added.earlier = at.next_event;
  }
  return added;
}

bool Timers::cancel(TimerId timer) {
  const auto place = static_cast<unsigned>(timer >> (serial_bits + index_bits));
  Place* const at = place < places_ ? known(place) : nullptr;
  if (at == nullptr) {
    return false;
  }
  const TimerWheel::Key key{static_cast<std::uint32_t>(timer >> serial_bits) & TimerWheel::timers_max,
                            static_cast<std::uint32_t>(timer)};
  Timer removed;  // Its message is destroyed outside the lock: a destructor is the user's code.
  const std::lock_guard lock(at->lock);
  return at->wheel.cancel(key, removed);
}

std::vector<TimerWheel::Fired> Timers::take_due(unsigned place, Instant now) {
  std::vector<TimerWheel::Fired> due;
  if (Place* const at = known(place)) {
    const std::lock_guard lock(at->lock);
    at->wheel.take_due(now, due, fired_at_once);
    at->next_event = at->wheel.next_event();
  }
  for (TimerWheel::Fired& fired : due) {
    if (fired.timer.number == 0) {
      fired.timer.number = id_of(place, fired.key);
    }
  }
  return due;
}

void Timers::turn_into_terms(const void* image) {
  for (unsigned place = 0; place < places_; ++place) {
    if (Place* const at = known(place)) {
      std::vector<EnvelopePtr> values;  // Destroyed outside the lock: a destructor is the user's code.
      const std::lock_guard lock(at->lock);
      at->wheel.turn_into_terms(image, values);
    }
  }
}

std::optional<Instant> Timers::next_due(unsigned place) const {
  Place* const at = known(place);
  if (at == nullptr) {
    return std::nullopt;
  }
  const std::lock_guard lock(at->lock);
  // Whoever asks waits until then, and must hear of all that is earlier: not only of what is earlier than a timer which
  // has been cancelled since.
  at->next_event = at->wheel.size() == 0 ? Instant::max() : at->wheel.next_event();
  return at->next_event == Instant::max() ? std::nullopt : std::optional(at->next_event);
}

std::size_t Timers::size() const {
  std::size_t size = 0;
  for (unsigned place = 0; place < places_; ++place) {
    if (const Place* const at = known(place)) {
      const std::lock_guard lock(at->lock);
      size += at->wheel.size();
    }
  }
  return size;
}

}  // namespace troupe
