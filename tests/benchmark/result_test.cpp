#include "tests/benchmark/result.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace troupe::benchmark {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

BenchmarkResult rate(double troupe, std::optional<double> erlang) {
  BenchmarkResult result{"ping", "M/s", spread({troupe}), std::nullopt, std::nullopt, false};
  if (erlang) {
    result.erlang = spread({*erlang});
  }
  return result;
}

TEST(BenchmarkResult, the_median_of_an_even_number_of_rounds_is_the_mean_of_the_middle_two) {
  const Spread of = spread({4, 1, 3, 2});
  EXPECT_EQ(of.median, 2.5);
  EXPECT_EQ(of.min, 1);
  EXPECT_EQ(of.max, 4);
}

TEST(BenchmarkResult, a_ratio_above_one_means_that_troupe_is_better) {
  EXPECT_EQ(nlohmann::json::parse(to_json_line(rate(6, 2)))["ratio_erlang"], 3);
  BenchmarkResult seconds = rate(6, 2);
  seconds.less_is_better = true;
  EXPECT_DOUBLE_EQ(nlohmann::json::parse(to_json_line(seconds))["ratio_erlang"], 1.0 / 3);
}

TEST(BenchmarkResult, an_absent_peer_is_null) {
  const auto line = nlohmann::json::parse(to_json_line(rate(6, std::nullopt)));
  for (const char* const field : {"erlang", "caf", "ratio_erlang", "ratio_caf", "erlang_min", "caf_max"}) {
    ASSERT_TRUE(line.contains(field)) << field;
    EXPECT_TRUE(line[field].is_null()) << field;
  }
  EXPECT_EQ(line["troupe"], 6);
}

TEST(BenchmarkResult, a_row_of_the_table_shows_median_spread_and_ratio) {
  BenchmarkResult result = rate(8, 2);
  result.troupe = spread({7, 8, 9});
  EXPECT_THAT(to_table_row(result), AllOf(HasSubstr("8.000 (7.000-9.000)"), HasSubstr("4.00x")));
}

TEST(BenchmarkResult, the_means_of_the_table_are_geometric_and_leave_absent_peers_out) {
  const BenchmarkResult results[] = {rate(8, 2), rate(9, 1), rate(5, std::nullopt)};
  const auto means = table_means(results);
  ASSERT_TRUE(means);
  EXPECT_THAT(*means, HasSubstr("6.00x"));
}

TEST(BenchmarkResult, a_table_without_peers_has_no_means) {
  const BenchmarkResult results[] = {rate(8, std::nullopt)};
  EXPECT_EQ(table_means(results), std::nullopt);
}

}  // namespace
}  // namespace troupe::benchmark
