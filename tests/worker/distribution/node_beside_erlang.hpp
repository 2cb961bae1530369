// A runtime with its distribution, t@127.0.0.2, beside an EPMD and real Erlang nodes that a test starts.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "platform/event_loop.hpp"
#include "platform/os_random.hpp"
#include "tests/worker/distribution/erlang_node.hpp"
#include "troupe/node_name.hpp"
#include "worker/distribution/distribution.hpp"
#include "worker/distribution/pg_groups.hpp"
#include "worker/process/threaded_scheduler.hpp"

namespace troupe::test {

struct NodeBesideErlang : testing::Test {
  static constexpr const char* node_name = "t@127.0.0.2";
  static constexpr std::uint32_t creation = 4'711;

  NodeBesideErlang() : NodeBesideErlang(nullptr) {}
  /// Links over `tls_network`, which may refer to `loop`.
  explicit NodeBesideErlang(std::unique_ptr<Network> (*make_tls_network)(platform::AsioLoop& loop))
      : tls_network(make_tls_network == nullptr ? nullptr : make_tls_network(loop)), epmd(start_epmd(epmd_port)) {
    static const bool named = (name_this_node(node_name, creation), true);
    EXPECT_TRUE(named);
    DistributionOptions options;
    options.node_name = node_name;
    options.creation = creation;
    options.cookies = {"cookie"};
    options.listen = {"127.0.0.2", 0};
    options.epmd_port = epmd_port;
    options.tls_network = tls_network.get();
    distribution = std::make_unique<Distribution>(loop, loop, platform::os_random(), runtime, std::move(options));
    EXPECT_TRUE(distribution->start().ok());
    runtime.set_remote_nodes(distribution.get());
    groups = std::make_unique<PgGroups>(runtime, *distribution);
    runtime.set_groups(groups.get());
    thread = std::thread([this] { loop.run(); });
  }
  ~NodeBesideErlang() override {
    runtime.set_groups(nullptr);
    groups.reset();
    runtime.set_remote_nodes(nullptr);
    loop.stop();
    thread.join();
    distribution.reset();
  }

  /// Expressions that know this node as T, up to and with the full stop.
  [[nodiscard]] std::unique_ptr<ChildProgram> run_erlang(const std::string& code) const {
    return start_erlang(epmd_port, "cookie", "T = '" + std::string(node_name) + "', " + code);
  }

  std::uint16_t epmd_port = free_port();
  platform::AsioLoop loop;
  ThreadedScheduler scheduler{platform::real_clock(), {}};
  Runtime runtime{scheduler};
  std::unique_ptr<Network> tls_network;
  std::unique_ptr<ChildProgram> epmd;
  std::unique_ptr<Distribution> distribution;
  std::unique_ptr<PgGroups> groups;
  std::thread thread;
};

}  // namespace troupe::test
