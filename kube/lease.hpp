// Leader election over a Lease (coordination.k8s.io/v1), by client-go's rules: remote timestamps are never trusted,
// only the time since this program saw the record change. A lease is not a fence: writes carry preconditions.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "kube/client.hpp"

namespace troupe::kube {

class LeaderElector {
 public:
  struct Options {
    std::string namespace_name{};
    std::string name{};
    std::string identity{};  ///< Unique for each candidate: pod name and a random part.
    std::chrono::milliseconds lease_duration{15'000};
    std::chrono::milliseconds renew_deadline{10'000};
    std::chrono::milliseconds retry_period{2'000};  ///< Jittered by up to 1.2.
  };
  /// `on_started` once when the lease is held; `on_lost` once when it could not be renewed in time (the caller must
  /// stop acting and exit). Both run on the elector's thread.
  LeaderElector(std::shared_ptr<Client> client, Options options, const Clock& clock, Random& random,
                std::function<void()> on_started, std::function<void()> on_lost);
  /// Gives the lease back if it is held: call after all work has stopped.
  ~LeaderElector();
  LeaderElector(const LeaderElector&) = delete;
  LeaderElector& operator=(const LeaderElector&) = delete;

  /// False from the renew deadline on, even while a renewal hangs.
  [[nodiscard]] bool leading() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace troupe::kube
