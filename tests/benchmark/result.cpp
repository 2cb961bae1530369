#include "tests/benchmark/result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/check.hpp"

namespace troupe::benchmark {
namespace {

using Peer = std::optional<Spread> BenchmarkResult::*;

std::optional<double> ratio(const BenchmarkResult& result, Peer peer) {
  const std::optional<Spread>& beside = result.*peer;
  if (!beside || beside->median == 0 || result.troupe.median == 0) {
    return std::nullopt;
  }
  return result.less_is_better ? beside->median / result.troupe.median : result.troupe.median / beside->median;
}

nlohmann::json or_null(const std::optional<double>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

nlohmann::json field_or_null(const std::optional<Spread>& peer, double Spread::*field) {
  return peer ? nlohmann::json((*peer).*field) : nlohmann::json(nullptr);
}

/// "5.43 (5.31-5.60)"
std::string cell(const std::optional<Spread>& measured) {
  return measured ? fmt::format("{:.3f} ({:.3f}-{:.3f})", measured->median, measured->min, measured->max) : "-";
}

std::string cell(const std::optional<double>& times) { return times ? fmt::format("{:.2f}x", *times) : "-"; }

/// Of the results that have that peer; nothing when none has.
std::optional<double> geometric_mean(std::span<const BenchmarkResult> results, Peer peer) {
  double logarithms = 0;
  std::size_t count = 0;
  for (const BenchmarkResult& result : results) {
    if (const auto times = ratio(result, peer)) {
      logarithms += std::log(*times);
      ++count;
    }
  }
  return count == 0 ? std::nullopt : std::optional(std::exp(logarithms / static_cast<double>(count)));
}

constexpr const char* row = "{:<22} {:<8} {:>24} {:>24} {:>24} {:>10} {:>10}";

}  // namespace

Spread spread(std::vector<double> values) {
  check(!values.empty(), "spread of nothing");
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {median, values.front(), values.back()};
}

std::string to_json_line(const BenchmarkResult& result) {
  const std::optional<Spread> troupe = result.troupe;
  nlohmann::ordered_json line;
  line["name"] = result.name;
  line["unit"] = result.unit;
  line["troupe"] = result.troupe.median;
  line["erlang"] = field_or_null(result.erlang, &Spread::median);
  line["caf"] = field_or_null(result.caf, &Spread::median);
  line["ratio_erlang"] = or_null(ratio(result, &BenchmarkResult::erlang));
  line["ratio_caf"] = or_null(ratio(result, &BenchmarkResult::caf));
  for (const auto& [name, measured] :
       {std::pair("troupe", &troupe), std::pair("erlang", &result.erlang), std::pair("caf", &result.caf)}) {
    line[std::string(name) + "_min"] = field_or_null(*measured, &Spread::min);
    line[std::string(name) + "_max"] = field_or_null(*measured, &Spread::max);
  }
  return line.dump();
}

std::string table_head() { return fmt::format(row, "name", "unit", "troupe", "erlang", "caf", "/erlang", "/caf"); }

std::string to_table_row(const BenchmarkResult& result) {
  return fmt::format(row, result.name, result.unit, cell(std::optional(result.troupe)), cell(result.erlang),
                     cell(result.caf), cell(ratio(result, &BenchmarkResult::erlang)),
                     cell(ratio(result, &BenchmarkResult::caf)));
}

std::optional<std::string> table_means(std::span<const BenchmarkResult> results) {
  const auto erlang = geometric_mean(results, &BenchmarkResult::erlang);
  const auto caf = geometric_mean(results, &BenchmarkResult::caf);
  if (!erlang && !caf) {
    return std::nullopt;
  }
  return fmt::format(row, "geometric mean", "", "", "", "", cell(erlang), cell(caf));
}

}  // namespace troupe::benchmark
