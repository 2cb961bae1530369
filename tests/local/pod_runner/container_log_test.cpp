#include "local/pod_runner/container_log.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace troupe::local {
namespace {

class StillClock final : public Clock {
 public:
  Instant now() const override { return Instant(std::chrono::seconds(5)); }
  WallTime wall_now() const override {
    return WallTime(std::chrono::seconds(1'700'000'000) + std::chrono::nanoseconds(42));
  }
};

class ContainerLogTest : public testing::Test {
 protected:
  ContainerLogTest() {
    std::string pattern = testing::TempDir() + "container_log_XXXXXX";
    dir_ = mkdtemp(pattern.data());
  }
  ~ContainerLogTest() override { std::filesystem::remove_all(dir_); }

  StillClock clock_;
  std::filesystem::path dir_;
};

TEST_F(ContainerLogTest, puts_pieces_together_to_lines) {
  ContainerLog log(dir_ / "a.log", clock_);
  log.append("stdout", "hel");
  log.append("stderr", "oops\n");
  log.append("stdout", "lo\nrest");
  std::uint64_t offset = 0;
  EXPECT_EQ(log.read({}, offset), "oops\nhello\n");
  log.finish();
  EXPECT_EQ(log.read_on(false, offset), "rest\n");
  EXPECT_TRUE(log.finished());
}

TEST_F(ContainerLogTest, shows_times_tails_and_limits) {
  ContainerLog log(dir_ / "a.log", clock_);
  log.append("stdout", "one\ntwo\nthree\n");
  std::uint64_t offset = 0;
  ContainerLog::ReadOptions tail;
  tail.tail_lines = 1;
  tail.timestamps = true;
  EXPECT_EQ(log.read(tail, offset), "2023-11-14T22:13:20.000000042Z three\n");
  ContainerLog::ReadOptions limited;
  limited.limit_bytes = 5;
  EXPECT_EQ(log.read(limited, offset), "one\nt");
  ContainerLog::ReadOptions later;
  later.since_time = "2024-01-01T00:00:00Z";
  EXPECT_EQ(log.read(later, offset), "");
}

TEST_F(ContainerLogTest, tells_followers_of_each_change_until_they_leave) {
  ContainerLog log(dir_ / "a.log", clock_);
  int calls = 0;
  const auto id = log.subscribe([&calls] { ++calls; });
  log.append("stdout", "x\n");
  log.finish();
  EXPECT_EQ(calls, 2);
  log.unsubscribe(id);
  log.append("stdout", "y\n");
  EXPECT_EQ(calls, 2);
}

TEST_F(ContainerLogTest, stays_within_its_bound) {
  ContainerLog log(dir_ / "a.log", clock_);
  const std::string line(15'000, 'x');
  for (int i = 0; i < 1'500; ++i) {
    log.append("stdout", line + "\n");
  }
  EXPECT_LE(std::filesystem::file_size(dir_ / "a.log"),
            ContainerLog::file_bytes_max + ContainerLog::line_bytes_max + 100);
}

TEST_F(ContainerLogTest, drops_and_counts_lines_that_cannot_be_written) {
  if (!std::filesystem::exists("/dev/full")) {
    GTEST_SKIP() << "/dev/full is not here";
  }
  ContainerLog log("/dev/full", clock_);
  log.append("stdout", "lost\nlost too\n");
  EXPECT_EQ(log.lines_dropped(), 2U);
}

TEST_F(ContainerLogTest, cuts_a_line_without_end_into_entries_and_shows_it_whole) {
  ContainerLog log(dir_ / "a.log", clock_);
  const std::string line(3 * ContainerLog::line_bytes_max, 'z');
  log.append("stdout", line + "\n");
  std::uint64_t offset = 0;
  EXPECT_EQ(log.read({}, offset), line + "\n");
}

}  // namespace
}  // namespace troupe::local
