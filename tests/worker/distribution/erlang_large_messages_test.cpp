// Messages above the size of a fragment between a Distribution and a real Erlang node, and what an Erlang node that is
// stopped or killed does to ours.
#include <map>

#include "tests/worker/distribution/erlang_interop.hpp"

namespace troupe {
namespace {

using Kind = RemoteSignal::Kind;
using std::chrono::seconds;
using test::erlang;

struct ErlangLargeMessages : test::ErlangInterop {
  /// A message {number, bytes} to the process `box` of the Erlang node, in the name of `sender`.
  [[nodiscard]] Routed send_to_box(std::uint32_t sender, std::int64_t number, std::size_t bytes) const {
    RemoteSignal signal;
    signal.kind = Kind::send_name;
    signal.from = Pid{0, 0, sender, 1};
    signal.to_name = "box";
    signal.payload = Term::tuple({Term::integer(sender), Term::integer(number), Term::binary(std::string(bytes, 'x'))});
    return distribution->route(peer(), std::move(signal));
  }
  template <class Condition>
  static bool eventually(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + seconds(20);
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return condition();
  }
};

TEST_F(ErlangLargeMessages, of_up_to_64_mebibytes_travel_to_us_and_back_unchanged) {
  const auto erl = run_erlang(
      "Sizes = [65400, 65535, 65536, 65537, 131072, 200000, 1 bsl 20, 64 bsl 20], "
      "[begin B = binary:copy(<<N:32>>, N div 4), {box, T} ! {self(), B}, "
      "receive {back, B} -> ok after 20000 -> error({lost, N}) end end || N <- Sizes], "
      "L = lists:seq(1, 300000), {box, T} ! {self(), L}, receive {back, L} -> ok end, "
      "io:format(\"all back~n\").");
  for (int i = 0; i < 9; ++i) {
    const RemoteSignal got = inbox.take(Kind::send_name);
    ASSERT_TRUE(got.payload.as_tuple());
    route(Kind::send, got.from, Term::tuple({Term::atom("back"), (*got.payload.as_tuple())[1]}));
  }
  EXPECT_TRUE(erl->prints("all back")) << erl->output();
  EXPECT_GT(distribution->counters().fragments_in, 1'024U);
  EXPECT_EQ(distribution->counters().assembly_bytes, 0U);
}

TEST_F(ErlangLargeMessages, as_exit_reasons_arrive_both_ways) {
  const auto erl = run_erlang(
      "process_flag(trap_exit, true), {box, T} ! {self(), pid}, P = receive {pid, Pid} -> Pid end, link(P), "
      "receive {'EXIT', P, Why} -> io:format(\"reason of ~p~n\", [byte_size(Why)]) end, "
      "receive die -> exit(binary:copy(<<1>>, 300000)) end.");
  const RemoteSignal asked = inbox.take(Kind::send_name);
  route(Kind::send, asked.from, Term::tuple({Term::atom("pid"), Term::pid(mine)}));
  (void)inbox.take(Kind::link);
  route(Kind::exit_linked, asked.from, Term::binary(std::string(1'000'000, 'e')));
  EXPECT_TRUE(erl->prints("reason of 1000000")) << erl->output();
  route(Kind::link, asked.from);
  route(Kind::send, asked.from, Term::atom("die"));
  EXPECT_EQ(inbox.take(Kind::exit_linked).payload.as_binary()->size(), 300'000U);
}

TEST_F(ErlangLargeMessages, of_many_erlang_processes_at_once_arrive_in_order_of_each) {
  const auto erl = run_erlang(
      "pong = net_adm:ping(T), Send = fun(N, Size) -> {box, T} ! {N, binary:copy(<<7>>, Size)} end, "
      "Pids = [spawn(fun() -> receive go -> [Send(N, (N rem 3) * 150000) || N <- lists:seq(1, 6)] end end) "
      "|| _ <- lists:seq(1, 50)], [P ! go || P <- Pids], receive after infinity -> ok end.");
  std::map<Pid, std::int64_t> last;
  for (int i = 0; i < 300; ++i) {
    const RemoteSignal got = inbox.take(Kind::send_name);
    if (got.to_name != "box") {
      continue;
    }
    const auto fields = got.payload.as_tuple();
    ASSERT_TRUE(fields) << erl->output();
    const std::int64_t number = (*fields)[0].as_integer().value();
    EXPECT_EQ(number, ++last[got.from]);
    EXPECT_EQ((*fields)[1].as_binary()->size(), static_cast<std::size_t>(number % 3) * 150'000);
  }
  EXPECT_EQ(last.size(), 50U);
}

TEST_F(ErlangLargeMessages, of_many_of_our_senders_arrive_in_order_of_each_and_small_ones_pass) {
  const auto erl = run_erlang(
      "register(box, self()), pong = net_adm:ping(T), io:format(\"ready~n\"), "
      "Order = fun F(0, Last, First) -> {Last, First}; "
      "F(N, Last, First) -> receive {S, I, _} -> I = maps:get(S, Last, 0) + 1, "
      "F(N - 1, Last#{S => I}, case First of none -> S; _ -> First end) after 20000 -> error({lost, N}) end end, "
      "{Last, First} = Order(122, #{}, none), io:format(\"senders ~p, first ~p~n\", [map_size(Last), First]).");
  ASSERT_TRUE(erl->prints("ready")) << erl->output();
  // Stopped, it reads no more than the kernel holds, which is much less than this.
  erl->stop();
  ASSERT_TRUE(send_to_box(22, 1, 32'000'000));
  for (std::uint32_t sender = 1; sender <= 20; ++sender) {
    ASSERT_TRUE(send_to_box(sender, 1, 1'000'000));
    for (std::int64_t number = 2; number <= 6; ++number) {
      ASSERT_TRUE(send_to_box(sender, number, number % 2 == 0 ? 10 : 80'000));
    }
  }
  ASSERT_TRUE(send_to_box(21, 1, 10));
  erl->go_on();
  EXPECT_TRUE(erl->prints("senders 22, first 21")) << erl->output();
}

TEST_F(ErlangLargeMessages, and_small_ones_for_a_node_that_stopped_are_refused_past_a_bound_and_read_when_it_goes_on) {
  const auto erl = run_erlang(
      "register(box, self()), pong = net_adm:ping(T), io:format(\"ready~n\"), "
      "Count = fun F(N) -> receive {_, _, <<>>} -> N; _ -> F(N + 1) end end, "
      "io:format(\"read ~p.~n\", [Count(0)]).");
  ASSERT_TRUE(erl->prints("ready")) << erl->output();
  erl->stop();
  std::size_t accepted = 0;
  std::size_t bytes = 0;
  for (const auto& [sender, size] : {std::pair<std::uint32_t, std::size_t>{1, 10'000}, {2, 1'000'000}}) {
    std::size_t refused_in_a_row = 0;
    // The network takes some more now and then until the peer's window is full.
    while (refused_in_a_row < 100 && bytes < 300'000'000) {
      const Routed routed = send_to_box(sender, 1, size);
      accepted += routed ? 1 : 0;
      bytes += routed ? size : 0;
      refused_in_a_row = routed ? 0 : refused_in_a_row + 1;
      if (!routed) {
        EXPECT_EQ(routed.outcome, Routed::Outcome::full);
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
    }
  }
  EXPECT_LT(bytes, 100'000'000U) << "8 MiB and 64 MiB, and what the kernel holds";
  EXPECT_GT(distribution->counters().messages_refused, 0U);
  erl->go_on();
  EXPECT_TRUE(inbox.sees("drained " + erlang + " small"));
  EXPECT_TRUE(inbox.sees("drained " + erlang + " large"));
  EXPECT_TRUE(send_to_box(3, 1, 0));
  EXPECT_TRUE(erl->prints("read " + std::to_string(accepted) + ".")) << accepted << erl->output();
}

TEST_F(ErlangLargeMessages, of_a_node_that_is_killed_within_one_leave_nothing) {
  auto erl = run_erlang("B = binary:copy(<<7>>, 32 bsl 20), (fun F() -> {box, T} ! B, F() end)().");
  ASSERT_TRUE(eventually([&] { return distribution->counters().assembly_bytes > 1'000'000; }));
  erl->kill();
  EXPECT_TRUE(inbox.sees("down " + erlang + " connection_closed"));
  EXPECT_EQ(distribution->counters().assembly_bytes, 0U);
  EXPECT_EQ(distribution->counters().links_ended.at(0), 1U);
}

}  // namespace
}  // namespace troupe
