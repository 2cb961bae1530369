#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "platform/tls_certificate.hpp"
#include "tests/platform/http_fixture.hpp"

namespace troupe::platform {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using namespace std::chrono_literals;

template <class Stream>
std::string upgrade(Stream& stream, const std::string& subprotocol) {
  stream.set_option(websocket::stream_base::decorator([subprotocol](websocket::request_type& request) {
    request.set(beast::http::field::sec_websocket_protocol, subprotocol);
  }));
  stream.binary(true);
  websocket::response_type response;
  stream.handshake(response, "t", "/exec");
  return std::string(response[beast::http::field::sec_websocket_protocol]);
}

template <class Stream>
std::string read_message(Stream& stream) {
  beast::flat_buffer buffer;
  boost::system::error_code failed;
  stream.read(buffer, failed);
  return failed ? "failed: " + failed.message() : beast::buffers_to_string(buffer.data());
}

class http_websocket : public HttpFixture {
 protected:
  http_websocket() {
    handler_ = [this](const HttpRequest&, const std::shared_ptr<HttpExchange>& exchange) {
      auto socket = exchange->accept_websocket("v4.channel.k8s.io");
      if (!socket) {
        return exchange->respond({400, {}, "not an upgrade"});
      }
      socket->start(
          [socket](std::string message) { message == "close" ? socket->close() : void(socket->send_binary(message)); },
          [this] { change([this] { ++closed_; }); });
      change([&] { socket_ = socket; });
    };
  }

  net::ip::tcp::socket connected() {
    net::ip::tcp::socket socket(context_);
    socket.connect({net::ip::make_address(at().host), at().port});
    const timeval limit{20, 0};
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return socket;
  }

  net::io_context context_;
  std::weak_ptr<WebSocket> socket_;
  int closed_ = 0;
};

TEST_F(http_websocket, echoes_messages_under_the_subprotocol_agreed_on) {
  start();
  websocket::stream<net::ip::tcp::socket> client(connected());
  EXPECT_EQ(upgrade(client, "v4.channel.k8s.io"), "v4.channel.k8s.io");
  for (const std::string& message :
       {std::string("hello"), std::string(), std::string("a\0b", 3), std::string(300'000, 'x')}) {
    client.write(net::buffer(message));
    EXPECT_EQ(read_message(client), message);
  }
  client.close(websocket::close_code::normal);
  EXPECT_TRUE(eventually([&] { return closed_ == 1; }));
}

TEST_F(http_websocket, works_over_tls) {
  const auto ca = *make_ca("ca", 1h);
  const auto leaf = *issue_certificate(ca, "server", {"127.0.0.1"}, 1h, CertificateUse::server);
  options_.tls = HttpServer::Tls{leaf.certificate_pem, leaf.private_key_pem, ""};
  start();
  net::ssl::context tls(net::ssl::context::tls_client);
  websocket::stream<net::ssl::stream<net::ip::tcp::socket>> client(connected(), tls);
  client.next_layer().handshake(net::ssl::stream_base::client);
  upgrade(client, "v4.channel.k8s.io");
  client.write(net::buffer(std::string("over TLS")));
  EXPECT_EQ(read_message(client), "over TLS");
}

TEST_F(http_websocket, closes_after_what_was_sent_and_lets_go_of_its_callbacks) {
  start();
  websocket::stream<net::ip::tcp::socket> client(connected());
  upgrade(client, "v4.channel.k8s.io");
  for (int i = 0; i < 100; ++i) {
    client.write(net::buffer(std::to_string(i)));
  }
  client.write(net::buffer(std::string("close")));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(read_message(client), std::to_string(i));
  }
  EXPECT_EQ(read_message(client).find("failed: "), 0U);
  EXPECT_TRUE(eventually([&] { return closed_ == 1; }));
  // The message callback owns the socket: it must have been dropped for the socket to go.
  const auto give_up = std::chrono::steady_clock::now() + 20s;
  while (!socket_.expired() && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(socket_.expired());
}

TEST_F(http_websocket, is_told_when_the_client_goes_away_without_a_word) {
  start();
  {
    websocket::stream<net::ip::tcp::socket> client(connected());
    upgrade(client, "v4.channel.k8s.io");
  }
  EXPECT_TRUE(eventually([&] { return closed_ == 1; }));
}

TEST_F(http_websocket, ends_on_a_message_past_the_bound_and_on_garbage_frames) {
  options_.body_bytes_max = 1000;
  options_.idle_timeout = 2s;  // A client that does not answer the close is waited for no longer than this.
  start();
  websocket::stream<net::ip::tcp::socket> big(connected());
  upgrade(big, "v4.channel.k8s.io");
  big.write(net::buffer(std::string(2000, 'x')));
  EXPECT_TRUE(eventually([&] { return closed_ == 1; }));
  websocket::stream<net::ip::tcp::socket> garbage(connected());
  upgrade(garbage, "v4.channel.k8s.io");
  net::write(garbage.next_layer(), net::buffer(std::string(100, '\xff')));
  EXPECT_TRUE(eventually([&] { return closed_ == 2; }));
}

TEST_F(http_websocket, ends_when_a_client_leaves_more_than_the_bound_unread) {
  options_.stream_unread_bytes_max = 1024 * 1024;
  start();
  websocket::stream<net::ip::tcp::socket> client(connected());
  upgrade(client, "v4.channel.k8s.io");
  std::shared_ptr<WebSocket> socket;
  ASSERT_TRUE(eventually([&] { return (socket = socket_.lock()) != nullptr; }));
  std::size_t accepted = 0;
  while (socket->send_binary(std::string(64 * 1024, 'x'))) {
    accepted += 64 * 1024;
    ASSERT_LT(accepted, 64U * 1024 * 1024);
  }
  EXPECT_TRUE(eventually([&] { return closed_ == 1; }));
  EXPECT_FALSE(socket->send_binary("x"));
}

TEST_F(http_websocket, is_not_given_to_a_request_that_asks_for_none) {
  start();
  RawClient client(at());
  client.send(get("/"));
  EXPECT_EQ(client.read_response().status, 400);
}

TEST_F(http_websocket, ends_when_the_server_stops) {
  start();
  websocket::stream<net::ip::tcp::socket> client(connected());
  upgrade(client, "v4.channel.k8s.io");
  server_.reset();
  EXPECT_TRUE(eventually([&] { return closed_ == 1; }));
  EXPECT_EQ(read_message(client).find("failed: "), 0U);
}

TEST_F(http_websocket, goes_with_its_connection_when_it_is_dropped_before_it_was_started) {
  handler_ = [](const HttpRequest&, const std::shared_ptr<HttpExchange>& exchange) {
    (void)exchange->accept_websocket("");
  };
  start();
  websocket::stream<net::ip::tcp::socket> client(connected());
  boost::system::error_code failed;
  client.handshake("t", "/", failed);
  if (!failed) {
    EXPECT_EQ(read_message(client).find("failed: "), 0U);
  }
}

}  // namespace
}  // namespace troupe::platform
