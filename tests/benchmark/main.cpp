// troupe-bench [GROUP]: measures what is beside it in the same build. Without a group: all of them.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/benchmark/operator_benchmark.hpp"
#include "tests/benchmark/runtime/run_kernel.hpp"
#include "tests/benchmark/runtime_benchmark.hpp"

namespace {

using namespace troupe;
using Results = Result<std::vector<benchmark::BenchmarkResult>>;

void warn(const std::string& message) { std::fprintf(stderr, "troupe-bench: %s\n", message.c_str()); }

int print(const Results& results, const std::string& format) {
  if (!results) {
    warn(results.error().message);
    return 1;
  }
  if (format == "json") {
    for (const benchmark::BenchmarkResult& result : *results) {
      std::puts(benchmark::to_json_line(result).c_str());
    }
  } else {
    for (const std::string& line : benchmark::to_table(*results)) {
      std::puts(line.c_str());
    }
  }
  return 0;
}

int run_operator(const std::filesystem::path& bin, int rounds, const std::string& format) {
  return print(benchmark::run_operator_benchmarks(bin, bin.parent_path() / "image", rounds), format);
}

int run_runtime(const benchmark::RuntimeBenchmark& wanted, const std::string& format) {
  // Standard output stays one JSON object a line for those who read it with a program.
  std::fprintf(format == "json" ? stderr : stdout, "%s\n", benchmark::runtime_settings(wanted).c_str());
  return print(benchmark::run_runtime_benchmarks(wanted), format);
}

int run_kernel(const std::string& name, std::uint64_t size) {
  const benchmark::Kernel* const kernel = benchmark::find_kernel(name);
  auto seconds = benchmark::run_kernel(*kernel, size == 0 ? kernel->size : size);
  if (!seconds) {
    warn(seconds.error().message);
    return 1;
  }
  std::printf("%.9f\n", *seconds);
  return 0;
}

std::vector<std::string> kernel_names() {
  std::vector<std::string> names;
  for (const benchmark::Kernel& kernel : benchmark::kernels()) {
    names.emplace_back(kernel.name);
  }
  return names;
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path bin = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  CLI::App app{"Benchmarks of Troupe; ratios above 1 mean that Troupe is better than the peer of the same run"};
  app.fallthrough();
  std::string format = "table";
  int rounds = 5;
  app.add_option("--format", format, "json or table")->check(CLI::IsMember({"json", "table"}))->capture_default_str();
  app.add_option("--rounds", rounds, "Repetitions; the median is printed")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();

  benchmark::RuntimeBenchmark runtime;
  runtime.bin = bin;
  runtime.erlang = bin.parent_path() / "benchmark-erlang";
  runtime.warn = warn;
  const CLI::App* const runtime_group = app.add_subcommand("runtime", "Processes and messages, beside Erlang and CAF");
  app.get_subcommand("runtime")
      ->add_option("--only", runtime.only, "Names of kernels, separated by commas")
      ->delimiter(',')
      ->check(CLI::IsMember(kernel_names()));
  const CLI::App* const operator_group =
      app.add_subcommand("operator", "From kubectl apply to a cluster that has joined, on the local default");

  std::string kernel;
  std::uint64_t size = 0;
  CLI::App* const one_kernel =
      app.add_subcommand("kernel", "One kernel of `runtime` in this program, for a profiler: prints its seconds");
  one_kernel->add_option("name", kernel)->required()->check(CLI::IsMember(kernel_names()));
  one_kernel->add_option("size", size, "Operations; 0: as `runtime` does")->capture_default_str();
  app.require_subcommand(0, 1);
  CLI11_PARSE(app, argc, argv);
  runtime.rounds = rounds;

  if (one_kernel->parsed()) {
    return run_kernel(kernel, size);
  }
  int status = 0;
  if (!operator_group->parsed()) {
    status |= run_runtime(runtime, format);
  }
  if (!runtime_group->parsed()) {
    status |= run_operator(bin, rounds, format);
  }
  return status;
}
