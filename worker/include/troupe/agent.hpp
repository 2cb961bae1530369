// A process that only holds a state, for others to look at and change: Elixir's Agent.
//
//   const auto stock = troupe::agent::start_link([] { return std::map<std::string, int>{}; });
//   troupe::agent::cast(stock, [](auto& items) { ++items["tea"]; });
//   troupe::agent::get(stock, [](const auto& items) { return items.size(); });   // -> agent::Response<std::size_t>
//
// The functions run in the agent, one after the other, and must not refer to what is their sender's. What they return
// comes as agent::Response<R>, listed in `messages` of the process that asked: exactly one for each get, update and
// get_and_update, with the value or the reason (`timeout`, `noproc`, what the function threw: that ends the agent, as
// in Elixir). R needs a form as a term (troupe/struct_term.hpp). An agent is reached from its own image alone:
// functions do not travel; a process that others shall reach is a server (troupe/server.hpp).
//
// sys:get_state shows what `save() const` of the state gives, when it has that.
// Source: lib/elixir/lib/agent.ex of Elixir 1.14.
#pragma once

#include <chrono>
#include <functional>
#include <type_traits>
#include <utility>

#include "troupe/local.hpp"
#include "troupe/process.hpp"

namespace troupe::agent {

/// GenServer.call's, as of Agent's functions.
inline constexpr std::chrono::nanoseconds timeout_default = std::chrono::seconds(5);

/// An agent with a State. From a name: `Agent<State>{troupe::whereis("stock")}`.
template <class State>
struct Agent {
  Pid pid;
};

/// The request that Response<R> answers.
template <class R>
struct Value {
  using Reply = R;
};
template <class R>
using Response = troupe::Response<Value<R>>;

/// What an agent is sent. `from` is not valid when nobody waits.
template <class State>
struct Apply {
  Local<std::function<void(State&, const From& from)>> step;
};

template <class State>
class Process {
 public:
  struct Agent {};
  using named_after = Agent;
  using messages = troupe::messages<Apply<State>>;

  template <class Init>
  explicit Process(Init init) : state_(init()) {}

  void handle(const Apply<State>& apply, const From& from) { (*apply.step)(state_, from); }
  auto save() const requires Saves<State> { return state_.save(); }

 private:
  State state_;
};

/// The state is what `init()` returns; it runs here and now, as the new process. Not valid, as of troupe::spawn, when
/// the name is taken or the process table is full.
template <class Init>
auto start(Init init, const SpawnOptions& options = {}) {
  using State = std::decay_t<std::invoke_result_t<Init&>>;
  return Agent<State>{spawn_with<Process<State>>(options, std::move(init))};
}
template <class Init>
auto start_link(Init init, SpawnOptions options = {}) {
  options.link = true;
  return start(std::move(init), options);
}

template <class R, class State, class Function>
RequestId request(const Agent<State>& agent, Function function, std::chrono::nanoseconds timeout) {
  auto step = [function = std::move(function)](State& state, const From& from) mutable {
    if constexpr (std::is_void_v<R>) {
      function(state);
      reply(from, Term::atom("ok"));
    } else {
      reply<R>(from, function(state));
    }
  };
  Apply<State> apply{Local<std::function<void(State&, const From&)>>(std::move(step))};
  const Destination to(agent.pid);
  const troupe_destination destination = abi::to_abi(to);
  return abi::host().send_request(&destination, &abi::message_type<Value<R>>, abi::new_value(std::move(apply)), nullptr,
                                  timeout.count());
}

/// `function(const State&)`; its value comes as Response<R>.
template <class State, class Function>
RequestId get(const Agent<State>& agent, Function function, std::chrono::nanoseconds timeout = timeout_default) {
  using R = std::decay_t<std::invoke_result_t<Function&, const State&>>;
  return request<R>(
      agent, [function = std::move(function)](State& state) mutable { return function(std::as_const(state)); },
      timeout);
}
/// `function(State&)`; Response<void> tells when it is done.
template <class State, class Function>
RequestId update(const Agent<State>& agent, Function function, std::chrono::nanoseconds timeout = timeout_default) {
  return request<void>(agent, std::move(function), timeout);
}
/// `function(State&)` changes the state and returns a value, which comes as Response<R>.
template <class State, class Function>
RequestId get_and_update(const Agent<State>& agent, Function function,
                         std::chrono::nanoseconds timeout = timeout_default) {
  return request<std::decay_t<std::invoke_result_t<Function&, State&>>>(agent, std::move(function), timeout);
}
/// `function(State&)`, and nobody waits for it. `full` as of troupe::send.
template <class State, class Function>
SendResult cast(const Agent<State>& agent, Function function) {
  auto step = [function = std::move(function)](State& state, const From&) mutable { function(state); };
  return send(agent.pid, Apply<State>{Local<std::function<void(State&, const From&)>>(std::move(step))});
}
/// Once what was asked of it before is done.
template <class State>
void stop(const Agent<State>& agent) {
  cast(agent, [](State&) { troupe::stop(); });
}

}  // namespace troupe::agent
