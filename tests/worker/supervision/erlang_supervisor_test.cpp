// OTP's own supervisor and sys modules, in a real Erlang node, asking supervisors and servers of a Runtime.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/worker/distribution/node_beside_erlang.hpp"
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
