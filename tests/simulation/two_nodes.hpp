// Two runtimes in one thread with a link between them that delays and can be cut, from the scheduler's seed.
//
// Both share the program's table of node names, so each end's own pids are translated where they cross, as encoding and
// decoding them would do.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "troupe/node_name.hpp"
#include "worker/process/runtime.hpp"
#include "worker/process/simulated_scheduler.hpp"

namespace troupe {

class TwoNodes {
 public:
  explicit TwoNodes(SimulatedScheduler& scheduler);
  ~TwoNodes();
  TwoNodes(const TwoNodes&) = delete;
  TwoNodes& operator=(const TwoNodes&) = delete;

  [[nodiscard]] Runtime& runtime(std::size_t end) { return *ends_[end].runtime; }
  /// A pid of one end as the other end names it.
  [[nodiscard]] Pid as_seen_by(std::size_t end, const Pid& pid_of_other_end) const;
  [[nodiscard]] static std::string name(std::size_t end) { return end == 0 ? "one@simulation" : "two@simulation"; }
  /// What is on its way is lost; both ends learn of it. Signals are refused until `mend`.
  void cut();
  void mend();

 private:
  class Wire;
  struct End {
    NodeIndex index = 0;  ///< What the other end calls it.
    std::unique_ptr<Runtime> runtime;
    std::unique_ptr<Wire> wire;  ///< Out of this end.
  };
  [[nodiscard]] Pid translate(std::size_t from, const Pid& pid) const;
  [[nodiscard]] Reference translate(std::size_t from, const Reference& reference) const;
  [[nodiscard]] Term translate(std::size_t from, const Term& term) const;

  SimulatedScheduler& scheduler_;
  std::array<End, 2> ends_;
  bool up_ = true;
  std::uint64_t link_ = 0;  ///< Which life of the link a signal was sent on.
};

}  // namespace troupe
