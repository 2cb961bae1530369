#include "local/pod_runner/probe_state.hpp"

#include <gtest/gtest.h>

#include "local/pod_runner/restart_backoff.hpp"

namespace troupe::local {
namespace {

using namespace std::chrono_literals;

TEST(ProbeState, needs_as_many_failures_in_a_row_as_its_threshold) {
  ProbeSpec spec;
  spec.failure_threshold = 2;
  const Instant start{};
  ProbeState probe(spec, start);
  EXPECT_EQ(probe.verdict(), ProbeState::Verdict::unknown);
  probe.record(true, start);
  EXPECT_EQ(probe.verdict(), ProbeState::Verdict::success);
  probe.record(false, start);
  EXPECT_EQ(probe.verdict(), ProbeState::Verdict::success);
  probe.record(true, start);
  probe.record(false, start);
  EXPECT_EQ(probe.verdict(), ProbeState::Verdict::success);
  probe.record(false, start);
  EXPECT_EQ(probe.verdict(), ProbeState::Verdict::failure);
}

TEST(ProbeState, is_due_after_its_delay_and_then_each_period) {
  ProbeSpec spec;
  spec.initial_delay = 3s;
  spec.period = 5s;
  const Instant start{};
  ProbeState probe(spec, start);
  EXPECT_EQ(probe.due(), start + 3s);
  probe.record(true, start + 4s);
  EXPECT_EQ(probe.due(), start + 9s);
}

TEST(RestartBackoff, starts_at_once_then_doubles_to_five_minutes_and_forgets) {
  RestartBackoff backoff;
  const Instant now{};
  std::vector<std::chrono::seconds> delays;
  for (int i = 0; i < 8; ++i) {
    delays.push_back(backoff.next(now, now + 1s));
  }
  EXPECT_EQ(delays, (std::vector<std::chrono::seconds>{0s, 10s, 20s, 40s, 80s, 160s, 300s, 300s}));
  EXPECT_EQ(backoff.next(now, now + 601s), 0s);
}

}  // namespace
}  // namespace troupe::local
