#include "kube/lease.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "kube/lease_record.hpp"
#include "kube/timestamp.hpp"
#include "platform/event_loop.hpp"
#include "tests/kube/client_fixture.hpp"
#include "tests/kube/eventually.hpp"
#include "tests/kube/fake_client.hpp"

namespace troupe::kube {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

Object lease_of(const std::string& holder, int version, const std::string& renewed = "2026-01-31T08:00:00.000000Z") {
  LeaseRecord record;
  record.holder = holder;
  record.duration = seconds(15);
  record.renew_time = renewed;
  Json document = lease_document(Object(), "ns", "lock", record);
  document["metadata"]["resourceVersion"] = std::to_string(version);
  return Object(std::move(document));
}

TEST(LeaseView, waits_for_the_duration_since_it_saw_the_record_change) {
  ManualClock clock;
  LeaseView view("me");
  view.see(lease_of("other", 1), clock.now());
  clock.advance(seconds(14));
  EXPECT_TRUE(view.taken(clock.now()));
  view.see(lease_of("other", 1), clock.now());
  clock.advance(seconds(1));
  EXPECT_FALSE(view.taken(clock.now()));
  view.see(lease_of("other", 2, "2026-01-31T08:00:02.000000Z"), clock.now());
  EXPECT_TRUE(view.taken(clock.now()));
}

TEST(LeaseView, does_not_believe_clocks_of_others) {
  ManualClock clock;
  for (const char* renewed : {"1999-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "not a time", ""}) {
    LeaseView view("me");
    view.see(lease_of("other", 1, renewed), clock.now());
    EXPECT_TRUE(view.taken(clock.now())) << renewed;
    EXPECT_FALSE(view.taken(clock.now() + seconds(15))) << renewed;
  }
}

TEST(LeaseView, a_lease_given_back_is_free_at_once) {
  ManualClock clock;
  LeaseView view("me");
  view.see(lease_of("", 1), clock.now());
  EXPECT_FALSE(view.taken(clock.now()));
}

TEST(LeaseView, a_claim_counts_transitions_between_holders_alone) {
  ManualClock clock;
  LeaseView view("me");
  EXPECT_EQ(view.claim(seconds(15), clock.wall_now()).transitions, 0);
  view.see(lease_of("other", 1), clock.now());
  const LeaseRecord taken = view.claim(seconds(15), clock.wall_now());
  EXPECT_EQ(taken.transitions, 1);
  EXPECT_EQ(taken.acquire_time, to_micro_time(clock.wall_now()));
  view.see(Object(lease_document(Object(), "ns", "lock", taken)), clock.now());
  EXPECT_TRUE(view.ours());
  clock.advance(seconds(2));
  const LeaseRecord renewed = view.claim(seconds(15), clock.wall_now());
  EXPECT_EQ(renewed.transitions, 1);
  EXPECT_EQ(renewed.acquire_time, taken.acquire_time);
  EXPECT_NE(renewed.renew_time, taken.renew_time);
}

TEST(LeaseView, malformed_leases_are_free) {
  ManualClock clock;
  for (const char* text : {"{}", R"({"spec":7})", R"({"spec":{"holderIdentity":7,"leaseDurationSeconds":"x"}})",
                           R"({"spec":{"holderIdentity":"other","leaseDurationSeconds":-5}})"}) {
    LeaseView view("me");
    view.see(Object(Json::parse(text)), clock.now());
    EXPECT_FALSE(view.taken(clock.now())) << text;
  }
}

class LeaderElectorTest : public testing::Test {
 protected:
  struct Candidate {
    std::atomic<int> started{0};
    std::atomic<int> lost{0};
    std::unique_ptr<LeaderElector> elector;
  };

  std::unique_ptr<Candidate> candidate(const std::string& identity) {
    auto out = std::make_unique<Candidate>();
    LeaderElector::Options options{.namespace_name = "ns",
                                   .name = "lock",
                                   .identity = identity,
                                   .lease_duration = milliseconds(3000),
                                   .renew_deadline = milliseconds(2000),
                                   .retry_period = milliseconds(50)};
    out->elector = std::make_unique<LeaderElector>(
        client, options, platform::real_clock(), random, [seen = out.get()] { ++seen->started; },
        [seen = out.get()] { ++seen->lost; });
    return out;
  }
  std::string holder() {
    const auto found = client->all(leases);
    return found.empty() ? "" : lease_record(Object(found[0])).holder;
  }

  /// Shared by electors' threads, unlike a SeededRandom.
  class Half final : public Random {
   public:
    std::uint64_t next() override { return std::uint64_t{1} << 63U; }
  };
  Half random;
  std::shared_ptr<FakeClient> client = std::make_shared<FakeClient>();
};

TEST_F(LeaderElectorTest, exactly_one_of_many_candidates_leads) {
  std::vector<std::unique_ptr<Candidate>> all;
  for (int i = 0; i < 8; ++i) {
    all.push_back(candidate("c" + std::to_string(i)));
  }
  const auto leading = [&] {
    return std::count_if(all.begin(), all.end(), [](const auto& one) { return one->elector->leading(); });
  };
  ASSERT_TRUE(eventually([&] { return leading() == 1; }));
  EXPECT_FALSE(eventually([&] { return leading() != 1; }, seconds(1)));
  int started = 0;
  int lost = 0;
  for (const auto& one : all) {
    started += one->started;
    lost += one->lost;
  }
  EXPECT_EQ(started, 1);
  EXPECT_EQ(lost, 0);
}

TEST_F(LeaderElectorTest, gives_the_lease_back_so_that_the_next_leads_at_once) {
  auto first = candidate("first");
  ASSERT_TRUE(eventually([&] { return first->elector->leading(); }));
  auto second = candidate("second");
  EXPECT_EQ(holder(), "first");
  first.reset();
  const auto before = std::chrono::steady_clock::now();
  ASSERT_TRUE(eventually([&] { return second->elector->leading(); }));
  EXPECT_LT(std::chrono::steady_clock::now() - before, milliseconds(2500));
  const LeaseRecord record = lease_record(Object(client->all(leases)[0]));
  EXPECT_EQ(record.holder, "second");
  EXPECT_EQ(record.transitions, 1);
  second.reset();
  EXPECT_EQ(holder(), "");
}

TEST_F(LeaderElectorTest, renews_for_as_long_as_it_lives) {
  const auto leader = candidate("me");
  ASSERT_TRUE(eventually([&] { return leader->elector->leading(); }));
  // Longer than the deadline that each renewal pushes out.
  EXPECT_FALSE(eventually([&] { return !leader->elector->leading(); }, milliseconds(2500)));
  EXPECT_EQ(leader->lost, 0);
}

TEST_F(LeaderElectorTest, stops_leading_when_renewals_fail_until_the_deadline) {
  const auto leader = candidate("me");
  ASSERT_TRUE(eventually([&] { return leader->started == 1; }));
  client->fail_with(FakeClient::error(500, "InternalError"));
  ASSERT_TRUE(eventually([&] { return leader->lost == 1; }));
  EXPECT_FALSE(leader->elector->leading());
  client->fail_with(std::nullopt);
}

TEST_F(LeaderElectorTest, survives_failures_shorter_than_the_deadline) {
  const auto leader = candidate("me");
  ASSERT_TRUE(eventually([&] { return leader->started == 1; }));
  const std::size_t before = client->requests().size();
  client->fail_with(FakeClient::error(0, ""));
  ASSERT_TRUE(eventually([&] { return client->requests().size() > before + 2; }));
  client->fail_with(std::nullopt);
  const std::size_t after = client->requests().size();
  ASSERT_TRUE(eventually([&] { return client->requests().size() > after + 5; }));
  EXPECT_TRUE(leader->elector->leading());
  EXPECT_EQ(leader->lost, 0);
}

TEST_F(LeaderElectorTest, stops_leading_in_time_though_a_renewal_hangs) {
  const auto leader = candidate("me");
  ASSERT_TRUE(eventually([&] { return leader->elector->leading(); }));
  const auto before = std::chrono::steady_clock::now();
  client->hang(true);
  ASSERT_TRUE(eventually([&] { return leader->lost == 1; }));
  EXPECT_LT(std::chrono::steady_clock::now() - before, milliseconds(3000));
  EXPECT_FALSE(leader->elector->leading());
  client->hang(false);
}

TEST_F(LeaderElectorTest, stops_leading_when_another_holds_the_record) {
  const auto leader = candidate("me");
  ASSERT_TRUE(eventually([&] { return leader->elector->leading(); }));
  LeaseRecord other;
  other.holder = "usurper";
  other.duration = seconds(15);
  // The elector makes a missing lease anew, so it may have to be taken from it more than once.
  while (holder() != "usurper") {
    client->erase(leases, "ns", "lock");
    static_cast<void>(client->create_object(leases, "ns", lease_document(Object(), "ns", "lock", other)));
  }
  ASSERT_TRUE(eventually([&] { return leader->lost == 1; }));
  EXPECT_EQ(holder(), "usurper");
}

TEST_F(LeaderElectorTest, takes_over_when_the_holder_falls_silent) {
  LeaseRecord silent;
  silent.holder = "dead";
  silent.duration = seconds(1);
  silent.renew_time = "2999-01-01T00:00:00.000000Z";
  ASSERT_TRUE(client->create_object(leases, "ns", lease_document(Object(), "ns", "lock", silent)).ok());
  const auto before = std::chrono::steady_clock::now();
  const auto heir = candidate("heir");
  ASSERT_TRUE(eventually([&] { return heir->elector->leading(); }));
  EXPECT_GE(std::chrono::steady_clock::now() - before, milliseconds(990));
}

}  // namespace
}  // namespace troupe::kube
