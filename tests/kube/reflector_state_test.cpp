#include "kube/reflector_state.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/kube/client_fixture.hpp"

namespace troupe::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Verdict = ReflectorState::Verdict;

ApiError api_error(int status, const std::string& reason = "") {
  ApiError error;
  error.status = status;
  error.reason = reason;
  error.message = "status " + std::to_string(status);
  return error;
}

ApiError too_large() {
  ApiError error = api_error(504, "Timeout");
  error.message = "Too large resource version: 9, current: 3";
  return error;
}

WatchEvent event(WatchEventType type, const std::string& version) {
  return {type, Object(nlohmann::json{{"metadata", {{"name", "a"}, {"resourceVersion", version}}}}), {}};
}

WatchEvent error_event(const ApiError& error) { return {WatchEventType::error, Object(), error}; }

/// "list 0 500", "list 7 0 tok", "watch 7", "wait".
std::string text(const ReflectorStep& step) {
  if (const auto* list = std::get_if<ListStep>(&step)) {
    return "list " + (list->resource_version.empty() ? "latest" : list->resource_version) + " " +
           std::to_string(list->limit) + (list->continue_token.empty() ? "" : " " + list->continue_token);
  }
  if (const auto* watch = std::get_if<WatchStep>(&step)) {
    return "watch " + watch->resource_version;
  }
  return "wait";
}

class ReflectorStateTest : public testing::Test {
 protected:
  /// Listed at version 5, watch open.
  void open_watch() {
    ASSERT_EQ(text(state.start()), "list 0 500");
    ASSERT_EQ(text(state.page_listed("5", "")), "watch 5");
    state.watch_opened(clock.now());
  }
  Duration delay(const ReflectorStep& step) {
    const auto* wait = std::get_if<WaitStep>(&step);
    EXPECT_NE(wait, nullptr) << text(step);
    return wait == nullptr ? Duration(0) : wait->delay;
  }

  ManualClock clock;
  SeededRandom random{1};
  Reflector::Options options;
  ReflectorState state{options, random};
};

TEST_F(ReflectorStateTest, lists_any_cached_version_first_then_watches_from_it) {
  EXPECT_EQ(text(state.start()), "list 0 500");
  EXPECT_EQ(text(state.page_listed("5", "")), "watch 5");
}

TEST_F(ReflectorStateTest, asks_for_page_after_page) {
  EXPECT_EQ(text(state.start()), "list 0 500");
  EXPECT_EQ(text(state.page_listed("5", "two")), "list 0 500 two");
  EXPECT_EQ(text(state.page_listed("5", "three")), "list 0 500 three");
  EXPECT_EQ(text(state.page_listed("5", "")), "watch 5");
  EXPECT_EQ(state.counts().lists, 1U);
}

TEST_F(ReflectorStateTest, a_continue_token_that_expired_leads_to_a_list_in_one_piece) {
  static_cast<void>(state.start());
  static_cast<void>(state.page_listed("5", "two"));
  EXPECT_EQ(text(state.list_failed(api_error(410, "Expired"), clock.now())), "list latest 0");
  EXPECT_EQ(state.counts().expired, 1U);
}

TEST_F(ReflectorStateTest, goes_on_from_the_newest_event_when_the_server_ends_the_watch) {
  open_watch();
  EXPECT_EQ(state.watch_event(event(WatchEventType::added, "6")), Verdict::apply);
  EXPECT_EQ(state.watch_event(event(WatchEventType::deleted, "7")), Verdict::apply);
  EXPECT_EQ(text(state.watch_ended(std::nullopt, clock.now())), "watch 7");
  EXPECT_EQ(state.counts().failures, 0U);
}

TEST_F(ReflectorStateTest, bookmarks_advance_the_version_and_nothing_else) {
  open_watch();
  EXPECT_EQ(state.watch_event(event(WatchEventType::bookmark, "90")), Verdict::advance);
  EXPECT_EQ(text(state.watch_ended(std::nullopt, clock.now())), "watch 90");
}

TEST_F(ReflectorStateTest, status_410_at_the_start_of_a_watch_lists_the_most_recent) {
  open_watch();
  static_cast<void>(state.watch_event(event(WatchEventType::added, "6")));
  EXPECT_EQ(text(state.watch_ended(std::nullopt, clock.now())), "watch 6");
  const auto step = state.watch_ended(api_error(410, "Expired"), clock.now());
  EXPECT_GT(delay(step), Duration(0));
  EXPECT_EQ(text(state.waited()), "list latest 500");
  EXPECT_EQ(state.counts().expired, 1U);
}

TEST_F(ReflectorStateTest, error_event_410_inside_a_stream_lists_the_most_recent_at_once) {
  open_watch();
  static_cast<void>(state.watch_event(event(WatchEventType::added, "6")));
  EXPECT_EQ(state.watch_event(error_event(api_error(410, "Gone"))), Verdict::end);
  EXPECT_EQ(text(state.watch_ended(std::nullopt, clock.now())), "list latest 500");
  EXPECT_EQ(state.counts().expired, 1U);
}

TEST_F(ReflectorStateTest, a_list_at_a_version_the_cache_has_not_reached_asks_for_the_most_recent) {
  open_watch();
  // A refusal that needs a list: it is asked for at the version already known.
  EXPECT_GT(delay(state.watch_ended(api_error(403), clock.now())), Duration(0));
  EXPECT_EQ(text(state.waited()), "list 5 0");
  EXPECT_EQ(text(state.list_failed(too_large(), clock.now())), "list latest 500");
}

TEST_F(ReflectorStateTest, an_expired_most_recent_list_backs_off_instead_of_spinning) {
  static_cast<void>(state.start());
  EXPECT_EQ(text(state.list_failed(api_error(410), clock.now())), "list latest 500");
  EXPECT_GT(delay(state.list_failed(api_error(410), clock.now())), Duration(0));
  EXPECT_EQ(text(state.waited()), "list latest 500");
}

TEST_F(ReflectorStateTest, a_refused_watch_backs_off_and_watches_again_without_a_list) {
  open_watch();
  static_cast<void>(state.watch_event(event(WatchEventType::added, "6")));
  clock.advance(seconds(30));
  EXPECT_EQ(text(state.watch_ended(api_error(0), clock.now())), "watch 6");
  for (int i = 0; i < 5; ++i) {
    EXPECT_GT(delay(state.watch_ended(api_error(0), clock.now())), Duration(0));
    EXPECT_EQ(text(state.waited()), "watch 6");
  }
  EXPECT_EQ(state.counts().lists, 1U);
}

TEST_F(ReflectorStateTest, throttling_backs_off_for_as_long_as_told_without_a_list) {
  open_watch();
  for (const int status : {429, 500, 503}) {
    ApiError error = api_error(status);
    error.retry_after = seconds(70);
    EXPECT_EQ(delay(state.watch_ended(error, clock.now())), seconds(70));
    EXPECT_EQ(text(state.waited()), "watch 5");
  }
  EXPECT_EQ(state.counts().lists, 1U);
}

TEST_F(ReflectorStateTest, an_error_event_of_the_server_backs_off_and_watches_again) {
  open_watch();
  static_cast<void>(state.watch_event(event(WatchEventType::added, "6")));
  EXPECT_EQ(state.watch_event(error_event(api_error(500))), Verdict::end);
  EXPECT_GT(delay(state.watch_ended(std::nullopt, clock.now())), Duration(0));
  EXPECT_EQ(text(state.waited()), "watch 6");
}

TEST_F(ReflectorStateTest, a_watch_under_a_second_without_an_event_is_a_failure) {
  open_watch();
  clock.advance(milliseconds(999));
  EXPECT_GT(delay(state.watch_ended(std::nullopt, clock.now())), Duration(0));
  EXPECT_EQ(state.counts().failures, 1U);
  EXPECT_EQ(text(state.waited()), "watch 5");
  state.watch_opened(clock.now());
  clock.advance(milliseconds(1000));
  EXPECT_EQ(text(state.watch_ended(std::nullopt, clock.now())), "watch 5");
  EXPECT_EQ(state.counts().failures, 1U);
}

TEST_F(ReflectorStateTest, a_cut_connection_that_served_goes_on_at_once) {
  open_watch();
  clock.advance(seconds(2));
  EXPECT_EQ(text(state.watch_ended(api_error(0), clock.now())), "watch 5");
  EXPECT_EQ(state.last_error(), "status 0");
  state.watch_opened(clock.now());
  EXPECT_EQ(state.last_error(), "");
}

TEST_F(ReflectorStateTest, a_failed_list_keeps_asking_for_the_same) {
  static_cast<void>(state.start());
  EXPECT_GT(delay(state.list_failed(api_error(0), clock.now())), Duration(0));
  EXPECT_EQ(state.last_error(), "status 0");
  EXPECT_EQ(text(state.waited()), "list 0 500");
  EXPECT_GT(delay(state.list_failed(api_error(403), clock.now())), Duration(0));
  EXPECT_EQ(text(state.waited()), "list 0 500");
}

TEST_F(ReflectorStateTest, waits_grow_to_the_bound_and_start_anew_after_a_good_time) {
  open_watch();
  Duration expected = options.backoff_min;
  for (int i = 0; i < 8; ++i) {
    const Duration waited = delay(state.watch_ended(api_error(503), clock.now()));
    EXPECT_GE(waited, expected);
    EXPECT_LT(waited, expected * 2);
    expected = std::min(expected * 2, options.backoff_max);
  }
  EXPECT_EQ(expected, options.backoff_max);
  clock.advance(minutes(2));
  EXPECT_LT(delay(state.watch_ended(api_error(503), clock.now())), options.backoff_min * 2);
}

}  // namespace
}  // namespace troupe::kube
