// One line of troupe-bench: the median of all rounds, and the peers' medians of the same run where there are peers.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe::benchmark {

/// What the rounds of one program measured.
struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
};

struct BenchmarkResult {
  std::string name;
  std::string unit;
  Spread troupe;
  std::optional<Spread> erlang;
  std::optional<Spread> caf;
  bool less_is_better = true;
};

/// Of a list that is not empty, in any order.
[[nodiscard]] Spread spread(std::vector<double> values);

/// {"name","unit","troupe","erlang","caf","ratio_erlang","ratio_caf"} of medians, and {"troupe","erlang","caf"} with
/// "_min" and "_max": a ratio above 1 means that Troupe is better; absent peers are null.
[[nodiscard]] std::string to_json_line(const BenchmarkResult& result);
[[nodiscard]] std::string table_head();
[[nodiscard]] std::string to_table_row(const BenchmarkResult& result);
/// The last row: geometric means of the ratios. Nothing when no result has a peer.
[[nodiscard]] std::optional<std::string> table_means(std::span<const BenchmarkResult> results);

}  // namespace troupe::benchmark
