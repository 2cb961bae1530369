// What the processes of one program on Troupe share: who is called what, and what everybody saw.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "tests/differential/interpreter.hpp"
#include "troupe/pid.hpp"

namespace troupe::differential {

/// Thread-safe.
class World {
 public:
  explicit World(PlantedBug bug) : bug_(bug) {}

  [[nodiscard]] PlantedBug bug() const { return bug_; }
  void born(const std::string& name, const Pid& pid);
  void gone();
  void record(const std::string& process, Term event);
  void next_step();
  std::uint64_t next_round() { return ++last_round_; }
  void answered(const Pid& pid, std::uint64_t round);
  /// Ticks that are armed and have a process to go to.
  void ticks_changed(std::int64_t by);

  [[nodiscard]] std::string name_of(const Pid& pid) const;
  [[nodiscard]] std::optional<Pid> pid_of(const std::string& name) const;
  [[nodiscard]] std::vector<std::pair<std::string, Pid>> everybody() const;
  [[nodiscard]] std::size_t living() const;
  [[nodiscard]] std::int64_t ticks() const;
  /// Grows with everything that is recorded, born or gone.
  [[nodiscard]] std::uint64_t changes() const;
  [[nodiscard]] bool has_answered(const Pid& pid, std::uint64_t round) const;
  [[nodiscard]] Trace trace() const;

 private:
  const PlantedBug bug_;
  mutable std::mutex mutex_;
  std::map<std::string, Pid> pids_;
  std::map<Pid, std::string> names_;
  std::map<Pid, std::uint64_t> answered_;  ///< The last round of pings.
  Trace trace_;
  std::size_t step_ = 0;
  std::size_t living_ = 0;
  std::int64_t ticks_ = 0;
  std::uint64_t changes_ = 0;
  std::uint64_t last_round_ = 0;  ///< The coordinator's alone.
};

}  // namespace troupe::differential
