// What a process is told to become, and what came of it. See Runtime::upgrade.
#pragma once

#include <functional>
#include <string>

#include "troupe/abi.h"
#include "troupe/term.hpp"

namespace troupe {

struct UpgradeOutcome {
  enum class Kind {
    upgraded,  ///< Or, of a dry run: it would have been.
    busy,      ///< It waits for answers to requests of its old class. Ask again once they have come or timed out.
    failed,    ///< It goes on as it was; `reason` says why.
    gone,      ///< It ended before.
  };
  Kind kind = Kind::gone;
  /// Of a failure: {no_save, Class}, {no_load, Class}, {save_failed, Reason} or {load_failed, Reason}.
  Term reason;
};

struct UpgradeOrder {
  const troupe_process_class* to = nullptr;
  std::string from_version;
  /// Loads a copy of the state and drops it: nothing changes.
  bool dry_run = false;
  /// Called once, on the thread that ran the process, or on the caller's when it is gone.
  std::function<void(UpgradeOutcome)> done;
};

}  // namespace troupe
