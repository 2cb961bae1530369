#include "platform/log.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "platform/log_line.hpp"

namespace troupe::platform {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

/// Standard error is something else while one of these lives.
class StderrReplaced {
 public:
  explicit StderrReplaced(int by) : before_(::dup(STDERR_FILENO)) { ::dup2(by, STDERR_FILENO); }
  ~StderrReplaced() {
    set_log_sink(nullptr);
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
  }
  StderrReplaced(const StderrReplaced&) = delete;
  StderrReplaced& operator=(const StderrReplaced&) = delete;

 private:
  int before_;
};

struct Pipe {
  Pipe() { EXPECT_EQ(::pipe(ends.data()), 0); }
  ~Pipe() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  /// What is there now.
  [[nodiscard]] std::string read() const {
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    std::string all;
    std::array<char, 65536> buffer{};
    for (ssize_t got = 0; (got = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
      all.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return all;
  }

  std::array<int, 2> ends{};
};

std::string logged(LogFormat format, LogLevel least, const std::function<void()>& act) {
  const Pipe pipe;
  const StderrReplaced replaced(pipe.ends[1]);
  start_logging(format, least);
  act();
  return pipe.read();
}

TEST(log, writes_text_for_people) {
  const std::string line = logged(LogFormat::text, LogLevel::info, [] {
    log_warning("pod is late",
                {{"pod", "a-0"}, {"reason", "not ready yet"}, {"tries", 3}, {"fatal", false}, {"load", 0.5}});
  });
  EXPECT_THAT(line, MatchesRegex("[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+\\.[0-9]+Z warning pod is late pod=a-0 "
                                 "reason=\"not ready yet\" tries=3 fatal=false load=0.5\n"));
}

TEST(log, writes_json_for_machines) {
  const auto line = nlohmann::json::parse(logged(LogFormat::json, LogLevel::info, [] {
    log_error("say \"hi\"\n%v {}",
              {{"pod", "a-0"}, {"tries", 3}, {"ok", true}, {"level", "mine"}, {"odd", std::nan("")}});
  }));
  EXPECT_EQ(line["message"], "say \"hi\"\n%v {}");
  EXPECT_EQ(line["level"], "error");
  EXPECT_EQ(line["level_"], "mine");
  EXPECT_EQ(line["pod"], "a-0");
  EXPECT_EQ(line["tries"], 3);
  EXPECT_EQ(line["ok"], true);
  EXPECT_TRUE(line["odd"].is_null());
  EXPECT_THAT(std::string(line["time"]), MatchesRegex("[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+\\.[0-9]+Z"));
}

TEST(log, leaves_out_what_is_less_than_asked_for) {
  EXPECT_EQ(logged(LogFormat::text, LogLevel::error, [] { log_warning("no"); }), "");
  EXPECT_THAT(logged(LogFormat::text, LogLevel::debug, [] { log_debug("yes"); }), HasSubstr("debug yes"));
}

TEST(log, keeps_a_line_one_line_whatever_is_in_it) {
  const std::array fields{LogField("who", "x\ny\x1b[31m\"")};
  EXPECT_EQ(format_log_text("a\nb", fields), "a\\nb who=\"x\\ny\\x1b[31m\\\"\"");
  EXPECT_TRUE(nlohmann::json::accept("{" + format_log_json_members("bad \xff utf-8", fields) + "}"));
}

TEST(log, drops_lines_instead_of_waiting_for_a_reader_that_has_stopped) {
  const Pipe pipe;
  const StderrReplaced replaced(pipe.ends[1]);
  start_logging(LogFormat::text, LogLevel::info);
  const auto dropped_before = log_lines_dropped();
  const auto began = std::chrono::steady_clock::now();
  const std::string text(1000, 'x');
  for (int i = 0; i < 1000; ++i) {
    log_info(text);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  const auto dropped = log_lines_dropped() - dropped_before;
  EXPECT_GT(dropped, 500U);
  EXPECT_GT(pipe.read().size(), 30'000U);
  // And goes on once somebody reads again.
  log_info("after");
  EXPECT_THAT(pipe.read(), HasSubstr("after"));
}

TEST(log, starts_a_new_line_after_one_that_was_lost_half_way) {
  const Pipe pipe;
  const StderrReplaced replaced(pipe.ends[1]);
  start_logging(LogFormat::text, LogLevel::info);
  log_info(std::string(1024 * 1024, 'x'));
  (void)pipe.read();
  log_info("whole");
  const std::string after = pipe.read();
  EXPECT_EQ(after.substr(0, 1), "\n");
  EXPECT_THAT(after, HasSubstr("info whole\n"));
}

TEST(log, survives_a_closed_pipe_and_a_full_disk) {
  const auto dropped_before = log_lines_dropped();
  {
    Pipe pipe;
    const StderrReplaced replaced(pipe.ends[1]);
    start_logging(LogFormat::text, LogLevel::info);
    ::close(pipe.ends[0]);
    pipe.ends[0] = ::open("/dev/null", O_RDONLY);
    log_info("nobody reads");
  }
  EXPECT_EQ(log_lines_dropped(), dropped_before + 1);
  const int full = ::open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  {
    const StderrReplaced replaced(full);
    start_logging(LogFormat::json, LogLevel::info);
    log_info("no room");
  }
  ::close(full);
  EXPECT_EQ(log_lines_dropped(), dropped_before + 2);
}

TEST(log, does_not_wait_for_a_socket_either) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  {
    const StderrReplaced replaced(ends[1]);
    start_logging(LogFormat::text, LogLevel::info);
    const auto dropped_before = log_lines_dropped();
    for (int i = 0; i < 2000; ++i) {
      log_info(std::string(1000, 'x'));
    }
    EXPECT_GT(log_lines_dropped(), dropped_before);
  }
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(log, tears_no_lines_of_many_threads) {
  const std::string all = logged(LogFormat::json, LogLevel::info, [] {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([t] {
        for (int i = 0; i < 100; ++i) {
          log_info("hello", {{"thread", t}, {"i", i}});
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  });
  std::istringstream lines(all);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_EQ(nlohmann::json::parse(line)["message"], "hello");
  }
  EXPECT_EQ(count, 400);
}

TEST(log, knows_the_names_of_formats_and_levels) {
  EXPECT_EQ(*parse_log_format("json"), LogFormat::json);
  EXPECT_EQ(*parse_log_format("text"), LogFormat::text);
  EXPECT_EQ(parse_log_format("xml").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(*parse_log_level("warning"), LogLevel::warning);
  EXPECT_EQ(parse_log_level("warn").error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace troupe::platform
