// One line of troupe-bench: a median, and the peers' medians of the same run where there are peers.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace troupe::benchmark {

struct BenchmarkResult {
  std::string name;
  std::string unit;
  double troupe = 0;
  std::optional<double> erlang;
  std::optional<double> caf;
  bool less_is_better = true;
};

/// Of an unsorted list that is not empty.
[[nodiscard]] double median(std::vector<double> values);

/// {"name","unit","troupe","erlang","caf","ratio_erlang","ratio_caf"}: a ratio above 1 means that Troupe is better;
/// absent peers are null.
[[nodiscard]] std::string to_json_line(const BenchmarkResult& result);
[[nodiscard]] std::string to_text_line(const BenchmarkResult& result);

}  // namespace troupe::benchmark
