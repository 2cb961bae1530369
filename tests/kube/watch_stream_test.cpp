#include "kube/watch_stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "tests/kube/client_fixture.hpp"

namespace troupe::kube {
namespace {

constexpr std::size_t line_bytes_max = 1024;

std::string describe(const std::vector<WatchEvent>& events) {
  constexpr std::array<const char*, 5> names{"+", "~", "-", "b", "!"};
  std::string out;
  for (const WatchEvent& event : events) {
    out += names.at(static_cast<std::size_t>(event.type));
    out += event.type == WatchEventType::error ? std::to_string(event.error.status) : event.object.resource_version();
  }
  return out;
}

std::string whole_stream() {
  return event_line("ADDED", pod_json("a", "1")) + event_line("MODIFIED", pod_json("a", "2")) + bookmark_line("5") +
         event_line("DELETED", pod_json("a", "6")) + "\r\n" +
         event_line("ERROR", R"({"kind":"Status","code":410,"reason":"Expired","message":"too old"})");
}

TEST(WatchStream, reads_all_kinds_of_events) {
  WatchStream stream(line_bytes_max);
  std::vector<WatchEvent> events;
  ASSERT_TRUE(stream.feed(whole_stream(), events).ok());
  EXPECT_EQ(describe(events), "+1~2b5-6!410");
  EXPECT_TRUE(events.back().error.expired());
  EXPECT_EQ(events.back().error.reason, "Expired");
  EXPECT_TRUE(stream.finish().ok());
}

TEST(WatchStream, does_not_mind_where_the_bytes_are_cut) {
  const std::string bytes = whole_stream();
  SeededRandom random(3);
  for (int round = 0; round < 200; ++round) {
    WatchStream stream(line_bytes_max);
    std::vector<WatchEvent> events;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t count = std::min<std::size_t>(1 + random.below(40), bytes.size() - at);
      ASSERT_TRUE(stream.feed(std::string_view(bytes).substr(at, count), events).ok());
      at += count;
    }
    ASSERT_EQ(describe(events), "+1~2b5-6!410");
  }
}

TEST(WatchStream, keeps_the_events_in_front_of_an_error) {
  WatchStream stream(line_bytes_max);
  std::vector<WatchEvent> events;
  const auto fed = stream.feed(event_line("ADDED", pod_json("a", "1")) + "{oops\n", events);
  ASSERT_FALSE(fed.ok());
  EXPECT_EQ(fed.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(describe(events), "+1");
}

TEST(WatchStream, refuses_what_is_no_event) {
  for (const std::string line :
       {"[]", "7", "{}", R"({"type":"ADDED"})", R"({"type":"ADDED","object":5})", R"({"type":"OTHER","object":{}})",
        R"({"type":1,"object":{}})", R"({"type":"ADDED","object":{"metadata":{"name":"a"}}})",
        R"({"type":"ADDED","object":{"metadata":{"resourceVersion":"1"}}})",
        R"({"type":"BOOKMARK","object":{"metadata":{}}})"}) {
    WatchStream stream(line_bytes_max);
    std::vector<WatchEvent> events;
    EXPECT_FALSE(stream.feed(line + "\n", events).ok()) << line;
    EXPECT_TRUE(events.empty()) << line;
  }
}

TEST(WatchStream, bounds_a_line_whether_it_comes_whole_or_in_pieces) {
  std::vector<WatchEvent> events;
  WatchStream whole(line_bytes_max);
  EXPECT_EQ(whole.feed(std::string(line_bytes_max + 1, ' ') + "\n", events).error().code, ErrorCode::limit_exceeded);
  WatchStream pieces(line_bytes_max);
  ASSERT_TRUE(pieces.feed(std::string(line_bytes_max, ' '), events).ok());
  EXPECT_EQ(pieces.feed("x", events).error().code, ErrorCode::limit_exceeded);
}

TEST(WatchStream, notices_an_end_inside_an_event) {
  WatchStream stream(line_bytes_max);
  std::vector<WatchEvent> events;
  ASSERT_TRUE(stream.feed(event_line("ADDED", pod_json("a", "1")) + R"({"type":"ADD)", events).ok());
  EXPECT_EQ(describe(events), "+1");
  EXPECT_EQ(stream.finish().error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace troupe::kube
