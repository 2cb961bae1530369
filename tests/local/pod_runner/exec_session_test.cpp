// exec over SPDY from the client's bytes to the program and back, without a socket.
#include "local/pod_runner/exec_session.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "local/pod_runner/spdy_frames.hpp"
#include "tests/local/pod_runner/spdy_bytes.hpp"

namespace troupe::local {
namespace {

using namespace std::chrono_literals;

class FakeConnection final : public platform::UpgradedConnection {
 public:
  void start(std::function<void(std::string)> on_bytes, std::function<void()> on_closed) override {
    on_bytes_ = std::move(on_bytes);
    on_closed_ = std::move(on_closed);
  }
  void read_more() override {}
  bool write(std::string bytes) override {
    const std::lock_guard lock(mutex_);
    sent_ += bytes;
    changed_.notify_all();
    return true;
  }
  void close(std::chrono::seconds grace) override {
    const std::lock_guard lock(mutex_);
    grace_ = grace;
    changed_.notify_all();
  }

  void client_sends(const std::string& bytes) { on_bytes_(bytes); }
  void client_goes() {
    on_bytes_ = nullptr;
    if (const auto on_closed = std::exchange(on_closed_, nullptr)) {
      on_closed();
    }
  }
  [[nodiscard]] std::string sent() {
    const std::lock_guard lock(mutex_);
    return sent_;
  }
  /// The grace that it was closed with, once all had been sent.
  std::optional<std::chrono::seconds> closed() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 20s, [this] { return grace_.has_value(); });
    return grace_;
  }

 private:
  std::function<void(std::string)> on_bytes_;
  std::function<void()> on_closed_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string sent_;
  std::optional<std::chrono::seconds> grace_;
};

class exec_over_spdy : public ::testing::Test {
 protected:
  ~exec_over_spdy() override { connection_->client_goes(); }

  void start(std::vector<std::string> argv, ExecStreams wanted = {true, true, true}) {
    ProgramContext context;
    context.env = {{"PATH", "/usr/bin:/bin"}};
    context.working_dir = "/";
    const bool with_stdin = wanted.standard_input;
    start_exec_session(carry_exec_over_spdy(connection_, wanted), context, std::move(argv), with_stdin);
  }

  /// What the node sent on a stream; " fin" follows when it has ended it.
  std::string on(std::uint32_t stream) {
    std::string frames = connection_->sent();
    std::string data;
    while (frames.size() >= 8) {
      const std::uint32_t first = read_u32(frames);
      const std::uint32_t second = read_u32(frames.substr(4));
      const std::string payload = frames.substr(8, second & 0xff'ffff);
      if (first == stream) {
        data += payload + (second >> 24 == 1 ? " fin" : "");
      }
      frames.erase(0, 8 + payload.size());
    }
    return data;
  }

  const std::shared_ptr<FakeConnection> connection_ = std::make_shared<FakeConnection>();
  const std::string all_streams_ =
      kubectl::opens_error + kubectl::opens_stdin + kubectl::opens_stdout + kubectl::opens_stderr;
};

TEST_F(exec_over_spdy, runs_a_program_between_the_clients_streams_and_passes_on_its_exit_code) {
  start({"sh", "-c", "cat; echo bad >&2; exit 7"});
  connection_->client_sends(all_streams_ + kubectl::sends_abc + kubectl::ends_stdin);
  // The client, not the node, ends the connection.
  EXPECT_GT(connection_->closed().value_or(0s), 0s);
  EXPECT_EQ(on(5), "abc fin");
  EXPECT_EQ(on(7), "bad\n fin");
  EXPECT_EQ(on(3), " fin");
  EXPECT_NE(on(1).find(R"("message":"7")"), std::string::npos) << on(1);
  EXPECT_NE(on(1).find("NonZeroExitCode"), std::string::npos) << on(1);
  EXPECT_TRUE(on(1).ends_with(" fin"));
}

TEST_F(exec_over_spdy, starts_the_program_only_when_all_streams_are_open) {
  start({"true"});
  connection_->client_sends(kubectl::opens_error + kubectl::opens_stdin + kubectl::opens_stdout);
  EXPECT_EQ(on(1), "");
  connection_->client_sends(kubectl::opens_stderr);
  ASSERT_TRUE(connection_->closed());
  EXPECT_NE(on(1).find("Success"), std::string::npos);
}

TEST_F(exec_over_spdy, opens_only_the_streams_that_the_request_asked_for) {
  start({"sh", "-c", "echo out; echo err >&2"}, {false, true, false});
  SpdyHeaderEncoder encoder;
  connection_->client_sends(
      in_order({opens(encoder, 1, "error"), opens(encoder, 3, "stderr"), opens(encoder, 5, "stdout")}));
  ASSERT_TRUE(connection_->closed());
  EXPECT_EQ(on(5), "out\n fin");
  EXPECT_EQ(on(3), "");
  EXPECT_NE(connection_->sent().find(spdy_rst_stream(3, SpdyRstStatus::refused_stream)), std::string::npos);
}

TEST_F(exec_over_spdy, refuses_a_stream_of_unknown_type_and_a_second_one_of_a_type) {
  start({"true"});
  SpdyHeaderEncoder encoder;
  connection_->client_sends(in_order({opens(encoder, 1, "error"), opens(encoder, 3, "error"), opens(encoder, 5, "data"),
                                      opens(encoder, 7, "resize")}));
  const std::string sent = connection_->sent();
  EXPECT_EQ(sent.find(spdy_rst_stream(1, SpdyRstStatus::refused_stream)), std::string::npos);
  EXPECT_NE(sent.find(spdy_rst_stream(3, SpdyRstStatus::refused_stream)), std::string::npos);
  EXPECT_NE(sent.find(spdy_rst_stream(5, SpdyRstStatus::refused_stream)), std::string::npos);
  EXPECT_EQ(sent.find(spdy_rst_stream(7, SpdyRstStatus::refused_stream)), std::string::npos);
}

TEST_F(exec_over_spdy, tells_on_the_error_stream_that_there_is_no_such_program) {
  start({"no-such-program"});
  connection_->client_sends(all_streams_);
  ASSERT_TRUE(connection_->closed());
  EXPECT_NE(on(1).find("no-such-program"), std::string::npos) << on(1);
  EXPECT_TRUE(on(5) == " fin" && on(7) == " fin");
}

TEST_F(exec_over_spdy, kills_the_program_when_the_client_goes) {
  start({"sh", "-c", "echo started; exec sleep 1000"});
  connection_->client_sends(all_streams_);
  const auto give_up = std::chrono::steady_clock::now() + 20s;
  while (on(5) != "started\n" && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::yield();
  }
  ASSERT_EQ(on(5), "started\n");
  connection_->client_goes();
  ASSERT_TRUE(connection_->closed());
  EXPECT_NE(on(1).find("137"), std::string::npos) << on(1);
}

TEST_F(exec_over_spdy, ends_with_go_away_when_the_client_breaks_the_protocol) {
  start({"true"});
  connection_->client_sends(kubectl::opens_error + std::string(20, '\xff'));
  EXPECT_EQ(connection_->closed(), 0s);
  EXPECT_TRUE(connection_->sent().ends_with(spdy_go_away(1, SpdyGoAwayStatus::protocol_error)));
  connection_->client_sends(kubectl::opens_stdin);  // Is heard no more.
  EXPECT_TRUE(connection_->sent().ends_with(spdy_go_away(1, SpdyGoAwayStatus::protocol_error)));
}

TEST_F(exec_over_spdy, ends_when_input_comes_before_the_streams_are_open) {
  start({"cat"});
  connection_->client_sends(kubectl::opens_error + kubectl::opens_stdin + kubectl::sends_abc);
  EXPECT_EQ(connection_->closed(), 0s);
  EXPECT_TRUE(connection_->sent().ends_with(spdy_go_away(3, SpdyGoAwayStatus::protocol_error)));
}

}  // namespace
}  // namespace troupe::local
