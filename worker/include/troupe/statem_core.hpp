// What every state machine does, whatever its states and events are: which event comes next, what is postponed, which
// timeouts run. The types are told to it by troupe/statem_process.hpp; users include troupe/statem.hpp.
//
// The order of things is OTP's (stdlib/src/gen_statem.erl of OTP 25): after a state function has returned, its state
// enter call, then the change of state, which puts postponed events back and stops the event timeout and, in another
// state, the state timeout; then timeouts are started, and inserted events come before all that waits. A timeout of
// zero comes after these and before anything from the mailbox.
// Used by the process's own thread alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "troupe/process.hpp"

namespace troupe::statem {

/// Postponed events and those inserted by `next_event`, each; one more ends the machine with {system_limit, _}, as
/// nothing else would bound them. As many as a mailbox holds at most.
inline constexpr std::size_t waiting_events_max = 1'000'000;
/// After so many events of its own a machine lets its thread look at other processes and at signals.
inline constexpr unsigned events_per_turn_max = 64;

class Core;
struct Decision;

/// One type of event of one class of machines; its address is its identity.
struct EventType {
  Decision (*run)(Core& machine, const void* value, const From& from);  ///< Calls the state function.
  void* (*keep)(void* value);                                           ///< Moves it to the heap.
  void (*destroy)(void* kept);
  Term (*describe)(const void* value);  ///< {EventType, Content}
};

/// An event that outlives its delivery.
class KeptEvent {
 public:
  KeptEvent() = default;
  KeptEvent(const EventType& type, void* kept, From from) : type_(&type), value_(kept), from_(std::move(from)) {}
  KeptEvent(KeptEvent&& other) noexcept
      : type_(other.type_), value_(std::exchange(other.value_, nullptr)), from_(std::move(other.from_)) {}
  KeptEvent& operator=(KeptEvent&& other) noexcept {
    std::swap(type_, other.type_);
    std::swap(value_, other.value_);
    std::swap(from_, other.from_);
    return *this;
  }
  ~KeptEvent() {
    if (value_ != nullptr) {
      type_->destroy(value_);
    }
  }

  [[nodiscard]] const EventType& type() const { return *type_; }
  [[nodiscard]] void* value() const { return value_; }
  [[nodiscard]] const From& from() const { return from_; }

 private:
  const EventType* type_ = nullptr;
  void* value_ = nullptr;
  From from_;
};

enum class TimeoutKind : std::uint8_t { state, event, generic };

/// A timeout action.
struct TimeoutChange {
  enum class What : std::uint8_t { start, update, cancel };
  TimeoutKind kind = TimeoutKind::event;
  What what = What::start;
  Term name;  ///< Of a generic one.
  std::chrono::nanoseconds delay{0};
  KeptEvent content;  ///< Unless `cancel`.

  [[nodiscard]] bool same_timeout(const TimeoutChange& other) const {
    return kind == other.kind && (kind != TimeoutKind::generic || name == other.name);
  }
};

/// What a state function, a state enter call or init() has asked for. The state itself stays with the typed side.
struct Decision {
  enum class Go : std::uint8_t { keep_state, next_state, repeat_state, stop };
  Go go = Go::keep_state;
  bool postpone = false;
  bool answer_caller = false;  ///< The state function has no From: the caller, if any, is answered `ok`.
  std::vector<KeptEvent> next_events;
  std::vector<TimeoutChange> timeouts;
  Term stop_reason;
};

class Core {
 public:
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

 protected:
  Core() = default;
  ~Core() = default;

  /// Called by the constructor when there are state enter calls or an init(): its actions and the first state enter
  /// call follow once the constructor is done, before every message.
  void begin_with(Decision init, bool state_enter);
  /// `value` is borrowed.
  void receive(const EventType& type, void* value, const From& from);
  void resume();
  /// Whether the timer was one of this machine's: else it is an event of the user's.
  bool receive_timeout(TimerReference timer);
  /// {Count, [{TimeoutType, Content}]}, as sys:get_status shows.
  [[nodiscard]] Term running_timeouts() const;
  [[nodiscard]] Term postponed_events() const;

 private:
  /// Calls the state enter function of the state that is about to be the current one.
  virtual Decision enter() = 0;
  /// Whether the state that was decided on differs from the current one.
  [[nodiscard]] virtual bool state_differs() const = 0;
  /// Makes it the current one.
  virtual void change_state() = 0;

  struct Running {
    TimeoutKind kind;
    Term name;
    TimerReference timer;  ///< 0: it is due now, when no event is left.
    KeptEvent content;
  };

  void handle(const EventType& type, void* value, const From& from, KeptEvent* kept);
  /// False when the machine stops.
  bool enter_as_decided(Decision& decision);
  void finish(Decision& decision);
  void drain();
  std::optional<KeptEvent> next_event();
  void apply(TimeoutChange change);
  void cancel(TimeoutKind kind, const Term* name);
  std::vector<Running>::iterator find(TimeoutKind kind, const Term* name);
  void bounded(std::size_t events) const;

  std::vector<KeptEvent> events_;     ///< Yet to be handled; the next one is at the back.
  std::vector<KeptEvent> postponed_;  ///< In the order in which they came.
  std::vector<Running> running_;      ///< Of those due now the first comes first.
  std::vector<TimerReference> late_;  ///< Cancelled when they were already in the mailbox.
  std::unique_ptr<Decision> init_;    ///< Until its actions are done.
  bool state_enter_ = false;
  bool stopped_ = false;
};

}  // namespace troupe::statem
