// troupe-bench [GROUP]: measures what is beside it in the same build. Without a group: all of them.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/benchmark/crowd.hpp"
#include "tests/benchmark/fairness.hpp"
#include "tests/benchmark/nodes/run_node_kernel.hpp"
#include "tests/benchmark/nodes_benchmark.hpp"
#include "tests/benchmark/operator_benchmark.hpp"
#include "tests/benchmark/runtime/run_kernel.hpp"
#include "tests/benchmark/runtime_benchmark.hpp"
#include "tests/benchmark/soak.hpp"

namespace {

using namespace troupe;

void warn(const std::string& message) { std::fprintf(stderr, "troupe-bench: %s\n", message.c_str()); }

void print_line(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

/// Prints results one by one, as JSON or as a table.
class Printer {
 public:
  explicit Printer(const std::string& format) : json_(format == "json") {}

  /// Standard output stays one JSON object a line for those who read it with a program.
  void settings(const std::string& text) const {
    std::fprintf(json_ ? stderr : stdout, "%s\n", text.c_str());
    head();
  }
  void head() const {
    if (!json_) {
      print_line(benchmark::table_head());
    }
  }
  void result(const benchmark::BenchmarkResult& result) const {
    print_line(json_ ? benchmark::to_json_line(result) : benchmark::to_table_row(result));
  }
  void means(const std::vector<benchmark::BenchmarkResult>& results) const {
    if (const auto means = benchmark::table_means(results); means && !json_) {
      print_line(*means);
    }
  }

 private:
  bool json_;
};

int run_operator(const std::filesystem::path& bin, int rounds, const Printer& printer) {
  const auto results = benchmark::run_operator_benchmarks(bin, bin.parent_path() / "image", rounds);
  if (!results) {
    warn(results.error().message);
    return 1;
  }
  printer.head();
  for (const benchmark::BenchmarkResult& result : *results) {
    printer.result(result);
  }
  return 0;
}

int run_runtime(benchmark::RuntimeBenchmark wanted, const Printer& printer) {
  printer.settings(benchmark::runtime_settings(wanted));
  wanted.on_result = [&](const benchmark::BenchmarkResult& result) { printer.result(result); };
  const auto results = benchmark::run_runtime_benchmarks(wanted);
  if (!results) {
    warn(results.error().message);
    return 1;
  }
  printer.means(*results);
  return 0;
}

int run_nodes(benchmark::NodesBenchmark wanted, const Printer& printer) {
  printer.head();
  std::vector<benchmark::BenchmarkResult> results;
  wanted.on_result = [&](const benchmark::BenchmarkResult& result) {
    printer.result(result);
    results.push_back(result);
  };
  if (auto done = benchmark::run_nodes_benchmarks(wanted); !done) {
    warn(done.error().message);
    return 1;
  }
  printer.means(results);
  return 0;
}

int print_seconds(const Result<double>& seconds) {
  if (!seconds) {
    warn(seconds.error().message);
    return 1;
  }
  std::printf("%.9f\n", *seconds);
  return 0;
}

int run_node_kernel(const std::string& name, std::optional<std::uint64_t> size, const benchmark::NodeLink& link) {
  const benchmark::NodeKernel* const kernel = benchmark::find_node_kernel(name);
  return print_seconds(benchmark::run_node_kernel(*kernel, size.value_or(kernel->size), link));
}

int run_kernel(const std::string& name, std::optional<std::uint64_t> size) {
  const benchmark::Kernel* const kernel = benchmark::find_kernel(name);
  return print_seconds(benchmark::run_kernel(*kernel, size.value_or(kernel->size)));
}

int status_of(const Result<void>& result) {
  if (!result) {
    warn(result.error().message);
  }
  return result ? 0 : 1;
}

std::vector<std::string> kernel_names() {
  std::vector<std::string> names;
  for (const benchmark::Kernel& kernel : benchmark::kernels()) {
    names.emplace_back(kernel.name);
  }
  return names;
}

std::vector<std::string> node_kernel_names() {
  std::vector<std::string> names;
  for (const benchmark::NodeKernel& kernel : benchmark::node_kernels()) {
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
  benchmark::NodesBenchmark nodes;
  nodes.bin = bin;
  nodes.erlang = runtime.erlang;
  nodes.warn = warn;
  CLI::App* const nodes_group = app.add_subcommand("nodes", "Messages and calls between two nodes, beside Erlang");
  nodes_group->add_option("--only", nodes.only, "Names of kernels, separated by commas")
      ->delimiter(',')
      ->check(CLI::IsMember(node_kernel_names()));
  const CLI::App* const operator_group =
      app.add_subcommand("operator", "From kubectl apply to a cluster that has joined, on the local default");

  std::string kernel;
  std::optional<std::uint64_t> size;
  CLI::App* const one_kernel =
      app.add_subcommand("kernel", "One kernel of `runtime` in this program, for a profiler: prints its seconds");
  one_kernel->add_option("name", kernel)->required()->check(CLI::IsMember(kernel_names()));
  one_kernel->add_option("size", size, "Operations; by default as many as a round of `runtime`");

  benchmark::NodeLink link{std::filesystem::read_symlink("/proc/self/exe").string(), {}};
  CLI::App* const one_node_kernel = app.add_subcommand(
      "node-kernel", "One kernel of `nodes` between this program and a second one: prints its seconds");
  one_node_kernel->add_option("name", kernel)->required()->check(CLI::IsMember(node_kernel_names()));
  one_node_kernel->add_option("size", size, "Operations; by default as many as a round of `nodes`");
  CLI::App* const far_node = app.add_subcommand("far-node", "The second program of `node-kernel`, which starts it");
  for (CLI::App* const side : {one_node_kernel, far_node}) {
    side->add_option("--tls", link.tls_folder, "Folder with tls.crt, tls.key and ca.crt");
  }

  int soak_minutes = 10;
  CLI::App* const soak_group =
      app.add_subcommand("soak", "All kernels over and over on one runtime; fails when its memory grows");
  soak_group->add_option("--minutes", soak_minutes)->check(CLI::Range(0, 100'000))->capture_default_str();
  std::uint32_t crowd_processes = 10'000'000;
  CLI::App* const crowd_group = app.add_subcommand("crowd", "What many processes cost that have nothing to do");
  crowd_group->add_option("--processes", crowd_processes)->check(CLI::Range(1, 16'000'000))->capture_default_str();
  const CLI::App* const fairness_group =
      app.add_subcommand("fairness", "How calls are served while a handler on each core does not return");
  app.require_subcommand(0, 1);
  CLI11_PARSE(app, argc, argv);
  runtime.rounds = nodes.rounds = rounds;

  if (one_kernel->parsed()) {
    return run_kernel(kernel, size);
  }
  if (one_node_kernel->parsed()) {
    return run_node_kernel(kernel, size, link);
  }
  if (far_node->parsed()) {
    return benchmark::serve_far_node(link);
  }
  if (soak_group->parsed()) {
    return status_of(benchmark::soak(std::chrono::minutes(soak_minutes), print_line));
  }
  if (crowd_group->parsed()) {
    return status_of(benchmark::crowd(crowd_processes, print_line));
  }
  if (fairness_group->parsed()) {
    return status_of(benchmark::fairness(print_line));
  }
  const Printer printer(format);
  const bool all = app.get_subcommands().empty();
  int status = 0;
  if (all || runtime_group->parsed()) {
    status |= run_runtime(runtime, printer);
  }
  if (all || nodes_group->parsed()) {
    status |= run_nodes(nodes, printer);
  }
  if (all || operator_group->parsed()) {
    status |= run_operator(bin, rounds, printer);
  }
  return status;
}
