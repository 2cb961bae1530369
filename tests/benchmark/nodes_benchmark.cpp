#include "tests/benchmark/nodes_benchmark.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>

#include "platform/event_loop.hpp"
#include "platform/tls_certificate.hpp"
#include "tests/benchmark/nodes/node_kernel.hpp"
#include "tests/benchmark/nodes/tcp_floor.hpp"
#include "tests/benchmark/runtime/run_kernel.hpp"

namespace troupe::benchmark {
namespace {

/// Certificates for both nodes of both languages, gone with this.
class CertificateFolder {
 public:
  CertificateFolder() : path_(std::filesystem::temp_directory_path() / fmt::format("troupe-bench-{}", getpid())) {
    std::filesystem::create_directories(path_);
  }
  ~CertificateFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  CertificateFolder(const CertificateFolder&) = delete;
  CertificateFolder& operator=(const CertificateFolder&) = delete;

  Result<void> fill() const {
    const auto ca = platform::make_ca("troupe-bench", std::chrono::hours(24));
    if (!ca) {
      return ca.error();
    }
    const auto leaf = platform::issue_certificate(*ca, "node", {"127.0.0.2", "127.0.0.3"}, std::chrono::hours(24),
                                                  platform::CertificateUse::peer);
    if (!leaf) {
      return leaf.error();
    }
    std::ofstream(path_ / "tls.crt") << leaf->certificate_pem;
    std::ofstream(path_ / "tls.key") << leaf->private_key_pem;
    std::ofstream(path_ / "ca.crt") << ca->certificate_pem;
    const std::string files =
        fmt::format("{{certfile, {:?}}}, {{keyfile, {:?}}}, {{cacertfile, {:?}}}, {{verify, verify_peer}}",
                    file("tls.crt"), file("tls.key"), file("ca.crt"));
    std::ofstream(path_ / "dist.conf") << fmt::format(
        "[{{server, [{0}, {{fail_if_no_peer_cert, true}}]}}, {{client, [{0}]}}].", files);
    return {};
  }
  [[nodiscard]] std::string path() const { return path_.string(); }
  [[nodiscard]] std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  const std::filesystem::path path_;
};

/// A port that is free now on the address where Erlang's near node listens; its far node takes the same.
Result<std::uint16_t> free_port() {
  platform::AsioLoop loop;
  const auto listener = loop.listen({"127.0.0.2", 0}, [](std::unique_ptr<Connection>) {});
  return listener ? Result<std::uint16_t>((*listener)->local().port) : listener.error();
}

Program troupe_program(const NodesBenchmark& benchmark, const CertificateFolder* certificates) {
  Program program{"Troupe", {(benchmark.bin / "troupe-bench").string(), "node-kernel"}};
  if (certificates != nullptr) {
    program.argv.insert(program.argv.end(), {"--tls", certificates->path()});
  }
  return program;
}

/// The near node, which starts the far one.
Program erlang_program(const NodesBenchmark& benchmark, std::uint16_t port, const CertificateFolder* certificates) {
  const std::string threads = std::to_string(scheduler_threads());
  Program program{"Erlang",
                  {"erl", "+S", threads + ":" + threads, "-noshell", "-pa", benchmark.erlang.string(), "-name",
                   "near@127.0.0.2", "-setcookie", "benchmark", "-start_epmd", "false", "-erl_epmd_port",
                   std::to_string(port), "-kernel", "inet_dist_use_interface", "{127,0,0,2}"},
                  &BenchmarkResult::erlang};
  if (certificates != nullptr) {
    program.argv.insert(program.argv.end(),
                        {"-proto_dist", "inet_tls", "-ssl_dist_optfile", certificates->file("dist.conf")});
  }
  program.argv.insert(program.argv.end(), {"-run", "node_bench", "main"});
  return program;
}

Task task_of(const NodeKernel& kernel) {
  const std::string name(kernel.name);
  return {name, name, kernel.size, "k/s", 1e3};
}

/// All kernels over one kind of link.
Result<void> run_kernels(const NodesBenchmark& benchmark, std::uint16_t port, const CertificateFolder* certificates) {
  std::vector<Program> programs{troupe_program(benchmark, certificates)};
  for (Program& peer : installed({erlang_program(benchmark, port, certificates)}, benchmark.warn)) {
    programs.push_back(std::move(peer));
  }
  for (const NodeKernel& kernel : node_kernels()) {
    if (!benchmark.only.empty() &&
        std::find(benchmark.only.begin(), benchmark.only.end(), kernel.name) == benchmark.only.end()) {
      continue;
    }
    auto result = measure_in_turn(task_of(kernel), programs, benchmark.rounds, benchmark.warn);
    if (!result) {
      return result.error();
    }
    result->name += certificates != nullptr ? "_tls" : "";
    benchmark.on_result(*result);
  }
  return {};
}

}  // namespace

Result<void> run_nodes_benchmarks(const NodesBenchmark& benchmark) {
  const CertificateFolder certificates;
  if (auto filled = certificates.fill(); !filled) {
    return filled;
  }
  const auto port = free_port();
  if (!port) {
    return port.error();
  }
  if (auto clear = run_kernels(benchmark, *port, nullptr); !clear) {
    return clear;
  }
  if (auto encrypted = run_kernels(benchmark, *port, &certificates); !encrypted) {
    return encrypted;
  }
  if (benchmark.only.empty()) {
    for (const BenchmarkResult& floor : tcp_floors(benchmark.rounds)) {
      benchmark.on_result(floor);
    }
  }
  return {};
}

}  // namespace troupe::benchmark
