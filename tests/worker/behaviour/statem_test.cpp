// State machines: their events, actions and timeouts. tests/differential compares random ones with OTP's.
#include "troupe/statem.hpp"

#include "tests/worker/process/fixtures.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

// --- A door: states as types ---

struct Locked {};
struct Open {
  std::int64_t by = 0;
  bool operator==(const Open&) const = default;
};
struct Button {
  std::int64_t digit = 0;
};
struct Opened {
  using Reply = std::int64_t;
};
struct Push {};
struct Lock {};
struct Alarm {
  std::string text;
};
struct Break {};

class Door : public PuppetBase {
 public:
  using states = statem::states<Locked, Open>;
  using messages = troupe::messages<Button, Opened, Push, Break, Response<Read>, statem::StateTimeout<Lock>,
                                    statem::EventTimeout<>, statem::GenericTimeout<Alarm>, statem::Internal<Alarm>>;
  using Next = statem::Next<Door>;
  using PuppetBase::PuppetBase;

  Next handle(const Locked&, Button button) {
    note("locked button " + std::to_string(button.digit));
    if (button.digit == 0) {
      return statem::keep_state(statem::event_timeout(1s));
    }
    ++opened_;
    return statem::next_state(Open{button.digit}, statem::state_timeout(10s, Lock{}));
  }
  Next handle(const Open& open, Button button) {
    note("open by " + std::to_string(open.by) + " button " + std::to_string(button.digit));
    return statem::keep_state(statem::postpone);
  }
  Next handle(const Open&, const statem::StateTimeout<Lock>&) {
    note("lock");
    return statem::next_state(Locked{});
  }
  void handle(const Locked&, const statem::StateTimeout<Lock>&) { note("never"); }
  void handle(statem::AnyState, const statem::EventTimeout<>&) { note("quiet"); }
  Next handle(statem::AnyState, Opened, const From& from) {
    return statem::keep_state(statem::reply(from, opened_), statem::next_event(statem::Internal{Alarm{"asked"}}));
  }
  Next handle(const Open&, Push) {
    note("pushed");
    return statem::next_state(Locked{}, statem::generic_timeout(atom("siren"), 2s, Alarm{"siren"}),
                              statem::generic_timeout(atom("light"), 1s, Alarm{"light"}));
  }
  Next handle(const Locked&, Push) {
    note("pushed locked");
    return statem::keep_state(statem::postpone);
  }
  Next handle(statem::AnyState, Break) { return statem::stop(Term::tuple({atom("shutdown"), atom("broken")})); }
  void handle(statem::AnyState, const statem::GenericTimeout<Alarm>& alarm) {
    note(alarm.name.text() + " " + alarm.content.text);
  }
  void handle(statem::AnyState, const statem::Internal<Alarm>& alarm) { note(alarm.content.text); }
  void handle(statem::AnyState, const Response<Read>& response) { note("read " + std::to_string(*response.reply)); }
  Next handle(statem::AnyState, const Term& info) {
    note("info " + info.text());
    if (const auto pid = info.as_pid()) {
      troupe::send_request(*pid, Read{}, 1s);
    }
    return statem::keep_state();
  }
  void terminate(const Term& reason) { note("terminate " + reason.text()); }
  [[nodiscard]] std::int64_t save() const { return opened_; }

 private:
  std::int64_t opened_ = 0;
};

class StateMachines : public SimulatedNode {
 protected:
  Texts take() { return std::exchange(*seen, {}); }
  template <class M>
  void tell_door(M message) {
    const RuntimeScope scope(runtime);
    troupe::send(door, std::move(message));
    scheduler.run_for(1ms);
  }
  std::string ask(const Pid& pid, const Term& what) {
    const auto answer = runtime.call(pid, what, 1s);
    return answer ? answer->text() : answer.error().message;
  }

  Seen seen = nothing_seen();
  Pid door = runtime.spawn<Door>(seen);
};

TEST_F(StateMachines, start_in_the_first_state_and_move_by_events) {
  tell_door(Button{7});
  tell_door(Button{8});
  EXPECT_EQ(take(), (Texts{"locked button 7", "open by 7 button 8"}));
}

TEST_F(StateMachines, handle_postponed_events_in_the_next_state_before_newer_ones) {
  tell_door(Button{7});
  tell_door(Button{0});
  tell_door(Button{5});
  take();
  tell_door(Push{});
  EXPECT_EQ(take(), (Texts{"pushed", "locked button 0", "locked button 5"}));
}

TEST_F(StateMachines, stop_the_state_timeout_when_the_state_changes) {
  tell_door(Button{7});
  scheduler.run_for(11s);
  EXPECT_EQ(take(), (Texts{"locked button 7", "lock"}));
  tell_door(Button{7});
  tell_door(Push{});
  scheduler.run_for(11s);
  EXPECT_EQ(take(), (Texts{"locked button 7", "pushed", "light light", "siren siren"}));
}

TEST_F(StateMachines, have_an_event_timeout_only_when_nothing_happens) {
  tell_door(Button{0});
  scheduler.run_for(900ms);
  runtime.post(door, atom("hello"));
  scheduler.run_for(2s);
  EXPECT_EQ(take(), (Texts{"locked button 0", "info hello"}));
  tell_door(Button{0});
  scheduler.run_for(2s);
  EXPECT_EQ(take(), (Texts{"locked button 0", "quiet"}));
}

TEST_F(StateMachines, reply_to_calls_and_handle_inserted_events_next) {
  tell_door(Button{7});
  take();
  EXPECT_EQ(ask(door, atom("opened")), "1");
  EXPECT_EQ(take(), (Texts{"asked"}));
}

TEST_F(StateMachines, answer_ok_to_a_call_whose_state_function_has_no_from) {
  EXPECT_EQ(ask(door, Term::tuple({atom("button"), Term::integer(0)})), "ok");
}

TEST_F(StateMachines, answer_a_postponed_call_when_it_is_handled) {
  const Seen answers = nothing_seen();
  tell_door(Button{7});
  run_in(puppet(answers), [this] {
    troupe::send_request(door, Term::tuple({atom("button"), Term::integer(1)}), 1h);
    troupe::send_request(door, atom("opened"), 1h);
  });
  EXPECT_EQ(*answers, (Texts{"reply 1", "reply ok"})) << "the first is postponed until the door locks itself";
}

TEST_F(StateMachines, end_with_the_reason_of_stop_and_say_goodbye) {
  const Seen told = nothing_seen();
  run_in(puppet(told), [this] { troupe::monitor(door); });
  tell_door(Button{7});
  take();
  tell_door(Button{1});
  tell_door(Break{});
  EXPECT_EQ(take(), (Texts{"open by 7 button 1", "terminate {shutdown,broken}"}));
  settle();
  EXPECT_EQ(*told, (Texts{"down {shutdown,broken}"}));
}

TEST_F(StateMachines, get_responses_as_events) {
  const Pid counter = runtime.spawn<Counter>();
  runtime.post(door, Term::pid(counter));
  settle();
  EXPECT_EQ(take().back(), "read 0");
}

TEST_F(StateMachines, show_their_state_and_data_to_sys) {
  tell_door(Button{7});
  tell_door(Button{1});
  const auto ask_system = [this](const char* what) {
    const Seen answers = nothing_seen();
    tell(puppet(answers), [this, what] {
      troupe::send(door,
                   Term::tuple({atom("system"), Term::tuple({Term::pid(troupe::self()), atom("tag")}), atom(what)}));
    });
    scheduler.run_for(1ms);
    return answers->empty() ? "" : answers->front();
  };
  EXPECT_EQ(ask_system("get_state"), "{tag,{{open,7},1}}");
  const std::string status = ask_system("get_status");
  EXPECT_NE(status.find("{module,'Door'}"), std::string::npos) << status;
  EXPECT_NE(status.find("\"Status for state machine "), std::string::npos) << status;
  EXPECT_NE(status.find("{\"Time-outs\",{1,[{state_timeout,lock}]}}"), std::string::npos) << status;
  EXPECT_NE(status.find("{\"Postponed\",[{cast,{button,1}}]}"), std::string::npos) << status;
  EXPECT_NE(status.find("{\"State\",{{open,7},1}}"), std::string::npos) << status;
}

// --- A light: an enum, state enter calls, init ---

enum class Light { red, green, off };
struct Switch {
  Light to = Light::red;
};
struct Again {};

class TrafficLight : public PuppetBase {
 public:
  using states = Light;
  using messages = troupe::messages<Switch, Again, statem::StateTimeout<>, statem::Internal<Again>>;
  using Next = statem::Next<TrafficLight>;
  explicit TrafficLight(Seen seen) : PuppetBase(std::move(seen)) { note("constructed"); }

  statem::Init<TrafficLight> init() {
    return statem::ok(Light::green, statem::next_event(statem::Internal{Again{}}), statem::state_timeout(0s));
  }
  statem::Entered<TrafficLight> enter(Light light, Light before) {
    note("enter " + name(light) + " from " + name(before));
    if (light == Light::off && before != Light::off) {
      return statem::keep_state(statem::state_timeout(1s));
    }
    return statem::keep_state();
  }
  Next handle(Light, Switch to) { return statem::next_state(to.to); }
  Next handle(Light light, Again) {
    note("again " + name(light));
    return statem::repeat_state();
  }
  Next handle(Light light, const statem::StateTimeout<>&) {
    note("timeout " + name(light));
    return light == Light::off ? Next(statem::next_state(Light::red)) : Next(statem::keep_state());
  }
  void handle(Light, const statem::Internal<Again>&) { note("init event"); }
  void handle(Light, const Exit& exit) { note("exit " + exit.reason.text()); }
  void handle(Light, const Down& down) { note("down " + down.reason.text()); }

 private:
  static std::string name(Light light) { return std::string(enumerator_name(light)); }
};

TEST_F(StateMachines, call_enter_first_and_at_every_change) {
  const Pid light = runtime.spawn<TrafficLight>(seen);
  EXPECT_EQ(take(), (Texts{"constructed"}));
  settle();
  EXPECT_EQ(take(), (Texts{"enter green from green", "init event", "timeout green"}));
  runtime.post(light, Term::tuple({atom("switch"), atom("red")}));
  runtime.post(light, Term::tuple({atom("switch"), atom("red")}));
  runtime.post(light, atom("again"));
  settle();
  EXPECT_EQ(take(), (Texts{"enter red from green", "again red", "enter red from red"}));
  runtime.post(light, Term::tuple({atom("switch"), atom("off")}));
  settle();
  EXPECT_EQ(take(), (Texts{"enter off from red", "timeout off", "enter red from off"}));
}

TEST_F(StateMachines, trap_exits_when_they_have_a_state_function_for_them) {
  const Pid light = runtime.spawn<TrafficLight>(seen);
  const Pid other = runtime.spawn<Counter>();
  settle();
  take();
  runtime.exit(light, atom("boo"));
  settle();
  EXPECT_EQ(take(), (Texts{"exit boo"}));
  EXPECT_TRUE(runtime.alive(light));
  EXPECT_TRUE(runtime.alive(other));
}

// --- What could go on for ever ---

class Runner : public PuppetBase {
 public:
  using states = statem::states<Locked>;
  using messages = troupe::messages<Push, Lock, statem::Internal<Push>>;
  using Next = statem::Next<Runner>;
  using PuppetBase::PuppetBase;
  Next handle(const Locked&, Push) { return statem::keep_state(statem::next_event(statem::Internal{Push{}})); }
  Next handle(const Locked&, const statem::Internal<Push>&) {
    ++runs_;
    return statem::keep_state(statem::next_event(statem::Internal{Push{}}));
  }
  void handle(const Locked&, Lock) { note("lock"); }
  void terminate(const Term& reason) { note(reason.text() + (runs_ > 100 ? " after many" : " after few")); }

 private:
  std::int64_t runs_ = 0;
};

TEST_F(StateMachines, that_only_handle_their_own_events_still_obey_exit_signals) {
  const Pid runner = runtime.spawn<Runner>(seen);
  runtime.post(runner, atom("push"));
  runtime.post(runner, atom("lock"));
  for (int i = 0; i < 1000; ++i) {
    scheduler.step();
  }
  EXPECT_EQ(take(), (Texts{})) << "what waits in the mailbox comes after a machine's own events";
  runtime.exit(runner, atom("enough"));
  settle();
  EXPECT_FALSE(runtime.alive(runner));
}

class Hoarder {
 public:
  using states = statem::states<Locked>;
  using messages = troupe::messages<Push>;
  statem::Next<Hoarder> handle(const Locked&, Push) { return statem::keep_state(statem::postpone); }
};

TEST_F(StateMachines, end_rather_than_postpone_without_bound) {
  const Pid hoarder = runtime.spawn<Hoarder>();
  const Seen told = nothing_seen();
  run_in(puppet(told), [=] { troupe::monitor(hoarder); });
  const RuntimeScope scope(runtime);
  for (std::size_t sent = 0; sent <= statem::waiting_events_max;) {
    for (int i = 0; i < 10'000; ++i, ++sent) {
      troupe::send(hoarder, Push{});
    }
    settle();
  }
  EXPECT_EQ(*told, (Texts{"down {system_limit,postponed_or_inserted_events}"}));
}

static_assert(!statem::has_function<Hoarder, Locked, Lock> && statem::has_function<Hoarder, Locked, Push>,
              "an event that a state has no function for must be seen when the machine is compiled");
static_assert(sizeof(abi::process_state<Hoarder>) <= 160, "an idle machine must stay below 512 bytes with its process");

class Clumsy {
 public:
  using states = statem::states<Locked, Open>;
  using messages = troupe::messages<Push>;
  statem::Next<Clumsy> handle(const Locked&, Push) { return statem::next_state(Open{}); }
  statem::Next<Clumsy> handle(const Open&, Push) { throw std::runtime_error("fell"); }
};

TEST_F(StateMachines, whose_state_function_throws_end_with_the_exception) {
  const Pid clumsy = runtime.spawn<Clumsy>();
  const Seen told = nothing_seen();
  run_in(puppet(told), [=] { troupe::monitor(clumsy); });
  runtime.post(clumsy, atom("push"));
  runtime.post(clumsy, atom("push"));
  settle();
  EXPECT_EQ(*told, (Texts{"down {exception,<<\"fell\">>,<<\"std::runtime_error\">>}"}));
}

// --- Another state by value ---

struct Count {
  std::int64_t at = 0;
  bool operator==(const Count&) const = default;
};
struct Go {
  std::int64_t to = 0;
};
class Steps : public PuppetBase {
 public:
  using states = statem::states<Count>;
  using messages = troupe::messages<Go, Push>;
  using Next = statem::Next<Steps>;
  using PuppetBase::PuppetBase;
  Next handle(const Count&, Go go) { return statem::next_state(Count{go.to}); }
  Next handle(const Count& count, Push) {
    note("push at " + std::to_string(count.at));
    return count.at == 0 ? Next(statem::keep_state(statem::postpone)) : Next(statem::keep_state());
  }
};

TEST_F(StateMachines, are_in_another_state_when_its_fields_differ) {
  const Pid steps = runtime.spawn<Steps>(seen);
  runtime.post(steps, atom("push"));
  runtime.post(steps, Term::tuple({atom("go"), Term::integer(0)}));
  runtime.post(steps, Term::tuple({atom("go"), Term::integer(1)}));
  settle();
  EXPECT_EQ(take(), (Texts{"push at 0", "push at 1"}));
}

}  // namespace
}  // namespace troupe
