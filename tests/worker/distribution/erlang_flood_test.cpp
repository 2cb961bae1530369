// Processes of a Runtime that send more than an Erlang node reads.
#include <atomic>

#include "tests/worker/distribution/node_beside_erlang.hpp"
#include "troupe/process.hpp"

namespace troupe {
namespace {

struct Flood {
  std::int64_t left = 0;
};

/// Sends one message of so many bytes in each handler to `box` on the Erlang node.
class Flooder {
 public:
  using messages = troupe::messages<Flood>;
  Flooder(std::size_t bytes, std::atomic<int>& refused) : text_(bytes, 'x'), refused_(refused) {}
  void handle(Flood flood) {
    if (troupe::send(Destination("box", "e@127.0.0.1"), Term::binary(text_)) != SendResult::sent) {
      ++refused_;
    }
    if (flood.left > 1) {
      troupe::send(troupe::self(), Flood{flood.left - 1});
    }
  }

 private:
  std::string text_;
  std::atomic<int>& refused_;
};

struct ErlangFlood : test::NodeBesideErlang {};

TEST_F(ErlangFlood, slows_the_senders_and_loses_nothing) {
  const auto erl = run_erlang(
      "register(box, self()), pong = net_adm:ping(T), io:format(\"ready~n\"), "
      "Count = fun F(0) -> ok; F(N) -> receive B when is_binary(B) -> F(N - 1) after 20000 -> error({lost, N}) end "
      "end, "
      "Count(4 * 10000 + 3 * 40), io:format(\"read all~n\").");
  ASSERT_TRUE(erl->prints("ready")) << erl->output();
  std::atomic<int> refused = 0;
  {
    const RuntimeScope scope(runtime);
    for (int i = 0; i < 4; ++i) {
      troupe::send(troupe::spawn<Flooder>(std::size_t{2'000}, std::ref(refused)), Flood{10'000});
    }
    for (int i = 0; i < 3; ++i) {
      troupe::send(troupe::spawn<Flooder>(std::size_t{1'000'000}, std::ref(refused)), Flood{40});
    }
  }
  EXPECT_TRUE(erl->prints("read all")) << erl->output();
  EXPECT_EQ(refused, 0);
  EXPECT_GT(distribution->counters().busy_answers, 20U) << "80 MB small and 120 MB large";
}

}  // namespace
}  // namespace troupe
