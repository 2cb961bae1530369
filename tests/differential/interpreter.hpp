// Runs programs on Troupe's runtime, as interpreter.erl does on Erlang.
#pragma once

#include "tests/differential/program.hpp"

namespace troupe {
class Scheduler;
}

namespace troupe::differential {

/// A semantic error made on purpose, so that a test can show that it is found.
enum class PlantedBug {
  none,
  unlink_forgotten,      ///< unlink does nothing.
  demonitor_no_flush,    ///< demonitor does nothing.
  normal_is_a_crash,     ///< exit(normal) ends linked processes too.
  bursts_turned_around,  ///< Several messages of one sender arrive last to first.
};

/// On virtual time, with every choice drawn from `schedule_seed`.
Trace run_simulated(const Program& program, std::uint64_t schedule_seed, PlantedBug bug = PlantedBug::none);
/// On real threads. A scheduler may run many programs, one after the other.
Trace run_threaded(const Program& program, Scheduler& scheduler);

}  // namespace troupe::differential
