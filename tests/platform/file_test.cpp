#include "platform/file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace troupe::platform {
namespace {

namespace fs = std::filesystem;

class file : public ::testing::Test {
 protected:
  file() {
    std::string pattern = (fs::temp_directory_path() / "troupe_file_XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~file() override { fs::remove_all(folder_); }

  fs::path folder_;
};

TEST_F(file, reads_what_was_written_byte_for_byte) {
  const std::string content("a\0b\r\n\xff", 6);
  ASSERT_TRUE(atomic_write_file(folder_ / "f", content).ok());
  const auto read = read_file(folder_ / "f");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, content);
}

TEST_F(file, replaces_a_file_and_leaves_nothing_beside_it) {
  ASSERT_TRUE(atomic_write_file(folder_ / "f", "old and longer").ok());
  ASSERT_TRUE(atomic_write_file(folder_ / "f", "new").ok());
  EXPECT_EQ(*read_file(folder_ / "f"), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(file, has_the_mode_asked_for_whatever_the_umask) {
  const mode_t before = ::umask(0777);
  const auto written = atomic_write_file(folder_ / "secret", "s", 0600);
  ::umask(before);
  ASSERT_TRUE(written.ok());
  struct stat status {};
  ASSERT_EQ(::stat((folder_ / "secret").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
}

TEST_F(file, names_the_path_when_there_is_no_such_file_or_folder) {
  const auto read = read_file(folder_ / "absent");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, ErrorCode::not_found);
  EXPECT_NE(read.error().message.find((folder_ / "absent").string()), std::string::npos);
  const auto written = atomic_write_file(folder_ / "absent" / "f", "x");
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code, ErrorCode::not_found);
}

TEST_F(file, does_not_read_a_folder) { EXPECT_EQ(read_file(folder_).error().code, ErrorCode::invalid_argument); }

TEST_F(file, stops_at_the_bound) {
  ASSERT_TRUE(atomic_write_file(folder_ / "f", std::string(200'000, 'x')).ok());
  EXPECT_EQ(read_file(folder_ / "f", 100'000).error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(read_file(folder_ / "f", 200'000)->size(), 200'000U);
}

TEST_F(file, reads_files_that_do_not_tell_their_size) { EXPECT_FALSE(read_file("/proc/self/status")->empty()); }

}  // namespace
}  // namespace troupe::platform
