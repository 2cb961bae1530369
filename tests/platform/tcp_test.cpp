#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "platform/event_loop.hpp"
#include "tests/platform/bytes_text.hpp"

namespace troupe::platform {
namespace {

using namespace std::chrono_literals;

/// One loop with a listener; each test drives both ends on the test's own thread.
class tcp : public ::testing::Test {
 protected:
  tcp() {
    watchdog_ = loop_.run_after(20s, [this] {
      ADD_FAILURE() << "the test did not finish in time";
      loop_.stop();
    });
  }

  void listen() {
    auto listener = loop_.listen({"127.0.0.1", 0}, [this](std::unique_ptr<Connection> accepted) {
      server_ = std::move(accepted);
      on_accept_();
    });
    ASSERT_TRUE(listener.ok()) << listener.error().message;
    listener_ = std::move(*listener);
  }

  void connect(std::function<void()> then) {
    loop_.connect(listener_->local(), 5s, [this, then](Result<std::unique_ptr<Connection>> connected) {
      ASSERT_TRUE(connected.ok()) << connected.error().message;
      client_ = std::move(*connected);
      then();
    });
  }

  AsioLoop loop_;
  TimerId watchdog_ = 0;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Connection> server_;
  std::unique_ptr<Connection> client_;
  std::function<void()> on_accept_ = [] {};
};

TEST_F(tcp, carries_bytes_both_ways_and_reports_an_orderly_end_without_an_error) {
  listen();
  on_accept_ = [&] {
    server_->start({[&](ByteView data) { server_->write(Bytes(data.begin(), data.end())); }, nullptr, nullptr});
  };
  std::string echoed;
  connect([&] {
    client_->start({[&](ByteView data) {
                      echoed += text_of(data);
                      if (echoed == "hello") {
                        server_->close();
                      }
                    },
                    [&](std::optional<Error> reason) {
                      EXPECT_FALSE(reason.has_value());
                      loop_.stop();
                    },
                    nullptr});
    client_->write(bytes_of("hello"));
  });
  loop_.run();
  EXPECT_EQ(echoed, "hello");
}

TEST_F(tcp, knows_both_endpoints) {
  listen();
  on_accept_ = [&] {
    EXPECT_EQ(server_->local(), listener_->local());
    loop_.stop();
  };
  connect([&] { EXPECT_EQ(client_->remote(), listener_->local()); });
  loop_.run();
}

TEST_F(tcp, delivers_a_big_write_whole_although_it_is_closed_at_once) {
  listen();
  const std::string big(32 * 1024 * 1024, 'x');
  on_accept_ = [&] {
    server_->start({nullptr, nullptr, nullptr});
    server_->write(bytes_of(big));
    server_->write(bytes_of("end"));
    server_->close();
    server_.reset();
  };
  std::size_t received = 0;
  std::string tail;
  connect([&] {
    client_->start({[&](ByteView data) {
                      received += data.size();
                      tail = (tail + text_of(data.last(std::min<std::size_t>(3, data.size()))));
                      tail = tail.substr(tail.size() - std::min<std::size_t>(3, tail.size()));
                    },
                    [&](std::optional<Error>) { loop_.stop(); }, nullptr});
  });
  loop_.run();
  EXPECT_EQ(received, big.size() + 3);
  EXPECT_EQ(tail, "end");
}

TEST_F(tcp, keeps_the_order_of_many_small_writes) {
  listen();
  constexpr int count = 20'000;
  std::string expected;
  std::string received;
  on_accept_ = [&] {
    server_->start({[&](ByteView data) {
                      received += text_of(data);
                      if (received.size() >= expected.size()) {
                        loop_.stop();
                      }
                    },
                    nullptr, nullptr});
  };
  for (int i = 0; i < count; ++i) {
    expected += std::to_string(i) + ",";
  }
  connect([&] {
    client_->start({nullptr, nullptr, nullptr});
    for (int i = 0; i < count; ++i) {
      client_->write(bytes_of(std::to_string(i) + ","));
    }
  });
  loop_.run();
  EXPECT_EQ(received, expected);
}

TEST_F(tcp, holds_the_sender_back_while_reading_is_paused_and_tells_when_drained) {
  listen();
  constexpr std::size_t total = 32 * 1024 * 1024;
  std::size_t received = 0;
  bool drained = false;
  on_accept_ = [&] {
    server_->start({[&](ByteView data) {
                      received += data.size();
                      if (received == data.size()) {
                        server_->pause_reading();
                      } else if (received == total && drained) {
                        loop_.stop();
                      }
                    },
                    nullptr, nullptr});
  };
  connect([&] {
    client_->start({nullptr, nullptr, [&] {
                      drained = true;
                      EXPECT_EQ(client_->buffered(), 0U);
                      if (received == total) {
                        loop_.stop();
                      }
                    }});
    client_->write(Bytes(total));
    loop_.run_after(100ms, [&] {
      EXPECT_FALSE(drained);
      EXPECT_GT(client_->buffered(), 0U);
      EXPECT_LT(received, total / 4);
      server_->resume_reading();
    });
  });
  loop_.run();
  EXPECT_EQ(received, total);
}

TEST_F(tcp, may_be_destroyed_inside_its_own_callbacks) {
  listen();
  on_accept_ = [&] { server_->start({[&](ByteView) { server_.reset(); }, nullptr, nullptr}); };
  connect([&] {
    client_->start({nullptr,
                    [&](std::optional<Error>) {
                      client_.reset();
                      loop_.stop();
                    },
                    nullptr});
    client_->write(bytes_of("die"));
  });
  loop_.run();
  EXPECT_EQ(server_, nullptr);
  EXPECT_EQ(client_, nullptr);
}

TEST_F(tcp, reports_a_reset_as_an_error) {
  listen();
  on_accept_ = [&] { server_->start({[](ByteView) {}, nullptr, nullptr}); };
  connect([&] {
    client_->start({nullptr,
                    [&](std::optional<Error> reason) {
                      ASSERT_TRUE(reason.has_value());
                      EXPECT_EQ(reason->code, ErrorCode::unavailable);
                      loop_.stop();
                    },
                    nullptr});
    // Dropped with unread input, which makes the kernel send a reset.
    server_->pause_reading();
    client_->write(Bytes(64 * 1024));
    loop_.run_after(50ms, [&] { server_.reset(); });
  });
  loop_.run();
}

TEST_F(tcp, drops_writes_after_the_end) {
  listen();
  on_accept_ = [&] { server_.reset(); };
  connect([&] {
    client_->start({nullptr,
                    [&](std::optional<Error>) {
                      client_->write(bytes_of("too late"));
                      EXPECT_EQ(client_->buffered(), 0U);
                      loop_.stop();
                    },
                    nullptr});
  });
  loop_.run();
}

TEST_F(tcp, answers_a_refused_connect_with_unavailable_and_never_inside_the_call) {
  listen();
  const Endpoint nobody = listener_->local();
  listener_.reset();
  bool returned = false;
  loop_.post([&] {
    loop_.connect(nobody, 5s, [&](Result<std::unique_ptr<Connection>> connected) {
      EXPECT_TRUE(returned);
      ASSERT_FALSE(connected.ok());
      EXPECT_EQ(connected.error().code, ErrorCode::unavailable);
      EXPECT_THAT(connected.error().message, ::testing::HasSubstr(nobody.text()));
      loop_.stop();
    });
    returned = true;
  });
  loop_.run();
}

TEST_F(tcp, gives_up_a_connect_that_nobody_answers) {
  // A listener whose queue is full drops further attempts silently.
  const int silent = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(silent, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  ASSERT_EQ(::listen(silent, 0), 0);
  socklen_t size = sizeof at;
  ASSERT_EQ(::getsockname(silent, reinterpret_cast<sockaddr*>(&at), &size), 0);

  std::vector<std::unique_ptr<Connection>> queued;
  std::function<void()> next = [&] {
    loop_.connect({"127.0.0.1", ntohs(at.sin_port)}, 200ms, [&](Result<std::unique_ptr<Connection>> connected) {
      if (connected.ok()) {
        queued.push_back(std::move(*connected));
        return next();
      }
      EXPECT_EQ(connected.error().code, ErrorCode::timeout);
      loop_.stop();
    });
  };
  next();
  loop_.run();
  ::close(silent);
}

TEST_F(tcp, connects_from_the_address_asked_for) {
  listen();
  on_accept_ = [&] {
    EXPECT_EQ(server_->remote().host, "127.0.0.2");
    loop_.stop();
  };
  loop_.connect(
      listener_->local(), 5s,
      [&](Result<std::unique_ptr<Connection>> connected) {
        ASSERT_TRUE(connected.ok()) << connected.error().message;
        client_ = std::move(*connected);
        EXPECT_EQ(client_->local().host, "127.0.0.2");
      },
      "127.0.0.2");
  loop_.run();
}

TEST_F(tcp, refuses_addresses_that_are_none_and_local_addresses_that_are_not_ours) {
  listen();
  int answers = 0;
  const auto expect_invalid = [&](Result<std::unique_ptr<Connection>> connected) {
    ASSERT_FALSE(connected.ok());
    EXPECT_EQ(connected.error().code, ErrorCode::invalid_argument) << connected.error().message;
    if (++answers == 3) {
      loop_.stop();
    }
  };
  loop_.connect({"localhost", 1}, 5s, expect_invalid);
  loop_.connect(listener_->local(), 5s, expect_invalid, "nowhere");
  loop_.connect(listener_->local(), 5s, expect_invalid, "192.0.2.1");
  loop_.run();
  EXPECT_EQ(answers, 3);
}

TEST_F(tcp, says_that_a_port_is_taken_and_listens_again_once_it_is_free) {
  listen();
  const Endpoint at = listener_->local();
  const auto taken = loop_.listen(at, [](std::unique_ptr<Connection>) {});
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().code, ErrorCode::already_exists);
  on_accept_ = [&] {
    server_->start({nullptr, nullptr, nullptr});
    server_->close();  // Our side closes first, so the port is left in TIME_WAIT.
  };
  connect([&] { client_->start({nullptr, [&](std::optional<Error>) { loop_.stop(); }, nullptr}); });
  loop_.run();
  listener_.reset();
  EXPECT_TRUE(loop_.listen(at, [](std::unique_ptr<Connection>) {}).ok());
  EXPECT_FALSE(loop_.listen({"example.org", 0}, [](std::unique_ptr<Connection>) {}).ok());
}

TEST_F(tcp, accepts_no_more_once_the_listener_is_destroyed_inside_its_handler) {
  listen();
  on_accept_ = [&] {
    listener_.reset();
    loop_.post([&] { loop_.stop(); });
  };
  connect([] {});
  loop_.run();
  EXPECT_EQ(listener_, nullptr);
}

}  // namespace
}  // namespace troupe::platform
