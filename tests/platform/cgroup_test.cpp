#include "platform/cgroup.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace troupe::platform {
namespace {

namespace fs = std::filesystem;

/// A made-up /sys/fs/cgroup and /proc/self/cgroup.
class cgroup : public ::testing::Test {
 protected:
  cgroup() {
    std::string pattern = (fs::temp_directory_path() / "troupe_cgroup_XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~cgroup() override { fs::remove_all(folder_); }

  void put(const std::string& path, const std::string& content) {
    fs::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << content;
  }
  CgroupLimits read() { return read_cgroup_limits(folder_ / "sys", folder_ / "self"); }
  double unlimited_cpus() { return read_cgroup_limits("/nowhere", "/nowhere").cpus; }

  fs::path folder_;
};

TEST_F(cgroup, without_any_file_has_the_machines_cpus_and_no_memory_limit) {
  EXPECT_GE(read().cpus, 1.0);
  EXPECT_FALSE(read().memory_bytes.has_value());
}

TEST_F(cgroup, v2_reads_quota_and_memory_of_a_container) {
  put("self", "0::/\n");
  put("sys/cpu.max", "50000 100000\n");
  put("sys/memory.max", "134217728\n");
  EXPECT_DOUBLE_EQ(read().cpus, 0.5);
  EXPECT_EQ(read().memory_bytes, 134217728U);
}

TEST_F(cgroup, v2_takes_max_as_no_limit) {
  put("self", "0::/\n");
  put("sys/cpu.max", "max 100000\n");
  put("sys/memory.max", "max\n");
  EXPECT_DOUBLE_EQ(read().cpus, unlimited_cpus());
  EXPECT_FALSE(read().memory_bytes.has_value());
}

TEST_F(cgroup, v2_takes_the_tightest_limit_on_the_way_up) {
  put("self", "0::/kubepods/pod1/container\n");
  put("sys/kubepods/pod1/container/cpu.max", "max 100000\n");
  put("sys/kubepods/pod1/container/memory.max", "max\n");
  put("sys/kubepods/pod1/cpu.max", "25000 100000\n");
  put("sys/kubepods/pod1/memory.max", "1000000\n");
  put("sys/kubepods/memory.max", "2000000\n");
  EXPECT_DOUBLE_EQ(read().cpus, 0.25);
  EXPECT_EQ(read().memory_bytes, 1000000U);
}

TEST_F(cgroup, v1_reads_each_controller_where_it_is_mounted) {
  put("self", "11:cpuset:/x\n4:cpu,cpuacct:/docker/abc\n3:memory:/docker/abc\n1:name=systemd:/docker/abc\n");
  put("sys/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "75000\n");
  put("sys/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
  put("sys/memory/docker/abc/memory.limit_in_bytes", "268435456\n");
  EXPECT_DOUBLE_EQ(read().cpus, 0.75);
  EXPECT_EQ(read().memory_bytes, 268435456U);
}

TEST_F(cgroup, v1_falls_back_to_the_mount_itself_inside_a_container_and_knows_its_word_for_no_limit) {
  put("self", "4:cpu,cpuacct:/kubepods/of/the/host\n3:memory:/kubepods/of/the/host\n");
  put("sys/cpu/cpu.cfs_quota_us", "-1\n");
  put("sys/cpu/cpu.cfs_period_us", "100000\n");
  put("sys/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_DOUBLE_EQ(read().cpus, unlimited_cpus());
  EXPECT_FALSE(read().memory_bytes.has_value());
  put("sys/memory/memory.limit_in_bytes", "1048576\n");
  EXPECT_EQ(read().memory_bytes, 1048576U);
}

TEST_F(cgroup, takes_malformed_files_as_no_limit) {
  put("self", "garbage\n0::/../../etc\n:\n");
  for (const char* wrong : {"", "-5 100000\n", "100000 0\n", "abc def\n", "1\n", "99999999999999999999999 1\n"}) {
    put("sys/cpu.max", wrong);
    put("sys/memory.max", wrong == std::string("1\n") ? "1x\n" : wrong);
    EXPECT_DOUBLE_EQ(read().cpus, unlimited_cpus()) << wrong;
    EXPECT_FALSE(read().memory_bytes.has_value()) << wrong;
  }
}

TEST_F(cgroup, never_gives_more_cpus_than_the_affinity_mask) {
  put("self", "0::/\n");
  put("sys/cpu.max", "100000000 100000\n");
  EXPECT_DOUBLE_EQ(read().cpus, unlimited_cpus());
}

TEST_F(cgroup, v2_tells_how_long_the_quota_kept_it_from_running) {
  put("self", "0::/kubepods/pod1/container\n");
  put("sys/kubepods/pod1/container/cpu.stat", "usage_usec 100\nnr_periods 9\nnr_throttled 3\nthrottled_usec 1500\n");
  put("sys/kubepods/pod1/cpu.stat", "usage_usec 100\nthrottled_usec 2500\n");
  EXPECT_EQ(read_cpu_throttled_time(folder_ / "sys", folder_ / "self"), std::chrono::microseconds(2500));
}

TEST_F(cgroup, v1_tells_how_long_the_quota_kept_it_from_running) {
  put("self", "3:cpu,cpuacct:/docker/abc\n");
  put("sys/cpu,cpuacct/docker/abc/cpu.stat", "nr_periods 9\nnr_throttled 3\nthrottled_time 7000001\n");
  EXPECT_EQ(read_cpu_throttled_time(folder_ / "sys", folder_ / "self"), std::chrono::nanoseconds(7'000'001));
}

TEST_F(cgroup, without_a_quota_nothing_keeps_it_from_running) {
  put("self", "0::/\n");
  put("sys/cpu.stat", "usage_usec 100\nuser_usec 50\n");
  EXPECT_EQ(read_cpu_throttled_time(folder_ / "sys", folder_ / "self").count(), 0);
  EXPECT_EQ(read_cpu_throttled_time("/nowhere", "/nowhere").count(), 0);
}

}  // namespace
}  // namespace troupe::platform
