#include "worker/node/reporter.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace troupe::node {
namespace {

TEST(Reporter, what_one_thread_saw_earlier_never_replaces_what_another_has_seen_since) {
  constexpr int threads_count = 4;
  constexpr int reports_each = 2'000;
  std::atomic<int> changes{0};
  std::vector<std::string> written;
  Reporter reporter(
      [&]() -> std::optional<WorkerReport> {
        WorkerReport report;
        report.joined_message = std::to_string(++changes);
        std::this_thread::yield();
        return report;
      },
      [&](WorkerReport report) { written.push_back(std::move(report.joined_message)); });
  std::vector<std::thread> threads;
  for (int i = 0; i < threads_count; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < reports_each; ++n) {
        reporter.report();
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  ASSERT_EQ(written.size(), threads_count * reports_each);
  for (std::size_t at = 0; at < written.size(); ++at) {
    ASSERT_EQ(written[at], std::to_string(at + 1));
  }
}

TEST(Reporter, says_nothing_while_there_is_nothing_to_say) {
  int written = 0;
  Reporter reporter([]() -> std::optional<WorkerReport> { return std::nullopt; }, [&](WorkerReport) { ++written; });
  reporter.report();
  EXPECT_EQ(written, 0);
}

TEST(WorkerReport, has_joined_when_the_peers_were_listed_and_none_is_missing) {
  EXPECT_EQ(worker_report({}, false, {}).joined_reason, "NotDiscovered");
  EXPECT_FALSE(worker_report({}, false, {}).joined);
  EXPECT_EQ(worker_report({}, true, {}).joined_reason, "AllPeersConnected");
  EXPECT_TRUE(worker_report({}, true, {}).joined);
  Membership::View view;
  view.peers = 2;
  view.missing = {"c-1", "c-2"};
  const WorkerReport report = worker_report(view, true, {{"a", "1", true, "", ""}});
  EXPECT_FALSE(report.joined);
  EXPECT_EQ(report.joined_reason, "PeersMissing");
  EXPECT_EQ(report.joined_message, "no link to c-1, c-2");
  ASSERT_EQ(report.applications.size(), 1U);
}

}  // namespace
}  // namespace troupe::node
