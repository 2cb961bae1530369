#include "worker/node/membership.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

namespace troupe::node {
namespace {

using namespace std::chrono_literals;

/// Virtual time: runs what is due when told to.
class ManualLoop final : public EventLoop, public Clock {
 public:
  void post(std::function<void()> task) override { run_after(Duration(0), std::move(task)); }
  TimerId run_after(Duration delay, std::function<void()> task) override {
    timers_.push_back({now_ + delay, ++last_, std::move(task)});
    return last_;
  }
  void cancel(TimerId timer) override {
    std::erase_if(timers_, [timer](const Timer& one) { return one.id == timer; });
  }
  const Clock& clock() const override { return *this; }
  Instant now() const override { return now_; }
  WallTime wall_now() const override { return WallTime{}; }

  void advance(Duration time) {
    const Instant end = now_ + time;
    for (;;) {
      const auto next = std::min_element(timers_.begin(), timers_.end(), [](const Timer& left, const Timer& right) {
        return std::tie(left.due, left.id) < std::tie(right.due, right.id);
      });
      if (next == timers_.end() || next->due > end) {
        break;
      }
      now_ = std::max(now_, next->due);
      const auto task = std::move(next->task);
      timers_.erase(next);
      task();
    }
    now_ = end;
  }
  [[nodiscard]] std::size_t waiting() const { return timers_.size(); }

 private:
  struct Timer {
    Instant due;
    TimerId id;
    std::function<void()> task;
  };
  Instant now_{};
  TimerId last_ = 0;
  std::vector<Timer> timers_;
};

class MembershipTest : public testing::Test {
 protected:
  ManualLoop loop_;
  SeededRandom random_{1};
  std::vector<std::string> tried_;
  int changes_ = 0;
  Membership membership_{loop_, random_, [this](const std::string& name) { tried_.push_back(name); },
                         [this] { ++changes_; }};
  const Peer a_{"c-1", "u1", "c@1", "1"};
  const Peer b_{"c-2", "u2", "c@2", "2"};
};

TEST_F(MembershipTest, seeks_each_peer_until_it_is_connected) {
  membership_.set_peers({a_, b_});
  loop_.advance(1ms);
  EXPECT_EQ(tried_, (std::vector<std::string>{"c@1", "c@2"}));
  membership_.on_node_change("c@1", true);
  loop_.advance(1s);
  EXPECT_EQ(std::count(tried_.begin(), tried_.end(), "c@1"), 1);
  EXPECT_GT(std::count(tried_.begin(), tried_.end(), "c@2"), 2);
  EXPECT_EQ(membership_.view().missing, std::vector<std::string>{"c-2"});
}

TEST_F(MembershipTest, retries_at_most_each_five_seconds_after_a_while) {
  membership_.set_peers({a_});
  loop_.advance(60s);
  const std::size_t before = tried_.size();
  loop_.advance(60s);
  EXPECT_LE(tried_.size() - before, 17U);
  EXPECT_GE(tried_.size() - before, 9U);
}

TEST_F(MembershipTest, seeks_again_after_a_link_was_lost) {
  membership_.set_peers({a_});
  loop_.advance(1ms);
  membership_.on_node_change("c@1", true);
  loop_.advance(10s);
  tried_.clear();
  membership_.on_node_change("c@1", false);
  loop_.advance(1ms);
  EXPECT_EQ(tried_, std::vector<std::string>{"c@1"});
}

TEST_F(MembershipTest, forgets_a_peer_that_is_no_longer_listed_but_not_its_link) {
  membership_.set_peers({a_});
  membership_.on_node_change("c@1", true);
  membership_.set_peers({});
  EXPECT_EQ(membership_.view().connected_nodes, 1U);
  membership_.on_node_change("c@1", false);
  tried_.clear();
  loop_.advance(10s);
  EXPECT_TRUE(tried_.empty());
  EXPECT_EQ(loop_.waiting(), 0U);
}

TEST_F(MembershipTest, counts_nodes_that_are_no_workers_apart) {
  membership_.set_peers({a_});
  membership_.on_node_change("shell@127.0.0.1", true);
  EXPECT_EQ(membership_.view().connected_nodes, 1U);
  EXPECT_EQ(membership_.view().missing.size(), 1U);
}

}  // namespace
}  // namespace troupe::node
