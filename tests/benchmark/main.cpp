// troupe-bench [GROUP] --format json|text: measures what is beside it in the same build.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "tests/benchmark/operator_benchmark.hpp"

int main(int argc, char** argv) {
  using namespace troupe;
  CLI::App app{"Benchmarks of Troupe; ratios above 1 mean that Troupe is better than the peer of the same run"};
  std::string group = "operator";
  std::string format = "text";
  int rounds = 5;
  app.add_option("group", group, "operator")->check(CLI::IsMember({"operator"}))->capture_default_str();
  app.add_option("--format", format, "json or text")->check(CLI::IsMember({"json", "text"}))->capture_default_str();
  app.add_option("--rounds", rounds, "Repetitions; the median is printed")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  const std::filesystem::path bin = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  auto results = benchmark::run_operator_benchmarks(bin, bin.parent_path() / "image", rounds);
  if (!results) {
    std::fprintf(stderr, "troupe-bench: %s\n", results.error().message.c_str());
    return 1;
  }
  for (const benchmark::BenchmarkResult& result : *results) {
    std::puts((format == "json" ? benchmark::to_json_line(result) : benchmark::to_text_line(result)).c_str());
  }
  return 0;
}
