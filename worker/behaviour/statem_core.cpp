#include "troupe/statem_core.hpp"

#include <algorithm>
#include <iterator>

#include "troupe/statem_events.hpp"

namespace troupe::statem {
namespace {

Term name_of(TimeoutKind kind, const Term& name) {
  switch (kind) {
    case TimeoutKind::state:
      return Term::atom("state_timeout");
    case TimeoutKind::event:
      return Term::atom("timeout");
    default:
      return Term::tuple({Term::atom("timeout"), name});
  }
}

void put_before(std::vector<KeptEvent>& waiting, std::vector<KeptEvent>& first) {
  waiting.insert(waiting.end(), std::make_move_iterator(first.rbegin()), std::make_move_iterator(first.rend()));
  first.clear();
}

}  // namespace

void Core::begin_with(Decision init, bool state_enter) {
  state_enter_ = state_enter;
  init.go = Decision::Go::repeat_state;
  init_ = std::make_unique<Decision>(std::move(init));
  continue_with(StatemResume{});
}

void Core::receive(const EventType& type, void* value, const From& from) {
  handle(type, value, from, nullptr);
  drain();
}

void Core::resume() {
  if (const std::unique_ptr<Decision> init = std::move(init_)) {
    if (enter_as_decided(*init)) {
      finish(*init);
    }
  }
  drain();
}

bool Core::receive_timeout(TimerReference timer) {
  const auto fired =
      std::find_if(running_.begin(), running_.end(), [&](const Running& one) { return one.timer == timer; });
  if (fired != running_.end()) {
    KeptEvent event = std::move(fired->content);
    running_.erase(fired);
    handle(event.type(), event.value(), event.from(), &event);
    drain();
    return true;
  }
  const auto late = std::find(late_.begin(), late_.end(), timer);
  if (late == late_.end()) {
    return false;
  }
  late_.erase(late);
  return true;
}

void Core::drain() {
  for (unsigned handled = 0; !stopped_; ++handled) {
    std::optional<KeptEvent> event = next_event();
    if (!event) {
      return;
    }
    if (handled >= events_per_turn_max && continue_with(StatemResume{})) {
      events_.push_back(std::move(*event));
      return;
    }
    handle(event->type(), event->value(), event->from(), &*event);
  }
}

std::optional<KeptEvent> Core::next_event() {
  std::optional<KeptEvent> event;
  if (!events_.empty()) {
    event = std::move(events_.back());
    events_.pop_back();
    return event;
  }
  const auto due = std::find_if(running_.begin(), running_.end(), [](const Running& one) { return one.timer == 0; });
  if (due != running_.end()) {
    event = std::move(due->content);
    running_.erase(due);
  }
  return event;
}

void Core::handle(const EventType& type, void* value, const From& from, KeptEvent* kept) {
  Decision decision = type.run(*this, value, from);
  if (decision.go == Decision::Go::next_state && state_differs()) {
    decision.go = Decision::Go::repeat_state;
  }
  if (decision.answer_caller && !decision.postpone && decision.go != Decision::Go::stop && from.pid.valid()) {
    troupe::reply(from, Term::atom("ok"));
  }
  if (!enter_as_decided(decision)) {
    return;
  }
  if (decision.postpone) {
    postponed_.push_back(kept != nullptr ? std::move(*kept) : KeptEvent(type, type.keep(value), from));
    bounded(postponed_.size());
  }
  finish(decision);
}

bool Core::enter_as_decided(Decision& decision) {
  bool again = decision.go == Decision::Go::repeat_state && state_enter_;
  while (again) {
    Decision entered = enter();
    again = entered.go == Decision::Go::repeat_state;
    std::move(entered.timeouts.begin(), entered.timeouts.end(), std::back_inserter(decision.timeouts));
    if (entered.go == Decision::Go::stop) {
      decision.go = entered.go;
      decision.stop_reason = entered.stop_reason;
      break;
    }
  }
  if (decision.go == Decision::Go::stop) {
    stopped_ = true;
    troupe::stop(decision.stop_reason);
    return false;
  }
  return true;
}

void Core::finish(Decision& decision) {
  if (state_differs()) {
    put_before(events_, postponed_);
    cancel(TimeoutKind::state, nullptr);
  }
  change_state();
  cancel(TimeoutKind::event, nullptr);
  for (std::size_t i = 0; i < decision.timeouts.size(); ++i) {
    TimeoutChange& change = decision.timeouts[i];
    // Of several for one timeout the last one counts.
    const bool again =
        std::any_of(decision.timeouts.begin() + static_cast<std::ptrdiff_t>(i) + 1, decision.timeouts.end(),
                    [&](const TimeoutChange& later) { return later.same_timeout(change); });
    if (!again) {
      apply(std::move(change));
    }
  }
  put_before(events_, decision.next_events);
  bounded(events_.size());
}

void Core::apply(TimeoutChange change) {
  const auto running = find(change.kind, &change.name);
  if (change.what == TimeoutChange::What::update && running != running_.end()) {
    running->content = std::move(change.content);
    return;
  }
  cancel(change.kind, &change.name);
  if (change.what == TimeoutChange::What::cancel) {
    return;
  }
  TimerReference timer = 0;
  if (change.what == TimeoutChange::What::start && change.delay > std::chrono::nanoseconds::zero()) {
    timer = start_timer(change.delay);
    if (timer == 0) {
      troupe::exit(Term::tuple({Term::atom("system_limit"), name_of(change.kind, change.name)}));
    }
  }
  running_.push_back({change.kind, std::move(change.name), timer, std::move(change.content)});
}

void Core::cancel(TimeoutKind kind, const Term* name) {
  const auto running = find(kind, name);
  if (running == running_.end()) {
    return;
  }
  if (running->timer != 0 && !cancel_timer(running->timer)) {
    late_.push_back(running->timer);
  }
  running_.erase(running);
}

std::vector<Core::Running>::iterator Core::find(TimeoutKind kind, const Term* name) {
  return std::find_if(running_.begin(), running_.end(), [&](const Running& one) {
    return one.kind == kind && (kind != TimeoutKind::generic || one.name == *name);
  });
}

void Core::bounded(std::size_t events) const {
  if (events > waiting_events_max) {
    troupe::exit(Term::tuple({Term::atom("system_limit"), Term::atom("postponed_or_inserted_events")}));
  }
}

Term Core::running_timeouts() const {
  std::vector<Term> timeouts;
  for (const Running& one : running_) {
    timeouts.push_back(one.content.type().describe(one.content.value()));
  }
  const auto count = static_cast<std::int64_t>(timeouts.size());
  return Term::tuple({Term::integer(count), Term::list(std::move(timeouts))});
}

Term Core::postponed_events() const {
  std::vector<Term> events;
  for (const KeptEvent& event : postponed_) {
    events.push_back(event.type().describe(event.value()));
  }
  return Term::list(std::move(events));
}

}  // namespace troupe::statem
