#include "platform/http_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/platform/http_fixture.hpp"

namespace troupe::platform {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

class http_server : public HttpFixture {};

TEST_F(http_server, answers_requests_on_one_connection_after_another) {
  start();
  RawClient client(at());
  client.send(get("/a?b=%20c"));
  const auto first = client.read_response();
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.body, "GET /a?b=%20c ");
  EXPECT_TRUE(first.has("Content-Type: text/plain"));
  EXPECT_TRUE(first.has("Connection: keep-alive"));
  EXPECT_THAT(first.head, HasSubstr("\r\nDate: "));
  client.send("POST /b HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nbody");
  EXPECT_EQ(client.read_response().body, "POST /b body");
}

TEST_F(http_server, reads_a_chunked_body) {
  start();
  RawClient client(at());
  client.send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  client.send("2\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(client.read_response().body, "POST / abcde");
}

TEST_F(http_server, answers_pipelined_requests_in_order) {
  start();
  RawClient client(at());
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += get("/" + std::to_string(i));
  }
  client.send(all);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(client.read_response().body, "GET /" + std::to_string(i) + " ");
  }
}

TEST_F(http_server, reads_a_request_that_comes_byte_by_byte) {
  start();
  RawClient client(at());
  for (const char c : std::string("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nok")) {
    client.send(std::string_view(&c, 1));
  }
  EXPECT_EQ(client.read_response().body, "POST / ok");
}

TEST_F(http_server, answers_head_with_the_length_and_no_body) {
  start();
  RawClient client(at());
  client.send("HEAD /x HTTP/1.1\r\nHost: t\r\n\r\n");
  const auto response = client.read_response(true);
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.has("Content-Length: 8"));
  client.send(get("/next"));
  EXPECT_EQ(client.read_response().body, "GET /next ");
}

TEST_F(http_server, sends_no_body_with_a_status_that_has_none) {
  handler_ = [](const HttpRequest&, const std::shared_ptr<HttpExchange>& exchange) {
    exchange->respond({204, {}, "must not be sent"});
  };
  start();
  RawClient client(at());
  client.send(get("/") + get("/"));
  const auto response = client.read_response();
  EXPECT_EQ(response.status, 204);
  EXPECT_THAT(response.head, ::testing::Not(HasSubstr("Content-Length")));
  EXPECT_EQ(client.read_response().status, 204);
}

TEST_F(http_server, closes_after_the_answer_when_asked_to_and_for_http_1_0) {
  start();
  RawClient asked(at());
  asked.send("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(asked.read_response().has("Connection: close"));
  EXPECT_TRUE(asked.ends());
  RawClient old(at());
  old.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.read_response().body, "GET / ");
  EXPECT_TRUE(old.ends());
}

TEST_F(http_server, says_continue_to_a_client_that_waits_for_it) {
  start();
  RawClient client(at());
  client.send("PUT / HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_EQ(client.read_response().body, "PUT / ok");
}

TEST_F(http_server, answers_a_client_that_has_ended_its_own_side) {
  start();
  RawClient client(at());
  client.send(get("/half"));
  client.end_output();
  EXPECT_EQ(client.read_response().body, "GET /half ");
  EXPECT_TRUE(client.ends());
}

TEST_F(http_server, finds_headers_whatever_their_case) {
  handler_ = [](const HttpRequest& request, const std::shared_ptr<HttpExchange>& exchange) {
    exchange->respond({200, {}, std::string(request.header("x-one")) + "|" + std::string(request.header("absent"))});
  };
  start();
  RawClient client(at());
  client.send("GET / HTTP/1.1\r\nHost: t\r\nX-ONE: 1\r\n\r\n");
  EXPECT_EQ(client.read_response().body, "1|");
}

TEST_F(http_server, cannot_be_made_to_send_a_header_of_the_callers_making) {
  handler_ = [](const HttpRequest&, const std::shared_ptr<HttpExchange>& exchange) {
    exchange->respond({200, {{"X-Echo", "a\r\nX-Evil: 1"}, {"Content-Length", "999"}}, "ok"});
  };
  start();
  RawClient client(at());
  client.send(get("/"));
  const auto response = client.read_response();
  EXPECT_FALSE(response.has("X-Evil: 1"));
  EXPECT_TRUE(response.has("Content-Length: 2"));
}

TEST_F(http_server, may_be_answered_later_from_another_thread) {
  std::thread answering;
  handler_ = [&](const HttpRequest&, std::shared_ptr<HttpExchange> exchange) {
    answering = std::thread([exchange = std::move(exchange)] { exchange->respond({200, {}, "later"}); });
  };
  start();
  RawClient client(at());
  client.send(get("/"));
  EXPECT_EQ(client.read_response().body, "later");
  answering.join();
}

TEST_F(http_server, answers_500_when_a_handler_drops_the_exchange_or_throws) {
  handler_ = [](const HttpRequest& request, const std::shared_ptr<HttpExchange>&) {
    if (request.target == "/throw") {
      throw std::runtime_error("a handler's bug");
    }
  };
  start();
  RawClient client(at());
  client.send(get("/drop") + get("/throw"));
  EXPECT_EQ(client.read_response().status, 500);
  EXPECT_EQ(client.read_response().status, 500);
}

TEST_F(http_server, sends_a_big_body_whole) {
  const std::string big(20 * 1024 * 1024, 'b');
  handler_ = [&](const HttpRequest&, const std::shared_ptr<HttpExchange>& exchange) {
    exchange->respond({200, {}, big});
  };
  start();
  RawClient client(at());
  client.send(get("/"));
  EXPECT_EQ(client.read_response().body, big);
}

TEST_F(http_server, answers_garbage_with_400_and_closes) {
  start();
  for (const std::string& garbage :
       {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), std::string(1000, '\0'),
        std::string("GET\r\n\r\n"), std::string("GET / HTTP/9.9\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"), std::string("GET / HTTP/1.1\r\nno colon\r\n\r\n"),
        std::string("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")}) {
    RawClient client(at());
    client.send(garbage);
    EXPECT_EQ(client.read_response().status, 400) << garbage;
    EXPECT_TRUE(client.ends());
  }
}

TEST_F(http_server, answers_oversize_headers_with_431_and_bodies_with_413) {
  options_.header_bytes_max = 1024;
  options_.body_bytes_max = 1024;
  start();
  RawClient headers(at());
  headers.send("GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
  EXPECT_EQ(headers.read_response().status, 431);
  RawClient body(at());
  body.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 3000000\r\n\r\n" + std::string(3'000'000, 'x'));
  EXPECT_EQ(body.read_response().status, 413);
  RawClient chunked(at());
  chunked.send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n" + std::string(2048, 'x') +
               "\r\n");
  EXPECT_EQ(chunked.read_response().status, 413);
}

TEST_F(http_server, closes_idle_connections_and_answers_half_sent_requests_with_408) {
  options_.idle_timeout = 1s;
  start();
  RawClient silent(at());
  RawClient half_header(at());
  half_header.send("GET / HTTP/1.1\r\nHos");
  RawClient half_body(at());
  half_body.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nab");
  EXPECT_EQ(half_header.read_response().status, 408);
  EXPECT_EQ(half_body.read_response().status, 408);
  EXPECT_TRUE(silent.ends());
  RawClient kept(at());
  kept.send(get("/"));
  EXPECT_EQ(kept.read_response().status, 200);
  EXPECT_TRUE(kept.ends());
}

TEST_F(http_server, does_not_wait_for_ever_for_headers_that_trickle_in) {
  options_.idle_timeout = 1s;
  start();
  RawClient client(at());
  client.send("GET / HTTP/1.1\r\n");
  const auto began = std::chrono::steady_clock::now();
  // Fails once the server has closed its side and reset.
  while (client.send("X: y\r\n") && std::chrono::steady_clock::now() - began < 15s) {
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, 10s);
}

TEST_F(http_server, serves_one_client_while_200_others_are_idle) {
  start();
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 200; ++i) {
    idle.push_back(std::make_unique<RawClient>(at()));
    idle.back()->send("GET / HT");
  }
  RawClient client(at());
  for (int i = 0; i < 20; ++i) {
    client.send(get("/"));
    EXPECT_EQ(client.read_response().status, 200);
  }
}

TEST_F(http_server, closes_connections_past_the_bound_and_takes_new_ones_once_others_have_gone) {
  options_.connections_max = 2;
  start();
  auto one = std::make_unique<RawClient>(at());
  RawClient two(at());
  one->send(get("/"));
  two.send(get("/"));
  EXPECT_EQ(one->read_response().status, 200);
  EXPECT_EQ(two.read_response().status, 200);
  RawClient three(at());
  EXPECT_TRUE(three.ends());
  one.reset();
  int status = 0;
  for (int i = 0; i < 1000 && status != 200; ++i) {  // Until the server has noticed.
    RawClient again(at());
    again.send(get("/"));
    status = again.read_response().status;
  }
  EXPECT_EQ(status, 200);
}

TEST_F(http_server, starts_again_on_the_same_port_at_once) {
  start();
  options_.at = at();
  for (int i = 0; i < 3; ++i) {
    RawClient client(at());
    client.send(get("/"));
    EXPECT_EQ(client.read_response().status, 200);
    server_.reset();
    start();
  }
}

TEST_F(http_server, says_why_it_cannot_start) {
  start();
  HttpServer::Options taken = options_;
  taken.at = at();
  EXPECT_EQ(HttpServer::start(taken, handler_).error().code, ErrorCode::already_exists);
  taken.at = {"not-an-address", 0};
  EXPECT_EQ(HttpServer::start(taken, handler_).error().code, ErrorCode::invalid_argument);
}

TEST_F(http_server, does_nothing_with_an_answer_that_comes_after_its_end) {
  std::shared_ptr<HttpExchange> kept;
  handler_ = [&](const HttpRequest&, std::shared_ptr<HttpExchange> exchange) {
    change([&] { kept = std::move(exchange); });
  };
  start();
  RawClient client(at());
  client.send(get("/"));
  ASSERT_TRUE(eventually([&] { return kept != nullptr; }));
  server_.reset();
  kept->respond({200, {}, "too late"});
  kept.reset();
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(http_server, serves_many_clients_at_once) {
  start();
  std::vector<std::thread> clients;
  std::atomic<int> served{0};
  for (int c = 0; c < 8; ++c) {
    clients.emplace_back([&] {
      RawClient client(at());
      for (int i = 0; i < 200; ++i) {
        client.send(get("/"));
        served += client.read_response().status == 200 ? 1 : 0;
      }
    });
  }
  for (std::thread& client : clients) {
    client.join();
  }
  EXPECT_EQ(served, 8 * 200);
}

}  // namespace
}  // namespace troupe::platform
