#include "tests/differential/statem_program.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/random.hpp"
#include "troupe/statem.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/simulated_scheduler.hpp"

namespace troupe::differential {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr std::size_t callbacks_max = 40;
/// Erlang's timers have milliseconds, and its machine other things to do.
constexpr nanoseconds close_call = 10ms;

struct Cast {
  std::int64_t n = 0;
};
struct Call {
  using Reply = std::int64_t;
  std::int64_t n = 0;
};
enum class State { zero, one, two };

struct Record {
  std::vector<Term> events;
  /// When something may happen by itself, and what: two of them should not come close.
  std::set<std::pair<nanoseconds, std::string>> moments;
  std::set<std::string> due_now;    ///< Timeouts of zero that may wait.
  std::set<std::string> postponed;  ///< Types of events: when one comes it may be an old one.
  std::string type;                 ///< Of the event that is being handled.
  bool lost_by_otp = false;
};

template <bool with_enter>
class Scripted {
 public:
  using states = State;
  using messages = troupe::messages<Cast, Call, statem::Internal<Cast>, statem::StateTimeout<Cast>,
                                    statem::EventTimeout<Cast>, statem::GenericTimeout<Cast>>;
  using Next = statem::Next<Scripted>;
  using Entered = statem::Entered<Scripted>;

  Scripted(Term program, std::shared_ptr<Record> record) : program_(std::move(program)), record_(std::move(record)) {}

  Next handle(State state, Cast cast) { return react("cast", 0, state, cast.n, {}); }
  Next handle(State state, Call call, const From& from) { return react("call", 1, state, call.n, from); }
  Next handle(State state, const statem::Internal<Cast>& event) {
    return react("internal", 2, state, event.content.n, {});
  }
  Next handle(State state, const statem::StateTimeout<Cast>& event) {
    return react("state_timeout", 3, state, event.content.n, {});
  }
  Next handle(State state, const statem::EventTimeout<Cast>& event) {
    return react("timeout", 4, state, event.content.n, {});
  }
  Next handle(State state, const statem::GenericTimeout<Cast>& event) {
    return event.name.is_atom("a") ? react("a", 5, state, event.content.n, {})
                                   : react("b", 6, state, event.content.n, {});
  }

  Entered enter(State state, State old_state) requires with_enter {
    note("enter", state, static_cast<std::int64_t>(old_state));
    return answer<Entered>(part(3)[static_cast<std::size_t>(state)], {});
  }

 private:
  std::span<const Term> part(std::size_t index) const { return *(*program_.as_tuple())[index].as_list(); }
  void note(std::string_view what, State state, std::int64_t n) {
    record_->events.push_back(
        Term::tuple({Term::atom(what), Term::integer(static_cast<std::int64_t>(state)), Term::integer(n)}));
  }

  Next react(std::string_view type, std::size_t index, State state, std::int64_t n, const From& from) {
    note(type, state, n);
    record_->type = type;
    if (!record_->postponed.contains(record_->type)) {
      record_->due_now.erase(record_->type);
    }
    return answer<Next>(part(2)[static_cast<std::size_t>(state) * 21 + index * 3 + static_cast<std::size_t>(n)], from);
  }

  template <class Answer>
  Answer answer(const Term& reaction, const From& from) {
    if (record_->events.size() > callbacks_max) {
      return statem::keep_state();
    }
    const auto parts = *reaction.as_tuple();
    Answer answer = statem::keep_state();
    if (parts[0].is_atom("repeat")) {
      answer = statem::repeat_state();
    } else if (const auto next = parts[0].as_integer()) {
      if constexpr (std::is_same_v<Answer, Next>) {
        answer = statem::next_state(static_cast<State>(*next));
      }
    }
    const auto actions = *parts[1].as_list();
    for (const Term& action : actions) {
      add(answer, action, from);
    }
    return answer;
  }

  template <class Answer>
  void add(Answer& answer, const Term& action, const From& from) {
    const auto parts = action.as_tuple();
    if constexpr (std::is_same_v<Answer, Next>) {
      if (action.is_atom("postpone")) {
        record_->postponed.insert(record_->type);
        answer.add(statem::postpone);
        return;
      }
      if (action.is_tagged("reply", 2)) {
        answer.add(statem::reply(from, *(*parts)[1].as_integer()));
        return;
      }
      if (action.is_tagged("next_event", 3)) {
        const Cast content{*(*parts)[2].as_integer()};
        if ((*parts)[1].is_atom("cast")) {
          answer.add(statem::next_event(content));
        } else {
          answer.add(statem::next_event(statem::Internal{content}));
        }
        return;
      }
    }
    add_timeout(answer, action, (*parts)[1]);
  }

  template <class Answer>
  void add_timeout(Answer& answer, const Term& action, const Term& timeout) {
    const auto parts = *action.as_tuple();
    const Cast content{parts.back().as_integer().value_or(0)};
    const std::string name = timeout.text();
    const auto add = [&](auto time, auto... given) {
      if (timeout.is_atom("state_timeout")) {
        answer.add(statem::state_timeout(time, given...));
      } else if (timeout.is_atom("timeout")) {
        answer.add(statem::event_timeout(time, given...));
      } else {
        answer.add(statem::generic_timeout(timeout, time, given...));
      }
    };
    if (action.is_tagged("cancel", 2)) {
      add(statem::cancel);
    } else if (action.is_tagged("update", 3)) {
      record_->due_now.insert(name);
      add(statem::update, content);
    } else {
      const std::chrono::milliseconds delay(*parts[2].as_integer());
      if (delay > 0ms) {
        record_->moments.emplace(troupe::now() + delay, name);
        record_->lost_by_otp = record_->lost_by_otp || record_->due_now.contains(name);
      } else {
        record_->due_now.insert(name);
      }
      add(delay, content);
    }
  }

  Term program_;
  std::shared_ptr<Record> record_;
};

/// Asks the machine and keeps what it is answered.
class Client {
 public:
  using messages = troupe::messages<Cast, Response<Call>>;
  Client(Pid machine, std::shared_ptr<std::map<RequestId, std::optional<std::int64_t>>> replies)
      : machine_(machine), replies_(std::move(replies)) {}
  void handle(Cast call) { (*replies_)[troupe::send_request(machine_, Call{call.n}, 1h)]; }
  void handle(Response<Call> response) { (*replies_)[response.request] = response.reply; }

 private:
  Pid machine_;
  std::shared_ptr<std::map<RequestId, std::optional<std::int64_t>>> replies_;
};

template <std::size_t Count>
Term one_of(SeededRandom& random, const char* const (&names)[Count]) {
  return Term::atom(names[random.below(Count)]);
}
Term number(SeededRandom& random, std::uint64_t bound) {
  return Term::integer(static_cast<std::int64_t>(random.below(bound)));
}

struct TimeoutOf {
  const char* name;
  std::int64_t delay_ms;
};
constexpr TimeoutOf timeouts[] = {{"state_timeout", 30}, {"timeout", 70}, {"a", 160}, {"b", 330}};

Term generate_timeout(SeededRandom& random) {
  const TimeoutOf& timeout = timeouts[random.below(4)];
  const Term name = Term::atom(timeout.name);
  switch (random.below(8)) {
    case 0:
      return Term::tuple({Term::atom("cancel"), name});
    case 1:
      return Term::tuple({Term::atom("update"), name, number(random, 3)});
    case 2:
    case 3:
      return Term::tuple({Term::atom("start"), name, Term::integer(0), number(random, 3)});
    default:
      return Term::tuple({Term::atom("start"), name, Term::integer(timeout.delay_ms), number(random, 3)});
  }
}

Term generate_action(SeededRandom& random) {
  switch (random.below(8)) {
    case 0:
    case 1:
      return Term::atom("postpone");
    case 2:
    case 3:
      return Term::tuple({Term::atom("reply"), number(random, 3)});
    case 4:
      return Term::tuple({Term::atom("next_event"), one_of(random, {"cast", "internal"}), number(random, 3)});
    default:
      return generate_timeout(random);
  }
}

Term generate_reaction(SeededRandom& random) {
  const std::uint64_t choice = random.below(8);
  Term go = choice < 4 ? Term::atom("keep") : choice == 4 ? Term::atom("repeat") : number(random, 3);
  std::vector<Term> actions;
  for (std::uint64_t left = random.below(4); left > 0; --left) {
    actions.push_back(generate_action(random));
  }
  return Term::tuple({std::move(go), Term::list(std::move(actions))});
}

Term generate_enter(SeededRandom& random) {
  std::vector<Term> actions;
  for (std::uint64_t left = random.below(3); left > 0; --left) {
    actions.push_back(generate_timeout(random));
  }
  return Term::tuple({Term::atom(random.below(8) == 0 ? "repeat" : "keep"), Term::list(std::move(actions))});
}

Term generate_step(SeededRandom& random) {
  if (random.below(3) == 0) {
    return Term::tuple({Term::atom("wait"), Term::integer(random.below(2) == 0 ? 110 : 250)});
  }
  return Term::tuple({one_of(random, {"cast", "call"}), number(random, 3)});
}

template <class Make>
Term list_of(std::size_t count, SeededRandom& random, Make make) {
  std::vector<Term> made;
  for (std::size_t i = 0; i < count; ++i) {
    made.push_back(make(random));
  }
  return Term::list(std::move(made));
}

bool close_calls(const Record& record) {
  // A timeout that is started again replaces itself.
  const auto close = [](const auto& one, const auto& next) {
    return next.first - one.first < close_call && next.second != one.second;
  };
  return std::adjacent_find(record.moments.begin(), record.moments.end(), close) != record.moments.end();
}

}  // namespace

Term generate_statem_program(std::uint64_t seed) {
  SeededRandom random(seed);
  const Term enter = Term::boolean(random.below(2) == 0);
  Term reactions = list_of(3 * 7 * 3, random, generate_reaction);
  Term enters = list_of(3, random, generate_enter);
  Term steps = list_of(3 + random.below(6), random, generate_step);
  return Term::tuple({Term::integer(static_cast<std::int64_t>(seed)), enter, std::move(reactions), std::move(enters),
                      std::move(steps)});
}

StatemRun run_statem_program(const Term& program) {
  const auto parts = *program.as_tuple();
  SimulatedScheduler scheduler(static_cast<std::uint64_t>(*parts[0].as_integer()));
  Runtime runtime(scheduler);
  const auto record = std::make_shared<Record>();
  const auto replies = std::make_shared<std::map<RequestId, std::optional<std::int64_t>>>();
  const Pid machine = *parts[1].as_boolean() ? runtime.spawn<Scripted<true>>(program, record)
                                             : runtime.spawn<Scripted<false>>(program, record);
  const Pid client = runtime.spawn<Client>(machine, replies);
  scheduler.run_for(100us);
  const auto steps = *parts[4].as_list();
  for (const Term& step : steps) {
    const std::int64_t n = *(*step.as_tuple())[1].as_integer();
    if (step.is_tagged("wait", 2)) {
      scheduler.run_for(std::chrono::milliseconds(n));
      record->moments.emplace(scheduler.clock().now().time_since_epoch(), "step");
      continue;
    }
    const RuntimeScope scope(runtime);
    troupe::send(step.is_tagged("cast", 2) ? machine : client, Cast{n});
    scheduler.run_for(100us);
  }
  StatemRun run{record->events, !record->lost_by_otp && !close_calls(*record)};
  std::vector<Term> answers;
  for (const auto& [request, reply] : *replies) {
    answers.push_back(reply ? Term::integer(*reply) : Term::atom("none"));
  }
  run.events.push_back(Term::tuple({Term::atom("replies"), Term::list(std::move(answers))}));
  return run;
}

}  // namespace troupe::differential
