#include <gtest/gtest.h>

#include <thread>

#include "tests/platform/http_fixture.hpp"

namespace troupe::platform {
namespace {

using namespace std::chrono_literals;

class http_stream : public HttpFixture {
 protected:
  http_stream() {
    handler_ = [this](const HttpRequest&, const std::shared_ptr<HttpExchange>& exchange) {
      auto stream = exchange->stream(200, {{"Content-Type", "application/json"}});
      stream->on_closed([this] { change([this] { ++closed_; }); });
      change([&] { streams_.push_back(std::move(stream)); });
    };
  }

  /// The stream of the next request.
  std::shared_ptr<HttpStream> opened() {
    std::shared_ptr<HttpStream> stream;
    EXPECT_TRUE(eventually([&] {
      if (!streams_.empty()) {
        stream = std::move(streams_.front());
        streams_.erase(streams_.begin());
      }
      return stream != nullptr;
    }));
    return stream;
  }

  std::vector<std::shared_ptr<HttpStream>> streams_;
  int closed_ = 0;
};

TEST_F(http_stream, delivers_each_chunk_at_once_and_keeps_the_connection_for_the_next_request) {
  start();
  RawClient client(at());
  for (int round = 0; round < 3; ++round) {
    client.send(get("/watch"));
    const auto stream = opened();
    EXPECT_NE(client.read_until("\r\n\r\n").find("Transfer-Encoding: chunked"), std::string::npos);
    EXPECT_TRUE(stream->write("one\n"));
    EXPECT_EQ(client.read_until("one\n\r\n"), "4\r\none\n\r\n");
    EXPECT_TRUE(stream->write("two\n"));
    EXPECT_EQ(client.read_until("two\n\r\n"), "4\r\ntwo\n\r\n");
    stream->close();
    EXPECT_EQ(client.read_exactly(5), "0\r\n\r\n");
    EXPECT_FALSE(stream->write("after the end"));
    EXPECT_TRUE(eventually([&] { return closed_ == round + 1; }));
  }
}

TEST_F(http_stream, answers_a_request_that_was_sent_ahead_after_its_end) {
  start();
  RawClient client(at());
  client.send(get("/one") + get("/two"));
  auto stream = opened();
  stream->write("1");
  stream->close();
  EXPECT_EQ(client.read_response().body, "1");
  stream = opened();
  stream->write("2");
  stream->close();
  EXPECT_EQ(client.read_response().body, "2");
}

TEST_F(http_stream, lives_on_between_chunks_though_a_request_sent_ahead_keeps_it_from_reading) {
  options_.threads = 1;
  start();
  RawClient client(at());
  client.send(get("/one") + get("/two"));
  const auto stream = opened();
  EXPECT_NE(client.read_until("\r\n\r\n"), "");
  // Whatever the only thread had left to do for the first client is done once it has served a second.
  RawClient other(at());
  other.send(get("/other"));
  opened()->close();
  EXPECT_EQ(other.read_response().status, 200);
  EXPECT_TRUE(stream->write("still here"));
  EXPECT_EQ(client.read_until("here\r\n"), "a\r\nstill here\r\n");
}

TEST_F(http_stream, does_not_take_an_empty_chunk_for_the_end) {
  start();
  RawClient client(at());
  client.send(get("/"));
  const auto stream = opened();
  EXPECT_TRUE(stream->write(""));
  EXPECT_TRUE(stream->write("x"));
  stream->close();
  EXPECT_EQ(client.read_response().body, "x");
}

TEST_F(http_stream, is_delimited_by_the_end_of_the_connection_for_http_1_0) {
  start();
  RawClient client(at());
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const auto stream = opened();
  stream->write("a");
  stream->write("b");
  stream->close();
  EXPECT_TRUE(client.read_until("\r\n\r\n").ends_with("Connection: close\r\n\r\n"));
  EXPECT_EQ(client.read_to_end(), "ab");
}

TEST_F(http_stream, has_only_a_head_for_head) {
  start();
  RawClient client(at());
  client.send("HEAD / HTTP/1.1\r\nHost: t\r\n\r\n");
  const auto stream = opened();
  EXPECT_TRUE(eventually([&] { return closed_ == 1; }));
  EXPECT_FALSE(stream->write("nobody reads this"));
  EXPECT_EQ(client.read_response(true).status, 200);
  client.send(get("/"));
  const auto next = opened();
  next->close();
  EXPECT_EQ(client.read_response().status, 200);
}

TEST_F(http_stream, tells_when_the_client_goes_away_though_nothing_is_written) {
  start();
  auto client = std::make_unique<RawClient>(at());
  client->send(get("/"));
  const auto stream = opened();
  client->read_until("\r\n\r\n");
  client.reset();
  EXPECT_TRUE(eventually([&] { return closed_ == 1; }));
  EXPECT_FALSE(stream->write("x"));
  bool told = false;
  stream->on_closed([&] { told = true; });
  EXPECT_TRUE(told);
}

TEST_F(http_stream, ends_when_a_slow_reader_passes_the_bound_and_nobody_else_notices) {
  options_.stream_unread_bytes_max = 1024 * 1024;
  start();
  RawClient slow(at(), 4096);
  slow.send(get("/slow"));
  const auto stream = opened();
  RawClient other(at());
  other.send(get("/other"));
  const auto other_stream = opened();
  std::size_t accepted = 0;
  while (stream->write(std::string(64 * 1024, 'x'))) {
    accepted += 64 * 1024;
    ASSERT_LT(accepted, 64U * 1024 * 1024);
  }
  EXPECT_GE(accepted, 960U * 1024);
  EXPECT_TRUE(eventually([&] { return closed_ == 1; }));
  other_stream->write("fine");
  other_stream->close();
  EXPECT_EQ(other.read_response().body, "fine");
}

TEST_F(http_stream, carries_far_more_than_the_bound_to_a_reader_that_keeps_up) {
  options_.stream_unread_bytes_max = 1024 * 1024;
  start();
  RawClient client(at());
  client.send(get("/"));
  const auto stream = opened();
  client.read_until("\r\n\r\n");
  const std::string chunk(256 * 1024, 'x');
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(stream->write(chunk));
    ASSERT_EQ(client.read_exactly(chunk.size() + 9), "40000\r\n" + chunk + "\r\n");
  }
}

TEST_F(http_stream, breaks_the_connection_off_when_it_is_dropped_unclosed) {
  start();
  RawClient client(at());
  client.send(get("/"));
  opened()->write("half");
  const std::string all = client.read_to_end();
  EXPECT_EQ(all.find("0\r\n\r\n"), std::string::npos);
  EXPECT_TRUE(eventually([&] { return closed_ == 1; }));
}

TEST_F(http_stream, ends_when_the_server_stops) {
  start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<RawClient>(at()));
    clients.back()->send(get("/"));
  }
  ASSERT_TRUE(eventually([&] { return streams_.size() == 20; }));
  server_.reset();
  EXPECT_TRUE(eventually([&] { return closed_ == 20; }));
  EXPECT_FALSE(streams_.front()->write("x"));
  streams_.front()->close();
  EXPECT_TRUE(clients.front()->ends());
}

TEST_F(http_stream, takes_chunks_from_many_threads_and_tears_none) {
  start();
  RawClient client(at());
  client.send(get("/"));
  const auto stream = opened();
  std::vector<std::thread> writers;
  for (int w = 0; w < 4; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < 200; ++i) {
        EXPECT_TRUE(stream->write(std::string(100, static_cast<char>('a' + w)) + "\n"));
      }
    });
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  stream->close();
  const std::string body = client.read_response().body;
  ASSERT_EQ(body.size(), 4U * 200 * 101);
  for (std::size_t line = 0; line < body.size(); line += 101) {
    EXPECT_EQ(body.substr(line, 101), std::string(100, body[line]) + "\n");
  }
}

}  // namespace
}  // namespace troupe::platform
