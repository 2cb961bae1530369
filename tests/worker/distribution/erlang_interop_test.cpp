// A Distribution on real sockets beside a real Erlang node.
#include "tests/worker/distribution/erlang_interop.hpp"

namespace troupe {
namespace {

using Kind = RemoteSignal::Kind;
using distribution::HandshakeFailure;
using test::erlang;
using test::ErlangInterop;
using test::here;

TEST_F(ErlangInterop, ping_says_pong_and_the_port_is_found_by_our_epmd) {
  const auto erl = run_erlang(
      "io:format(\"ping ~p ~p ~p~n\", [net_adm:ping(T), nodes(hidden), element(1, erl_epmd:names({127,0,0,2}))]).");
  EXPECT_TRUE(erl->prints("ping pong ['" + here + "'] ok")) << erl->output();
  EXPECT_TRUE(inbox.sees("up " + erlang));
}

TEST_F(ErlangInterop, terms_of_every_kind_travel_to_us_and_back_unchanged) {
  const auto erl = run_erlang(
      "Terms = [1, -1, 1 bsl 100, 1.5, atom, 'ä', <<1,2,3>>, <<1:3>>, \"text\", [a|b], {}, #{a => [1]}, self(), "
      "make_ref(), fun lists:map/2, fun(X) -> {X, T} end, hd(erlang:ports()), binary:copy(<<7>>, 3000000)], "
      "[{box, T} ! {self(), Term} || Term <- Terms], "
      "[receive {back, Term} -> ok after 20000 -> error({lost, Term}) end || Term <- Terms], "
      "io:format(\"all back~n\").");
  for (int i = 0; i < 18; ++i) {
    const RemoteSignal got = inbox.take(Kind::send_name);
    ASSERT_EQ(got.to_name, "box");
    ASSERT_TRUE(got.payload.as_tuple());
    route(Kind::send, got.from, Term::tuple({Term::atom("back"), (*got.payload.as_tuple())[1]}));
  }
  EXPECT_TRUE(erl->prints("all back")) << erl->output();
}

TEST_F(ErlangInterop, we_connect_on_demand_and_send_to_a_name_and_a_pid) {
  const auto erl = run_erlang(
      "register(box, self()), io:format(\"ready~n\"), "
      "receive {From, hello} -> From ! {self(), hi} end, receive 42 -> io:format(\"got it~n\") end.");
  ASSERT_TRUE(erl->prints("ready")) << erl->output();
  RemoteSignal hello;
  hello.kind = Kind::send_name;
  hello.from = mine;
  hello.to_name = "box";
  hello.payload = Term::tuple({Term::pid(mine), Term::atom("hello")});
  ASSERT_TRUE(distribution->route(peer(), std::move(hello)));
  const RemoteSignal hi = inbox.take(Kind::send);
  EXPECT_EQ(hi.to, mine);
  const Pid box = *(*hi.payload.as_tuple())[0].as_pid();
  EXPECT_EQ(box.node, peer());
  route(Kind::send, box, Term::integer(42));
  EXPECT_TRUE(erl->prints("got it")) << erl->output();
}

/// Erlang code that learns our pid P by asking box.
const std::string get_pid = "{box, T} ! {self(), pid}, P = receive {pid, Pid} -> Pid end, ";

TEST_F(ErlangInterop, monitors_fire_both_ways) {
  const auto erl =
      run_erlang(get_pid +
                 "R = monitor(process, P), "
                 "receive {'DOWN', R, process, P, Why} -> io:format(\"down ~p~n\", [Why]) end, "
                 "R2 = monitor(process, {name, T}), "
                 "receive {'DOWN', R2, process, {name, T}, Why2} -> io:format(\"named ~p~n\", [Why2]) end, "
                 "receive stop -> exit({shutdown, 1.5}) end.");
  const RemoteSignal asked = inbox.take(Kind::send_name);
  route(Kind::send, asked.from, Term::tuple({Term::atom("pid"), Term::pid(mine)}));
  const RemoteSignal monitor = inbox.take(Kind::monitor);
  EXPECT_EQ(monitor.to, mine);
  route(Kind::monitor_down, monitor.from, Term::tuple({Term::atom("crash"), Term::binary("x")}), monitor.reference);
  EXPECT_TRUE(erl->prints("down {crash,<<\"x\">>}")) << erl->output();
  const RemoteSignal by_name = inbox.take(Kind::monitor);
  EXPECT_EQ(by_name.to_name, "name");
  RemoteSignal noproc;
  noproc.kind = Kind::monitor_down;
  noproc.from_name = "name";
  noproc.to = by_name.from;
  noproc.reference = by_name.reference;
  noproc.payload = Term::atom("noproc");
  EXPECT_TRUE(distribution->route(peer(), std::move(noproc)));
  EXPECT_TRUE(erl->prints("named noproc")) << erl->output();

  const Reference ours{0, 0, 3, {1, 2, 3}};
  route(Kind::monitor, asked.from, {}, ours);
  route(Kind::send, asked.from, Term::atom("stop"));
  const RemoteSignal down = inbox.take(Kind::monitor_down);
  EXPECT_EQ(down.from, asked.from);
  EXPECT_EQ(down.reference, ours);
  EXPECT_EQ(down.payload.text(), "{shutdown,1.5}");
}

TEST_F(ErlangInterop, links_and_exits_act_both_ways) {
  const auto erl = run_erlang(
      get_pid +
      "process_flag(trap_exit, true), link(P), receive {'EXIT', P, Why} -> io:format(\"linked ~p~n\", [Why]) end, "
      "link(P), unlink(P), receive {'EXIT', P, Told} -> io:format(\"told ~p~n\", [Told]) end, "
      "exit(P, bang), receive done -> ok end, io:format(\"leaving~n\"), exit(bye).");
  const RemoteSignal asked = inbox.take(Kind::send_name);
  route(Kind::send, asked.from, Term::tuple({Term::atom("pid"), Term::pid(mine)}));
  EXPECT_EQ(inbox.take(Kind::link).to, mine);
  route(Kind::exit_linked, asked.from, Term::atom("crashed"));
  EXPECT_TRUE(erl->prints("linked crashed")) << erl->output();
  (void)inbox.take(Kind::link);
  const RemoteSignal unlink = inbox.take(Kind::unlink);
  EXPECT_GT(unlink.unlink_id, 0U);
  route(Kind::unlink_ack, asked.from, {}, {}, unlink.unlink_id);
  route(Kind::exit, asked.from, Term::atom("go"));
  EXPECT_TRUE(erl->prints("told go")) << erl->output();
  EXPECT_EQ(inbox.take(Kind::exit).payload.text(), "bang");
  route(Kind::link, asked.from);
  route(Kind::send, asked.from, Term::atom("done"));
  EXPECT_EQ(inbox.take(Kind::exit_linked).payload.text(), "bye");
}

TEST_F(ErlangInterop, gen_server_calls_are_answered_through_their_alias) {
  const auto erl = run_erlang("io:format(\"answer ~p~n\", [gen_server:call({counter, T}, read)]).");
  const RemoteSignal monitor = inbox.take(Kind::monitor);
  EXPECT_EQ(monitor.to_name, "counter");
  const RemoteSignal call = inbox.take(Kind::send_name);
  ASSERT_TRUE(call.payload.is_tagged("$gen_call", 3)) << call.payload.text();
  const auto from = (*call.payload.as_tuple())[1].as_tuple();
  const Term tag = (*from)[1];
  const auto alias = tag.as_improper_list();
  ASSERT_TRUE(alias) << tag.text();
  route(Kind::send_alias, {}, Term::tuple({tag, Term::integer(17)}), *alias->tail.as_reference());
  EXPECT_TRUE(erl->prints("answer 17")) << erl->output();
  EXPECT_EQ(inbox.take(Kind::demonitor).reference, monitor.reference);
}

TEST_F(ErlangInterop, spawning_a_function_here_is_refused_at_once) {
  const auto erl = run_erlang(
      "{'EXIT', {{erpc, notsup}, _}} = (catch erpc:call(T, erlang, node, [], 15000)), "
      "{'EXIT', {notsup, _}} = (catch spawn_monitor(T, fun() -> ok end)), io:format(\"done~n\").");
  EXPECT_TRUE(erl->prints("done")) << erl->output();
}

TEST_F(ErlangInterop, a_wrong_cookie_is_refused_both_ways) {
  const auto erl =
      run_erlang("io:format(\"ping ~p~n\", [net_adm:ping(T)]), receive after infinity -> ok end.", "wrong");
  EXPECT_TRUE(erl->prints("ping pang")) << erl->output();
  EXPECT_EQ(rejected(HandshakeFailure::bad_cookie), 1U);
  route(Kind::send, Pid{peer(), 1, 1, 1}, Term());
  EXPECT_TRUE(inbox.sees("down " + erlang + " bad_cookie"));
}

TEST_F(ErlangInterop, each_side_notices_that_the_other_has_gone) {
  auto erl = run_erlang(
      "pong = net_adm:ping(T), monitor_node(T, true), io:format(\"up~n\"), "
      "receive {nodedown, T} -> io:format(\"nodedown~n\") end, "
      "pong = net_adm:ping(T), io:format(\"again~n\"), receive after infinity -> ok end.");
  ASSERT_TRUE(erl->prints("up")) << erl->output();
  ASSERT_TRUE(inbox.sees("up " + erlang));
  distribution->disconnect(peer());
  EXPECT_TRUE(erl->prints("nodedown")) << erl->output();
  EXPECT_TRUE(inbox.sees("down " + erlang + " disconnect"));
  ASSERT_TRUE(erl->prints("again")) << erl->output();
  erl->kill();
  EXPECT_TRUE(inbox.sees("down " + erlang + " connection_closed"));
}

}  // namespace
}  // namespace troupe
