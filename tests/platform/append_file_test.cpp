#include "platform/append_file.hpp"

#include <gtest/gtest.h>

#include "platform/file.hpp"
#include "platform/os_random.hpp"

namespace troupe::platform {
namespace {

class AppendFileTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  const std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("append-file-" + std::to_string(os_random().next()));
};

TEST_F(AppendFileTest, grows_and_is_cut_to_what_is_kept) {
  {
    auto file = AppendFile::open(path_, 0);
    ASSERT_TRUE(file.ok()) << file.error().message;
    ASSERT_TRUE((*file)->append("abc").ok());
    ASSERT_TRUE((*file)->append("def").ok());
    EXPECT_EQ((*file)->size(), 6U);
  }
  auto file = AppendFile::open(path_, 4);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->append("!").ok());
  EXPECT_EQ(*read_file(path_), "abcd!");
  ASSERT_TRUE((*file)->clear().ok());
  EXPECT_EQ(*read_file(path_), "");
}

TEST_F(AppendFileTest, belongs_to_one_at_a_time) {
  auto first = AppendFile::open(path_, 0);
  ASSERT_TRUE(first.ok());
  auto second = AppendFile::open(path_, 0);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
  first->reset();
  EXPECT_TRUE(AppendFile::open(path_, 0).ok());
}

TEST_F(AppendFileTest, an_absent_folder_is_named) {
  auto refused = AppendFile::open(path_ / "x", 0);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::not_found);
  EXPECT_NE(refused.error().message.find(path_.string()), std::string::npos);
}

}  // namespace
}  // namespace troupe::platform
