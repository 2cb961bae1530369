// OTP's own supervisor, gen_statem and sys modules, in a real Erlang node, asking supervisors, servers and state
// machines of a Runtime.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/worker/distribution/node_beside_erlang.hpp"
#include "troupe/statem.hpp"
#include "worker/supervision/dynamic_supervisor.hpp"
#include "worker/supervision/supervisor.hpp"

namespace troupe {
namespace {

struct Put {
  std::string item;
  std::int64_t count = 0;
};
class Stock {
 public:
  struct Args {
    std::int64_t tea = 0;
  };
  using messages = troupe::messages<Put>;
  explicit Stock(Args args) { items_["tea"] = args.tea; }
  void handle(Put put) { items_[put.item] = put.count; }
  [[nodiscard]] std::map<std::string, std::int64_t> save() const { return items_; }

 private:
  std::map<std::string, std::int64_t> items_;
};

struct Push {};
struct Opened {
  using Reply = std::int64_t;
};
enum class Gate { closed, open };
class Turnstile {
 public:
  struct Args {
    std::int64_t opened = 0;
  };
  using states = Gate;
  using messages = troupe::messages<Push, Opened>;
  using Next = statem::Next<Turnstile>;
  explicit Turnstile(Args args) : opened_(args.opened) {}
  Next handle(Gate gate, Push) {
    ++opened_;
    return statem::next_state(gate == Gate::closed ? Gate::open : Gate::closed);
  }
  Next handle(Gate gate, Opened, const From& from) {
    return gate == Gate::open ? Next(statem::keep_state(statem::reply(from, opened_)))
                              : Next(statem::keep_state(statem::postpone));
  }
  [[nodiscard]] std::int64_t save() const { return opened_; }

 private:
  std::int64_t opened_ = 0;
};

struct ErlangSupervisor : test::NodeBesideErlang {
  /// Erlang expressions about S, the supervisor named `supervisor`; they print "as expected" at their end.
  void expect_of_erlang(const std::string& code) {
    const auto erl = run_erlang("S = {supervisor, T}, " + code + ", io:format(\"as ~s~n\", [expected]).");
    EXPECT_TRUE(erl->prints("as expected")) << erl->output();
  }
};

TEST_F(ErlangSupervisor, children_are_changed_with_the_functions_of_otp) {
  SupervisorSpec spec;
  spec.children = {process_child("tea", abi::process_class<Stock>, Term::map({}), "tea")};
  ASSERT_TRUE(start_supervisor(runtime, std::move(spec), "supervisor").ok());
  expect_of_erlang(
      "[{tea, P, worker, dynamic}] = supervisor:which_children(S), true = is_pid(P), "
      "[{specs, 1}, {active, 1}, {supervisors, 0}, {workers, 1}] = supervisor:count_children(S), "
      "{error, running} = supervisor:restart_child(S, tea), {error, running} = supervisor:delete_child(S, tea), "
      "ok = supervisor:terminate_child(S, tea), {error, not_found} = supervisor:terminate_child(S, coffee), "
      "{ok, P2} = supervisor:restart_child(S, tea), true = P2 =/= P, "
      "ok = supervisor:terminate_child(S, tea), ok = supervisor:delete_child(S, tea), "
      "[] = supervisor:which_children(S)");
}

TEST_F(ErlangSupervisor, a_dynamic_supervisor_is_a_simple_one_for_one_to_otp) {
  DynamicSupervisorSpec spec;
  spec.start = process_template(abi::process_class<Stock>, Term::map({}));
  ASSERT_TRUE(start_dynamic_supervisor(runtime, std::move(spec), "supervisor").ok());
  expect_of_erlang(
      "{ok, P} = supervisor:start_child(S, [#{tea => 3}]), [{undefined, P, worker, _}] = supervisor:which_children(S), "
      "{error, {bad_arguments, _}} = supervisor:start_child(S, [#{milk => 3}]), "
      "#{<<\"tea\">> := 3} = sys:get_state(P), exit(P, kill), "
      "Again = fun F() -> case supervisor:which_children(S) of [{_, P2, _, _}] when P2 =/= P -> P2; _ -> F() end end, "
      "#{<<\"tea\">> := 3} = sys:get_state(Again()), "
      "{error, simple_one_for_one} = supervisor:terminate_child(S, tea), "
      "ok = supervisor:terminate_child(S, Again()), [] = supervisor:which_children(S)");
}

TEST_F(ErlangSupervisor, a_child_with_states_is_a_gen_statem_to_otp) {
  SupervisorSpec spec;
  spec.children = {process_child("gate", abi::process_class<Turnstile>,
                                 Term::map({{Term::atom("opened"), Term::integer(5)}}), "gate")};
  ASSERT_TRUE(start_supervisor(runtime, std::move(spec), "supervisor").ok());
  expect_of_erlang(
      "M = {gate, T}, {closed, 5} = sys:get_state(M), Postponed = gen_statem:send_request(M, opened), "
      "ok = gen_statem:call(M, push), {reply, 6} = gen_statem:wait_response(Postponed, 5000), "
      "gen_statem:cast(M, push), {closed, 7} = sys:get_state(M), M ! push, {open, 8} = sys:get_state(M), "
      "8 = gen_statem:call(M, opened), "
      "{status, P, {module, 'Turnstile'}, [_, running, _, _, [{header, _}, {data, Data}, "
      "{data, [{\"State\", {open, 8}}]}]]} = sys:get_status(M), {_, []} = lists:keyfind(\"Postponed\", 1, Data), "
      "exit(P, kill), Again = fun F() -> try sys:get_state(M) catch _:_ -> F() end end, {closed, 5} = Again()");
}

TEST_F(ErlangSupervisor, the_state_of_a_server_is_shown_by_sys) {
  const Pid stock = runtime.spawn<Stock>(Stock::Args{1});
  ASSERT_TRUE(runtime.register_name("stock", stock));
  expect_of_erlang(
      "gen_server:cast({stock, T}, {put, <<\"salt\">>, 2}), "
      "#{<<\"tea\">> := 1, <<\"salt\">> := 2} = sys:get_state({stock, T}), "
      "{status, _, {module, 'Stock'}, [_, running, _, _, [{header, _}, {data, _}, {data, [{\"State\", #{}}]}]]} = "
      "sys:get_status({stock, T})");
}

TEST_F(ErlangSupervisor, a_server_is_suspended_resumed_logged_and_terminated_by_sys) {
  const Pid stock = runtime.spawn<Stock>(Stock::Args{1});
  ASSERT_TRUE(runtime.register_name("stock", stock));
  expect_of_erlang(
      "P = {stock, T}, ok = sys:suspend(P), ok = gen_server:cast(P, {put, <<\"tea\">>, 2}), "
      "#{<<\"tea\">> := 1} = sys:get_state(P), {status, _, _, [_, suspended | _]} = sys:get_status(P), "
      "ok = sys:log(P, {true, 5}), ok = sys:resume(P), #{<<\"tea\">> := 2} = sys:get_state(P), "
      "{ok, [{in, {'$gen_cast', {put, <<\"tea\">>, 2}}}]} = sys:log(P, get), ok = sys:log(P, false), "
      "R = monitor(process, P), ok = sys:terminate(P, shutdown), "
      "receive {'DOWN', R, process, P, shutdown} -> ok end");
}

}  // namespace
}  // namespace troupe
