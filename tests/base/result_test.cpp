#include "base/result.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace troupe {
namespace {

Result<std::unique_ptr<int>> boxed(int number) {
  if (number < 0) {
    return Error{ErrorCode::invalid_argument, "number is negative"};
  }
  return std::make_unique<int>(number);
}

TEST(Result, moves_a_value_out) {
  auto result = boxed(3);
  ASSERT_TRUE(result.ok());
  const std::unique_ptr<int> owned = std::move(result).value();
  EXPECT_EQ(*owned, 3);
}

TEST(Result, keeps_code_and_context_of_an_error) {
  const auto result = boxed(-1);
  ASSERT_FALSE(result);
  const Error wrapped = result.error().in("spec.replicas");
  EXPECT_EQ(wrapped.code, ErrorCode::invalid_argument);
  EXPECT_EQ(wrapped.message, "spec.replicas: number is negative");
}

TEST(Result, without_a_value_is_success_or_error) {
  Result<void> fine;
  EXPECT_TRUE(fine.ok());
  Result<void> broken = Error{ErrorCode::timeout, "late"};
  EXPECT_EQ(to_string(broken.error().code), "timeout");
}

TEST(ResultDeathTest, aborts_when_an_error_is_read_as_a_value) {
  EXPECT_DEATH({ (void)boxed(-1).value(); }, "Result::value\\(\\) on an error");
}

}  // namespace
}  // namespace troupe
