#include "tests/benchmark/result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.hpp"

namespace troupe::benchmark {
namespace {

std::optional<double> ratio(const BenchmarkResult& result, const std::optional<double>& peer) {
  if (!peer || *peer == 0 || result.troupe == 0) {
    return std::nullopt;
  }
  return result.less_is_better ? *peer / result.troupe : result.troupe / *peer;
}

nlohmann::json or_null(const std::optional<double>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

}  // namespace

double median(std::vector<double> values) {
  check(!values.empty(), "median of nothing");
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string to_json_line(const BenchmarkResult& result) {
  nlohmann::ordered_json line;
  line["name"] = result.name;
  line["unit"] = result.unit;
  line["troupe"] = result.troupe;
  line["erlang"] = or_null(result.erlang);
  line["caf"] = or_null(result.caf);
  line["ratio_erlang"] = or_null(ratio(result, result.erlang));
  line["ratio_caf"] = or_null(ratio(result, result.caf));
  return line.dump();
}

std::string to_text_line(const BenchmarkResult& result) {
  std::string line = fmt::format("{:<28} {:>12.3f} {:<8}", result.name, result.troupe, result.unit);
  if (const auto beside = ratio(result, result.erlang)) {
    line += fmt::format("  erlang {:.3f} ({:.2f}x)", *result.erlang, *beside);
  }
  if (const auto beside = ratio(result, result.caf)) {
    line += fmt::format("  caf {:.3f} ({:.2f}x)", *result.caf, *beside);
  }
  return line;
}

}  // namespace troupe::benchmark
