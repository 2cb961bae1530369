#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "kube/cpprest_transport.hpp"
#include "tests/kube/client_fixture.hpp"
#include "tests/kube/eventually.hpp"
#include "tests/kube/scripted_server.hpp"

namespace troupe::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::unique_ptr<Transport> transport_to(const std::string& url, std::size_t response_bytes_max = 64U << 20U) {
  Config config;
  config.server = url;
  auto transport = make_cpprest_transport(config, response_bytes_max);
  EXPECT_TRUE(transport.ok()) << (transport.ok() ? "" : transport.error().message);
  return transport.ok() ? std::move(transport).value() : nullptr;
}

TransportRequest get(const std::string& path, milliseconds timeout = seconds(10)) {
  return {"GET", path, {}, {}, {}, timeout};
}

TransportRequest post(const std::string& path, const std::string& body) {
  return {"POST", path, {}, body, "application/json", seconds(10)};
}

/// Collects a stream's pieces on whatever thread they come.
struct Stream {
  std::mutex mutex;
  std::string bytes;
  int status = 0;
  bool ended = false;
  std::optional<Error> error;
  bool hold_back = false;
  std::function<void()> held;

  StreamHandler handler() {
    StreamHandler out;
    out.on_head = [this](int code, const TransportHeaders&) {
      const std::lock_guard lock(mutex);
      status = code;
    };
    out.on_data = [this](std::string_view piece, std::function<void()> consumed) {
      const std::lock_guard lock(mutex);
      bytes.append(piece);
      if (hold_back) {
        held = std::move(consumed);
      } else {
        consumed();
      }
    };
    out.on_end = [this](std::optional<Error> why) {
      const std::lock_guard lock(mutex);
      ended = true;
      error = std::move(why);
    };
    return out;
  }
  bool has_ended() {
    const std::lock_guard lock(mutex);
    return ended;
  }
  std::string text() {
    const std::lock_guard lock(mutex);
    return bytes;
  }
};

long resident_mib() {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("VmRSS:", 0) == 0) {
      return std::stol(line.substr(6)) / 1024;
    }
  }
  return 0;
}

TEST(CpprestTransport, sends_a_body_and_collects_the_answer) {
  ScriptedServer server([](const SeenRequest& request, Peer& peer) {
    return peer.respond(201, request.method + " " + request.target + " " + request.body, {{"X-Who", "me"}});
  });
  const auto transport = transport_to(server.url() + "/base");
  const auto answer = transport->send(post("/api?x=%2F1", "hello"));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "POST /base/api?x=%2F1 hello");
  EXPECT_EQ(answer->header("x-who"), "me");
  EXPECT_EQ(server.requests()[0].headers.at("content-length"), "5");
  EXPECT_EQ(server.requests()[0].headers.at("content-type"), "application/json");
}

TEST(CpprestTransport, reuses_its_connection) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) { return peer.json("{}"); });
  const auto transport = transport_to(server.url());
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(transport->send(get("/")).ok());
  }
  EXPECT_LE(server.requests().back().connection, 3);
}

TEST(CpprestTransport, never_sends_a_write_twice_when_the_pooled_connection_dies_under_it) {
  // The second request of each connection is read and then answered by closing: was it carried out? Nobody knows.
  std::mutex mutex;
  std::map<int, int> seen;
  ScriptedServer server([&](const SeenRequest& request, Peer& peer) {
    const std::lock_guard lock(mutex);
    return ++seen[request.connection] == 1 && peer.json("{}");
  });
  const auto transport = transport_to(server.url());
  ASSERT_TRUE(transport->send(post("/", "first")).ok());
  ASSERT_TRUE(eventually([&] {
    const auto answer = transport->send(post("/", "again"));
    return !answer.ok() && answer.error().code == ErrorCode::unavailable;
  }));
  const auto requests = server.requests();
  const auto last = requests.back();
  EXPECT_EQ(last.body, "again");
  // Each send was seen once: the failed one is the last request of all, not followed by a copy on a new connection.
  EXPECT_EQ(seen[last.connection], 2);
}

TEST(CpprestTransport, finds_out_before_writing_that_a_pooled_connection_was_closed) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) { return peer.json("{}"); });
  const auto transport = transport_to(server.url());
  ASSERT_TRUE(transport->send(post("/", "first")).ok());
  for (int i = 0; i < 5; ++i) {
    server.drop_connections();
    const auto answer = transport->send(post("/", "next"));
    ASSERT_TRUE(answer.ok()) << answer.error().message;
  }
  EXPECT_EQ(server.requests().size(), 6U);
}

TEST(CpprestTransport, says_that_a_refused_request_was_not_sent) {
  std::string url;
  {
    ScriptedServer server([](const SeenRequest&, Peer&) { return false; });
    url = server.url();
  }
  const auto answer = transport_to(url)->send(get("/"));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
  EXPECT_THAT(answer.error().message, testing::HasSubstr("connection refused; the request was not sent"));
}

TEST(CpprestTransport, survives_failures_that_nobody_waits_for) {
  // A failed task that is never looked at ends the process in cpprestsdk.
  std::string url;
  {
    ScriptedServer server([](const SeenRequest&, Peer&) { return false; });
    url = server.url();
  }
  const auto transport = transport_to(url);
  for (int i = 0; i < 50; ++i) {
    Stream stream;
    const auto running = transport->stream(get("/"), stream.handler());
  }
  EXPECT_FALSE(transport->send(get("/")).ok());
}

TEST(CpprestTransport, ends_a_request_at_its_deadline_though_bytes_keep_coming) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    peer.start_chunked();
    while (peer.chunk("drip")) {
      std::this_thread::sleep_for(milliseconds(20));
    }
    return false;
  });
  const auto before = std::chrono::steady_clock::now();
  const auto answer = transport_to(server.url())->send(get("/", milliseconds(300)));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(5));
}

TEST(CpprestTransport, refuses_an_answer_that_is_too_large) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    peer.start_chunked();
    while (peer.chunk(std::string(10'000, 'x'))) {
    }
    return false;
  });
  const auto answer = transport_to(server.url(), 100'000)->send(get("/"));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::limit_exceeded);
}

TEST(CpprestTransport, does_not_follow_redirects) {
  ScriptedServer server([](const SeenRequest& request, Peer& peer) {
    return request.target == "/" ? peer.respond(302, "", {{"Location", "/elsewhere"}}) : peer.json("{}");
  });
  const auto answer = transport_to(server.url())->send(get("/"));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(CpprestTransport, a_stream_gives_each_chunk_at_once) {
  std::atomic<int> sent{0};
  ScriptedServer server([&](const SeenRequest&, Peer& peer) {
    peer.start_chunked();
    peer.chunk("one\n");
    sent = 1;
    peer.hold();
    return false;
  });
  const auto transport = transport_to(server.url());
  Stream stream;
  const auto running = transport->stream(get("/", seconds(30)), stream.handler());
  EXPECT_TRUE(eventually([&] { return stream.text() == "one\n"; }));
  EXPECT_FALSE(stream.has_ended());
}

TEST(CpprestTransport, reports_an_answer_that_breaks_off_inside_a_chunk) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    peer.start_chunked();
    peer.chunk("whole\n");
    peer.raw("40\r\nhalf of it");
    return false;
  });
  const auto transport = transport_to(server.url());
  Stream stream;
  const auto running = transport->stream(get("/"), stream.handler());
  ASSERT_TRUE(eventually([&] { return stream.has_ended(); }));
  EXPECT_EQ(stream.text(), "whole\n");
  ASSERT_TRUE(stream.error.has_value());
  EXPECT_EQ(stream.error->code, ErrorCode::unavailable);
}

TEST(CpprestTransport, gives_a_silent_stream_up) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    peer.start_chunked();
    peer.chunk("one\n");
    peer.hold();
    return false;
  });
  const auto transport = transport_to(server.url());
  Stream stream;
  const auto running = transport->stream(get("/", milliseconds(300)), stream.handler());
  ASSERT_TRUE(eventually([&] { return stream.has_ended(); }));
  ASSERT_TRUE(stream.error.has_value());
  EXPECT_EQ(stream.error->code, ErrorCode::timeout);
}

TEST(CpprestTransport, holds_the_server_up_while_the_reader_is_slow_and_stays_small) {
  std::atomic<std::size_t> sent{0};
  ScriptedServer server([&](const SeenRequest&, Peer& peer) {
    peer.start_chunked();
    const std::string piece(64 * 1024, 'x');
    while (peer.chunk(piece)) {
      sent += piece.size();
    }
    return false;
  });
  const auto transport = transport_to(server.url());
  Stream stream;
  stream.hold_back = true;
  const long before = resident_mib();
  const auto running = transport->stream(get("/", seconds(30)), stream.handler());
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(stream.mutex);
    return stream.held != nullptr;
  }));
  // The server gets no further than the socket buffers: wait until it stands still.
  std::size_t last = 1;
  ASSERT_TRUE(eventually([&] {
    const std::size_t now = sent;
    const bool still = now == last;
    last = now;
    std::this_thread::sleep_for(milliseconds(100));
    return still;
  }));
  EXPECT_LT(sent, 32U << 20U);
  EXPECT_LT(resident_mib() - before, 64);
  EXPECT_LE(stream.text().size(), 64U * 1024);
}

TEST(CpprestTransport, no_handler_runs_after_a_stream_is_destroyed) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    peer.start_chunked();
    while (peer.chunk("x\n")) {
    }
    return false;
  });
  const auto transport = transport_to(server.url());
  for (int i = 0; i < 20; ++i) {
    auto alive = std::make_unique<std::atomic<int>>(0);
    StreamHandler handler;
    handler.on_head = [](int, const TransportHeaders&) {};
    handler.on_data = [counter = alive.get()](std::string_view, const std::function<void()>& consumed) {
      ++*counter;
      consumed();
    };
    handler.on_end = [counter = alive.get()](std::optional<Error>) { ++*counter; };
    auto running = transport->stream(get("/"), handler);
    ASSERT_TRUE(eventually([&] { return *alive > i; }));
    running.reset();
    const int count = *alive;
    std::this_thread::yield();
    EXPECT_EQ(*alive, count);
  }
}

TEST(CpprestTransport, stop_ends_what_runs_and_refuses_what_comes) {
  ScriptedServer server([](const SeenRequest&, Peer& peer) {
    peer.hold();
    return false;
  });
  const auto transport = transport_to(server.url());
  std::optional<Error> error;
  std::thread asker([&] {
    const auto answer = transport->send(get("/", seconds(60)));
    error = answer.error();
  });
  ASSERT_TRUE(eventually([&] { return !server.requests().empty(); }));
  transport->stop();
  asker.join();
  EXPECT_EQ(error->code, ErrorCode::unavailable);
  EXPECT_FALSE(transport->send(get("/")).ok());
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(CpprestTransport, sends_plain_http_through_a_proxy_with_its_credentials) {
  ScriptedServer proxy([](const SeenRequest& request, Peer& peer) { return peer.respond(200, request.target); });
  Config config;
  config.server = "http://api.example:8080";
  config.proxy_url = "http://user:pa%20ss@127.0.0.1:" + std::to_string(proxy.port());
  auto transport = make_cpprest_transport(config);
  ASSERT_TRUE(transport.ok());
  const auto answer = (*transport)->send(get("/version"));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->body, "http://api.example:8080/version");
  EXPECT_EQ(proxy.requests()[0].headers.at("proxy-authorization"), "Basic dXNlcjpwYSBzcw==");
}

TEST(CpprestTransport, asks_a_proxy_to_connect_for_https) {
  ScriptedServer proxy([](const SeenRequest&, Peer& peer) { return peer.respond(403, ""); });
  Config config;
  config.server = "https://api.example:6443";
  config.proxy_url = "http://127.0.0.1:" + std::to_string(proxy.port());
  auto transport = make_cpprest_transport(config);
  ASSERT_TRUE(transport.ok());
  const auto answer = (*transport)->send(get("/version"));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(proxy.requests()[0].method, "CONNECT");
  EXPECT_EQ(proxy.requests()[0].target, "api.example:6443");
}

TEST(CpprestTransport, refuses_configs_that_cannot_work) {
  const auto error_of = [](Config config) {
    const auto made = make_cpprest_transport(config);
    return made.ok() ? std::string() : made.error().message;
  };
  Config config;
  config.server = "https://[::1]:6443";
  EXPECT_THAT(error_of(config), testing::HasSubstr("IPv6"));
  config.server = "ftp://x";
  EXPECT_THAT(error_of(config), testing::HasSubstr("server: URL 'ftp://x'"));
  config.server = "https://api.example";
  config.proxy_url = "https://proxy.example";
  EXPECT_THAT(error_of(config), testing::HasSubstr("proxy-url: only http://"));
  config.proxy_url.clear();
  config.ca_pem = "not PEM";
  EXPECT_THAT(error_of(config), testing::HasSubstr("certificate-authority: not readable as PEM"));
  config.ca_pem.clear();
  config.client_certificate_pem = "not PEM";
  EXPECT_THAT(error_of(config), testing::HasSubstr("client-certificate: not readable as PEM"));
}

}  // namespace
}  // namespace troupe::kube
