#include "kube/reflector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "platform/event_loop.hpp"
#include "tests/kube/client_fixture.hpp"
#include "tests/kube/eventually.hpp"
#include "tests/kube/scripted_server.hpp"

namespace troupe::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

/// Writes changes down as "+a1", "~a2", "-a" with the version after them; "*" marks the first list's.
class Log {
 public:
  void add(const Change& change) {
    std::string line = change.initial ? "*" : "";
    if (!change.before.has_value()) {
      line += "+" + change.after->name() + change.after->resource_version();
    } else if (!change.after.has_value()) {
      line += "-" + change.before->name();
    } else {
      line += "~" + change.after->name() + change.after->resource_version();
    }
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
  }
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

class ReflectorTest : public testing::Test {
 protected:
  std::unique_ptr<Reflector> reflect(std::shared_ptr<Client> client) {
    return std::make_unique<Reflector>(
        std::move(client), pods, options, platform::real_clock(), random,
        [this](const Change& change) { log.add(change); }, [this] { ++synced; });
  }

  SeededRandom random{1};
  Reflector::Options options{.backoff_min = milliseconds(5), .backoff_max = milliseconds(20)};
  Log log;
  std::atomic<int> synced{0};
};

TEST_F(ReflectorTest, lists_then_follows_the_watch) {
  ScriptedServer server([](const SeenRequest& request, Peer& peer) {
    if (!request.is_watch()) {
      return peer.json(pod_list(pod_json("a", "1") + "," + pod_json("b", "2"), "5"));
    }
    peer.start_chunked();
    peer.chunk(event_line("MODIFIED", pod_json("a", "6")) + event_line("ADDED", pod_json("c", "7")) +
               event_line("DELETED", pod_json("b", "8")));
    peer.hold();
    return false;
  });
  options.namespace_name = "shop";
  const auto reflector = reflect(client_of(server.url()));
  ASSERT_TRUE(eventually([&] { return reflector->store().resource_version() == "8"; }));
  ASSERT_TRUE(eventually([&] { return log.lines().size() == 5; }));
  EXPECT_THAT(log.lines(), ElementsAre("*+a1", "*+b2", "~a6", "+c7", "-b"));
  EXPECT_EQ(synced, 1);
  EXPECT_TRUE(reflector->store().synced());
  EXPECT_EQ(reflector->store().size(), 2U);
  EXPECT_EQ(reflector->store().get("shop/a")->resource_version(), "6");
  EXPECT_FALSE(reflector->store().get("shop/b").has_value());
  const auto requests = server.requests();
  EXPECT_EQ(requests[0].query("resourceVersion"), "0");
  EXPECT_EQ(requests[1].query("resourceVersion"), "5");
  EXPECT_EQ(requests[1].query("allowWatchBookmarks"), "true");
}

TEST_F(ReflectorTest, pages_show_only_when_the_list_is_complete) {
  std::atomic<bool> release{false};
  ScriptedServer server([&](const SeenRequest& request, Peer& peer) {
    if (request.is_watch()) {
      peer.start_chunked();
      peer.hold();
      return false;
    }
    if (request.query("continue").empty()) {
      return peer.json(pod_list(pod_json("a", "1"), "5", "more"));
    }
    eventually([&] { return release.load(); });
    return peer.json(pod_list(pod_json("b", "2"), "5"));
  });
  options.page_size = 1;
  const auto reflector = reflect(client_of(server.url()));
  ASSERT_TRUE(eventually([&] { return server.requests().size() == 2; }));
  EXPECT_EQ(reflector->store().size(), 0U);
  EXPECT_FALSE(reflector->store().synced());
  release = true;
  ASSERT_TRUE(eventually([&] { return synced == 1; }));
  EXPECT_THAT(log.lines(), ElementsAre("*+a1", "*+b2"));
  EXPECT_EQ(server.requests()[0].query("limit"), "1");
  EXPECT_EQ(server.requests()[1].query("continue"), "more");
}

TEST_F(ReflectorTest, status_410_relists_the_most_recent_and_reports_what_vanished) {
  std::atomic<int> lists{0};
  std::atomic<int> watches{0};
  ScriptedServer server([&](const SeenRequest& request, Peer& peer) {
    if (!request.is_watch()) {
      return peer.json(
          ++lists == 1
              ? pod_list(pod_json("a", "1") + "," + pod_json("b", "2") + "," + pod_json("d", "4"), "5")
              : pod_list(pod_json("b", "2") + "," + pod_json("c", "50") + "," + pod_json("d", "51", "another-uid"),
                         "60"));
    }
    if (++watches == 1) {
      return peer.refuse(410, "Expired", "too old resource version");
    }
    peer.start_chunked();
    peer.hold();
    return false;
  });
  const auto reflector = reflect(client_of(server.url()));
  ASSERT_TRUE(eventually([&] { return log.lines().size() == 7; }));
  // b is untouched: no change. d is another object of the same name.
  EXPECT_THAT(log.lines(), ElementsAre("*+a1", "*+b2", "*+d4", "-a", "+c50", "-d", "+d51"));
  EXPECT_EQ(server.requests()[2].query("resourceVersion"), "");
  EXPECT_EQ(reflector->store().resource_version(), "60");
  EXPECT_EQ(reflector->counts().expired, 1U);
  EXPECT_EQ(synced, 1);
}

TEST_F(ReflectorTest, error_event_410_relists_the_most_recent) {
  std::atomic<int> watches{0};
  ScriptedServer server([&](const SeenRequest& request, Peer& peer) {
    if (!request.is_watch()) {
      return peer.json(pod_list(pod_json("a", "1"), "5"));
    }
    peer.start_chunked();
    if (++watches == 1) {
      peer.chunk(event_line("ERROR", R"({"kind":"Status","code":410,"reason":"Expired","message":"too old"})"));
    }
    peer.hold();
    return false;
  });
  const auto reflector = reflect(client_of(server.url()));
  ASSERT_TRUE(eventually([&] { return watches == 2; }));
  EXPECT_EQ(server.count([](const SeenRequest& request) { return !request.is_watch(); }), 2U);
  EXPECT_EQ(server.requests()[2].query("resourceVersion"), "");
}

TEST_F(ReflectorTest, bookmarks_move_the_version_that_the_next_watch_starts_from) {
  std::atomic<int> watches{0};
  ScriptedServer server([&](const SeenRequest& request, Peer& peer) {
    if (!request.is_watch()) {
      return peer.json(pod_list(pod_json("a", "1"), "5"));
    }
    peer.start_chunked();
    if (++watches == 1) {
      peer.chunk(bookmark_line("90"));
      return peer.end_chunked();
    }
    peer.hold();
    return false;
  });
  const auto reflector = reflect(client_of(server.url()));
  ASSERT_TRUE(eventually([&] { return watches == 2; }));
  EXPECT_EQ(server.requests()[2].query("resourceVersion"), "90");
  EXPECT_EQ(reflector->store().resource_version(), "90");
  EXPECT_THAT(log.lines(), ElementsAre("*+a1"));
}

TEST_F(ReflectorTest, comes_back_after_a_restart_of_the_server_without_listing_again) {
  const auto script = [](const SeenRequest& request, Peer& peer) {
    if (!request.is_watch()) {
      return peer.json(pod_list(pod_json("a", "1"), "5"));
    }
    peer.start_chunked();
    peer.chunk(event_line("MODIFIED", pod_json("a", request.query("resourceVersion") == "5" ? "6" : "7")));
    peer.hold();
    return false;
  };
  auto server = std::make_unique<ScriptedServer>(script);
  const std::uint16_t port = server->port();
  const auto reflector = reflect(client_of(server->url()));
  ASSERT_TRUE(eventually([&] { return reflector->store().resource_version() == "6"; }));
  server.reset();
  // Refused connections meanwhile.
  ASSERT_TRUE(eventually([&] { return reflector->counts().failures >= 3; }));
  EXPECT_THAT(reflector->last_error(), testing::HasSubstr("connection refused"));
  EXPECT_EQ(reflector->store().size(), 1U);
  server = std::make_unique<ScriptedServer>(script, port);
  ASSERT_TRUE(eventually([&] { return reflector->store().resource_version() == "7"; }));
  EXPECT_EQ(server->count([](const SeenRequest& request) { return !request.is_watch(); }), 0U);
  EXPECT_EQ(server->requests()[0].query("resourceVersion"), "6");
  EXPECT_EQ(reflector->last_error(), "");
}

TEST_F(ReflectorTest, goes_on_from_the_last_whole_event_after_a_truncated_chunk) {
  std::atomic<int> watches{0};
  ScriptedServer server([&](const SeenRequest& request, Peer& peer) {
    if (!request.is_watch()) {
      return peer.json(pod_list("", "5"));
    }
    peer.start_chunked();
    if (++watches == 1) {
      peer.chunk(event_line("ADDED", pod_json("a", "6")));
      peer.raw("200\r\n{\"type\":\"ADDED\",\"obj");
      return false;
    }
    peer.chunk(event_line("ADDED", pod_json("b", "7")));
    peer.hold();
    return false;
  });
  const auto reflector = reflect(client_of(server.url()));
  ASSERT_TRUE(eventually([&] { return reflector->store().size() == 2; }));
  EXPECT_EQ(server.requests()[2].query("resourceVersion"), "6");
  EXPECT_THAT(log.lines(), ElementsAre("+a6", "+b7"));
}

TEST_F(ReflectorTest, a_list_that_is_refused_is_tried_until_it_succeeds) {
  std::atomic<int> lists{0};
  ScriptedServer server([&](const SeenRequest& request, Peer& peer) {
    if (request.is_watch()) {
      peer.start_chunked();
      peer.hold();
      return false;
    }
    switch (++lists) {
      case 1:
        return peer.refuse(403, "Forbidden", "no");
      case 2:
        return peer.refuse(500, "InternalError", "oh");
      case 3:
        return peer.refuse(504, "Timeout", "Too large resource version: 9, current: 3");
      default:
        return peer.json(pod_list(pod_json("a", "1"), "5"));
    }
  });
  const auto reflector = reflect(client_of(server.url()));
  ASSERT_TRUE(eventually([&] { return synced == 1; }));
  EXPECT_EQ(server.requests()[2].query("resourceVersion"), "0");
  EXPECT_EQ(server.requests()[3].query("resourceVersion"), "");
}

TEST_F(ReflectorTest, keeps_only_what_the_transform_leaves) {
  ScriptedServer server([](const SeenRequest& request, Peer& peer) {
    if (!request.is_watch()) {
      return peer.json(pod_list(pod_json("a", "1"), "5"));
    }
    peer.start_chunked();
    peer.chunk(event_line("ADDED", pod_json("b", "6")));
    peer.hold();
    return false;
  });
  options.transform = [](const Object& object) {
    return Object(nlohmann::json{{"metadata", object.json().at("metadata")}, {"trimmed", true}});
  };
  const auto reflector = reflect(client_of(server.url()));
  ASSERT_TRUE(eventually([&] { return reflector->store().size() == 2; }));
  for (const Object& object : reflector->store().all()) {
    EXPECT_TRUE(object.json().contains("trimmed"));
    EXPECT_EQ(object.kind(), "");
  }
}

TEST_F(ReflectorTest, stops_at_once_whatever_it_is_doing) {
  std::atomic<int> mode{0};
  ScriptedServer server([&](const SeenRequest& request, Peer& peer) {
    if (mode == 0) {
      return peer.refuse(503, "ServiceUnavailable", "down");
    }
    if (!request.is_watch()) {
      return peer.json(pod_list("", "5"));
    }
    peer.start_chunked();
    while (peer.chunk(event_line("ADDED", pod_json("a", "6")))) {
    }
    return false;
  });
  options.backoff_min = options.backoff_max = seconds(30);
  const auto before = std::chrono::steady_clock::now();
  {
    const auto waiting = reflect(client_of(server.url()));
    ASSERT_TRUE(eventually([&] { return waiting->counts().failures == 1; }));
  }
  mode = 1;
  {
    const auto flooded = reflect(client_of(server.url()));
    ASSERT_TRUE(eventually([&] { return flooded->store().size() == 1; }));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(10));
}

TEST_F(ReflectorTest, a_hanging_list_is_ended_by_stopping_the_client) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    peer.hold();
    return false;
  });
  const auto client = client_of(server.url());
  auto reflector = reflect(client);
  ASSERT_TRUE(eventually([&] { return server.requests().size() == 1; }));
  const auto before = std::chrono::steady_clock::now();
  client->stop();
  reflector.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(10));
}

}  // namespace
}  // namespace troupe::kube
