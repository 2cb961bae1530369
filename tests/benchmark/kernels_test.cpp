// Every kernel still does its work: small, on the scheduler and with the settings that are measured.
#include <gtest/gtest.h>

#include <string>

#include "tests/benchmark/runtime/run_kernel.hpp"

namespace troupe::benchmark {
namespace {

class EachKernel : public ::testing::TestWithParam<Kernel> {};

TEST_P(EachKernel, counts_what_it_should) {
  const auto seconds = run_kernel(GetParam(), size_min);
  ASSERT_TRUE(seconds) << seconds.error().message;
  EXPECT_GT(*seconds, 0);
}

TEST_P(EachKernel, measures_a_size_that_all_its_processes_share_evenly) {
  const Kernel& kernel = GetParam();
  if (kernel.expected(size_min) == size_min) {  // It counts its operations one by one.
    EXPECT_EQ(kernel.expected(kernel.size), kernel.size);
  }
}

INSTANTIATE_TEST_SUITE_P(Runtime, EachKernel, ::testing::ValuesIn(kernels().begin(), kernels().end()),
                         [](const auto& kernel) { return std::string(kernel.param.name); });

TEST(KernelRun, a_wrong_count_is_an_error) {
  const Kernel forgetful{"forgetful", size_min, every_operation,
                         [](std::uint64_t size, Finish finish) { finish(size - 1); }};
  const auto seconds = run_kernel(forgetful, forgetful.size);
  ASSERT_FALSE(seconds);
  EXPECT_EQ(seconds.error().code, ErrorCode::internal);
  EXPECT_EQ(seconds.error().message, "forgetful of size 1200: counted 1199 instead of 1200");
}

TEST(KernelRun, a_size_that_leaves_processes_without_work_is_refused) {
  const auto seconds = run_kernel(kernels().front(), size_min - 1);
  ASSERT_FALSE(seconds);
  EXPECT_EQ(seconds.error().code, ErrorCode::invalid_argument);
}

TEST(KernelRun, a_kernel_is_found_by_its_name) {
  ASSERT_NE(find_kernel("thread_ring"), nullptr);
  EXPECT_EQ(find_kernel("thread_ring")->name, "thread_ring");
  EXPECT_EQ(find_kernel("no_such_kernel"), nullptr);
}

}  // namespace
}  // namespace troupe::benchmark
