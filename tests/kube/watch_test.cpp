#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "tests/kube/client_fixture.hpp"
#include "tests/kube/eventually.hpp"
#include "tests/kube/scripted_server.hpp"

namespace troupe::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// What a handler was told, readable while the watch runs.
struct Told {
  std::mutex mutex;
  int opened = 0;
  std::vector<std::string> versions;
  std::vector<ApiError> errors;
  int ended = 0;
  std::optional<ApiError> end;

  WatchHandler handler() {
    WatchHandler out;
    out.on_open = [this] { with([&] { ++opened; }); };
    out.on_event = [this](const WatchEvent& event) {
      with([&] {
        if (event.type == WatchEventType::error) {
          errors.push_back(event.error);
        } else {
          versions.push_back(event.object.resource_version());
        }
      });
    };
    out.on_end = [this](std::optional<ApiError> error) {
      with([&] {
        ++ended;
        end = std::move(error);
      });
    };
    return out;
  }
  template <class Action>
  void with(const Action& action) {
    const std::lock_guard lock(mutex);
    action();
  }
  bool has_ended() {
    const std::lock_guard lock(mutex);
    return ended > 0;
  }
  std::size_t count() {
    const std::lock_guard lock(mutex);
    return versions.size();
  }
};

TEST(Watch, delivers_events_as_they_come_and_an_orderly_end) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    peer.start_chunked();
    const std::string bytes = event_line("ADDED", pod_json("a", "1")) + event_line("MODIFIED", pod_json("a", "2"));
    peer.chunk(bytes.substr(0, 40));
    peer.chunk(bytes.substr(40));
    return peer.end_chunked();
  });
  Told told;
  WatchOptions options;
  options.namespace_name = "shop";
  options.resource_version = "0";
  const auto watch = client_of(server.url())->watch(pods, options, told.handler());
  ASSERT_TRUE(eventually([&] { return told.has_ended(); }));
  EXPECT_EQ(told.opened, 1);
  EXPECT_THAT(told.versions, testing::ElementsAre("1", "2"));
  EXPECT_FALSE(told.end.has_value());
  EXPECT_EQ(server.requests()[0].target,
            "/api/v1/namespaces/shop/pods?watch=true&resourceVersion=0&allowWatchBookmarks=true&timeoutSeconds=290");
}

TEST(Watch, status_410_at_its_start_is_its_end) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) { return peer.refuse(410, "Expired", "too old"); });
  Told told;
  const auto watch = client_of(server.url())->watch(pods, {}, told.handler());
  ASSERT_TRUE(eventually([&] { return told.has_ended(); }));
  EXPECT_EQ(told.opened, 0);
  ASSERT_TRUE(told.end.has_value());
  EXPECT_TRUE(told.end->expired());
  EXPECT_EQ(told.end->reason, "Expired");
}

TEST(Watch, error_event_410_inside_the_stream_is_an_event) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    peer.start_chunked();
    peer.chunk(event_line("ERROR", R"({"kind":"Status","code":410,"reason":"Gone","message":"too old"})"));
    return peer.end_chunked();
  });
  Told told;
  const auto watch = client_of(server.url())->watch(pods, {}, told.handler());
  ASSERT_TRUE(eventually([&] { return told.has_ended(); }));
  ASSERT_EQ(told.errors.size(), 1U);
  EXPECT_TRUE(told.errors[0].expired());
}

TEST(Watch, throttling_keeps_its_retry_after) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    return peer.refuse(429, "TooManyRequests", "slow", {{"Retry-After", "4"}});
  });
  Told told;
  const auto watch = client_of(server.url())->watch(pods, {}, told.handler());
  ASSERT_TRUE(eventually([&] { return told.has_ended(); }));
  EXPECT_EQ(told.end->status, 429);
  EXPECT_EQ(told.end->retry_after, seconds(4));
}

TEST(Watch, a_connection_that_is_half_open_is_given_up) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    peer.start_chunked();
    peer.chunk(event_line("ADDED", pod_json("a", "1")));
    peer.hold();
    return false;
  });
  Told told;
  WatchOptions options;
  options.timeout = seconds(0);
  const auto client = client_of(server.url(), {.watch_grace = milliseconds(300)});
  const auto watch = client->watch(pods, options, told.handler());
  ASSERT_TRUE(eventually([&] { return told.has_ended(); }));
  EXPECT_THAT(told.versions, testing::ElementsAre("1"));
  ASSERT_TRUE(told.end.has_value());
  EXPECT_THAT(told.end->message, testing::HasSubstr("silent for too long"));
}

TEST(Watch, a_server_that_never_answers_is_given_up) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    peer.hold();
    return false;
  });
  Told told;
  const auto client = client_of(server.url(), {.request_timeout = milliseconds(300)});
  const auto watch = client->watch(pods, {}, told.handler());
  ASSERT_TRUE(eventually([&] { return told.has_ended(); }));
  EXPECT_EQ(told.opened, 0);
  ASSERT_TRUE(told.end.has_value());
  EXPECT_THAT(told.end->message, testing::HasSubstr("did not answer in time"));
}

TEST(Watch, a_truncated_chunk_ends_it_with_an_error) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    peer.start_chunked();
    peer.chunk(event_line("ADDED", pod_json("a", "1")));
    peer.raw("100\r\n{\"type\":\"ADD");
    return false;
  });
  Told told;
  const auto watch = client_of(server.url())->watch(pods, {}, told.handler());
  ASSERT_TRUE(eventually([&] { return told.has_ended(); }));
  EXPECT_THAT(told.versions, testing::ElementsAre("1"));
  ASSERT_TRUE(told.end.has_value());
  EXPECT_EQ(told.end->status, 0);
}

TEST(Watch, an_orderly_end_inside_an_event_is_an_error_too) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    peer.start_chunked();
    peer.chunk(R"({"type":"ADD)");
    return peer.end_chunked();
  });
  Told told;
  const auto watch = client_of(server.url())->watch(pods, {}, told.handler());
  ASSERT_TRUE(eventually([&] { return told.has_ended(); }));
  ASSERT_TRUE(told.end.has_value());
  EXPECT_THAT(told.end->message, testing::HasSubstr("ended inside it"));
}

TEST(Watch, a_line_without_end_is_refused) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    peer.start_chunked();
    while (peer.chunk(std::string(10'000, ' '))) {
    }
    return false;
  });
  Told told;
  const auto watch = client_of(server.url(), {.watch_line_bytes_max = 100'000})->watch(pods, {}, told.handler());
  ASSERT_TRUE(eventually([&] { return told.has_ended(); }));
  EXPECT_THAT(told.end->message, testing::HasSubstr("longer than 100000 bytes"));
}

TEST(Watch, asks_once_more_with_a_fresh_token_after_401) {
  class Rotating final : public TokenSource {
   public:
    Result<std::string> token() override { return std::string(fresh ? "new" : "old"); }
    void invalidate() override { fresh = true; }
    std::atomic<bool> fresh{false};
  };
  ScriptedServer server([](const SeenRequest& request, Peer& peer) {
    if (request.headers.at("authorization") != "Bearer new") {
      return peer.refuse(401, "Unauthorized", "who?");
    }
    peer.start_chunked();
    return peer.end_chunked();
  });
  Told told;
  const auto watch = client_of(server.url(), {}, std::make_shared<Rotating>())->watch(pods, {}, told.handler());
  ASSERT_TRUE(eventually([&] { return told.has_ended(); }));
  EXPECT_EQ(told.opened, 1);
  EXPECT_FALSE(told.end.has_value());
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST(Watch, destroying_it_in_full_flow_stops_the_handler_for_good) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    peer.start_chunked();
    const std::string line = event_line("ADDED", pod_json("a", "1"));
    while (peer.chunk(line)) {
    }
    return false;
  });
  const auto client = client_of(server.url());
  for (int i = 0; i < 10; ++i) {
    auto told = std::make_unique<Told>();
    auto watch = client->watch(pods, {}, told->handler());
    ASSERT_TRUE(eventually([&] { return told->count() > 3; }));
    watch.reset();
    EXPECT_FALSE(told->has_ended());
    told.reset();
  }
}

TEST(Watch, destroying_it_before_the_server_answers_returns_at_once) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    peer.hold();
    return false;
  });
  const auto client = client_of(server.url());
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i < 10; ++i) {
    Told told;
    const auto watch = client->watch(pods, {}, told.handler());
    if (i % 2 == 0) {
      ASSERT_TRUE(eventually([&] { return server.requests().size() > static_cast<std::size_t>(i / 2); }));
    }
  }
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(5));
}

TEST(Watch, a_slow_handler_holds_its_own_stream_up_and_no_other) {
  std::atomic<std::size_t> sent{0};
  ScriptedServer server([&](const SeenRequest& request, Peer& peer) {
    peer.start_chunked();
    if (request.path() != "/api/v1/pods") {
      peer.chunk(event_line("ADDED", pod_json("a", "1")));
      return peer.end_chunked();
    }
    const std::string line = event_line("ADDED", pod_json("a", "1", std::string(100'000, 'u')));
    while (peer.chunk(line)) {
      sent += line.size();
    }
    return false;
  });
  const auto client = client_of(server.url());
  std::mutex gate;
  std::unique_lock closed(gate);
  std::atomic<int> events{0};
  WatchHandler slow;
  slow.on_event = [&](const WatchEvent&) {
    ++events;
    const std::lock_guard pass(gate);
  };
  slow.on_end = [](std::optional<ApiError>) {};
  auto held = client->watch(pods, {}, slow);
  ASSERT_TRUE(eventually([&] { return events == 1; }));
  for (int i = 0; i < 8; ++i) {
    Told told;
    const auto other = client->watch(services, {}, told.handler());
    ASSERT_TRUE(eventually([&] { return told.has_ended(); }));
    EXPECT_EQ(told.count(), 1U);
  }
  EXPECT_EQ(events, 1);
  EXPECT_LT(sent, 32U << 20U);
  closed.unlock();
  held.reset();
}

}  // namespace
}  // namespace troupe::kube
