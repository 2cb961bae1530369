// The whole operator: watches, queues, reconcilers, leader election, metrics. main.cpp gives it a client and a port.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "kube/client.hpp"

namespace prometheus {
class Collectable;
}

namespace troupe::control {

class Operator {
 public:
  struct Options {
    std::vector<std::string> namespaces;  ///< Empty: all.
    bool leader_elect = true;
    std::string lease_namespace = "default";
    std::string lease_name = "troupe-operator";
    std::string identity;               ///< Unique for each operator that may run.
    int workers = 4;                    ///< Clusters reconciled at the same time; applications get half as many.
    std::string policy_version = "v1";  ///< Version of the group policy that the server has: "v1" or "v1beta1".
  };
  /// Starts to watch at once, and to act when all first lists are in and the lease is held. `on_lost` is called when
  /// the lease is lost: the program must end, since somebody else acts now. References must outlive the operator.
  Operator(std::shared_ptr<kube::Client> client, Options options, const Clock& clock, Random& random,
           std::function<void()> on_lost);
  /// Ends running reconciles, then gives the lease back.
  ~Operator();
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;

  /// "" when it is healthy or ready, else why not. A standby is ready.
  [[nodiscard]] std::string health() const;
  [[nodiscard]] std::string readiness() const;
  [[nodiscard]] std::vector<std::shared_ptr<prometheus::Collectable>> metrics() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace troupe::control
