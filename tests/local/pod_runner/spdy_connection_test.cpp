#include "local/pod_runner/spdy_connection.hpp"

#include <gtest/gtest.h>

#include "tests/local/pod_runner/spdy_bytes.hpp"

namespace troupe::local {
namespace {

using namespace std::string_literals;

class spdy_connection : public ::testing::Test {
 protected:
  std::vector<std::string> receive(const std::string& bytes) {
    const auto events = connection_.receive(bytes);
    if (!events) {
      return {"broken: " + events.error().message};
    }
    std::vector<std::string> seen;
    for (const SpdyEvent& event : *events) {
      if (const auto* opened = std::get_if<SpdyStreamOpened>(&event)) {
        seen.push_back("opened " + std::to_string(opened->stream));
      } else if (const auto* data = std::get_if<SpdyStreamData>(&event)) {
        seen.push_back("data " + std::to_string(data->stream) + ' ' + data->bytes);
      } else {
        seen.push_back("ended " + std::to_string(std::get<SpdyStreamEnded>(event).stream));
      }
    }
    return seen;
  }
  std::string opened(std::uint32_t stream, std::uint32_t flags = 0) { return opens(encoder_, stream, "stdin", flags); }
  void expect_broken(const std::string& bytes, const std::string& why) {
    const auto seen = receive(bytes);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_NE(seen[0].find(why), std::string::npos) << seen[0];
    const std::string output = connection_.take_output();
    ASSERT_GE(output.size(), 16U);
    EXPECT_EQ(output.substr(output.size() - 16, 8), "\x80\3\0\7\0\0\0\x08"s);
    EXPECT_EQ(output.substr(output.size() - 4), "\0\0\0\1"s);
  }

  SpdyConnection connection_;
  SpdyHeaderEncoder encoder_;
};

TEST_F(spdy_connection, tells_of_streams_and_answers_them) {
  EXPECT_EQ(receive(kubectl::opens_error + kubectl::opens_stdin), (std::vector<std::string>{"opened 1", "opened 3"}));
  EXPECT_EQ(connection_.take_output(), "");
  connection_.accept(1);
  EXPECT_EQ(connection_.take_output().substr(0, 12), "\x80\3\0\2\0\0\0\x14\0\0\0\1"s);
  connection_.accept(3);
  // No headers, in what goes on from the block before.
  EXPECT_EQ(connection_.take_output(), "\x80\3\0\2\0\0\0\x0c\0\0\0\3\2\1\0\0\0\0\xff\xff"s);
  EXPECT_EQ(receive(kubectl::sends_abc + kubectl::ends_stdin), (std::vector<std::string>{"data 3 abc", "ended 3"}));
  connection_.send(1, "x");
  EXPECT_EQ(connection_.take_output(), "\0\0\0\1\0\0\0\1x"s);
  connection_.send(1, "");
  EXPECT_EQ(connection_.take_output(), "");
}

TEST_F(spdy_connection, sends_nothing_on_a_stream_that_is_finished_reset_or_never_was) {
  receive(in_order({opened(1), opened(3)}));
  connection_.finish(1, "last");
  EXPECT_EQ(connection_.take_output(), "\0\0\0\1\1\0\0\4last"s);
  connection_.send(1, "x");
  connection_.finish(1, "x");
  EXPECT_EQ(receive("\x80\3\0\3\0\0\0\x08\0\0\0\3\0\0\0\5"s), std::vector<std::string>{"ended 3"});
  connection_.send(3, "x");
  connection_.finish(3, "");
  connection_.refuse(3);
  connection_.accept(3);
  connection_.send(99, "x");
  EXPECT_EQ(connection_.take_output(), "");
}

TEST_F(spdy_connection, forgets_a_stream_that_both_sides_have_ended) {
  for (std::uint32_t stream = 1; stream < 4000; stream += 2) {
    ASSERT_EQ(receive(opened(stream, 1)).size(), 2U) << stream;
    connection_.finish(stream, "");
  }
  EXPECT_EQ(connection_.take_output().size(), 2000U * 8);
}

TEST_F(spdy_connection, refuses_streams_past_its_bound_and_those_that_are_refused) {
  std::string all;
  for (std::uint32_t i = 0; i <= SpdyConnection::streams_max; ++i) {
    all += opened(2 * i + 1);
  }
  EXPECT_EQ(receive(all).size(), SpdyConnection::streams_max);
  EXPECT_EQ(connection_.take_output(), "\x80\3\0\3\0\0\0\x08\0\0\0\x21\0\0\0\3"s);
  connection_.refuse(1);
  EXPECT_EQ(connection_.take_output(), "\x80\3\0\3\0\0\0\x08\0\0\0\1\0\0\0\3"s);
  EXPECT_EQ(receive(opened(35)), std::vector<std::string>{"opened 35"});
}

TEST_F(spdy_connection, answers_pings_of_the_client_only) {
  EXPECT_TRUE(receive("\x80\3\0\6\0\0\0\4\0\0\0\1\x80\3\0\6\0\0\0\4\0\0\0\2"s).empty());
  EXPECT_EQ(connection_.take_output(), "\x80\3\0\6\0\0\0\4\0\0\0\1"s);
}

TEST_F(spdy_connection, passes_over_data_on_a_stream_that_is_gone) {
  receive(opened(1));
  connection_.refuse(1);
  EXPECT_TRUE(receive("\0\0\0\1\0\0\0\1x"s).empty());
}

TEST_F(spdy_connection, ends_when_a_stream_is_opened_out_of_order) {
  receive(opened(3));
  expect_broken(opened(1), "stream 1 opened after 3");
}

TEST_F(spdy_connection, ends_when_a_stream_has_the_number_of_a_servers) { expect_broken(opened(2), "stream 2"); }

TEST_F(spdy_connection, ends_when_data_is_for_a_stream_that_never_was) {
  expect_broken("\0\0\0\5\0\0\0\1x"s, "stream 5, which was never opened");
}

TEST_F(spdy_connection, ends_when_data_follows_the_end_of_its_stream) {
  receive(opened(1, 1));
  expect_broken("\0\0\0\1\0\0\0\1x"s, "after its end");
}

TEST_F(spdy_connection, ends_when_a_stream_is_opened_after_go_away) {
  EXPECT_TRUE(receive("\x80\3\0\7\0\0\0\x08\0\0\0\0\0\0\0\0"s).empty());
  expect_broken(opened(1), "after GOAWAY");
}

TEST_F(spdy_connection, ends_at_a_malformed_frame_and_says_which) {
  expect_broken("\x80\3\0\6\0\0\0\1x"s, "PING with 1 bytes");
}

}  // namespace
}  // namespace troupe::local
