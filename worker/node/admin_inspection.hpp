// What `troupe-worker ctl` shows of processes and how it holds them: info, top, tree, state, suspend, resume, trace.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "worker/process/runtime.hpp"

namespace troupe::node {

/// One line a command, for the usage.
extern const char* const inspection_usage;

/// "+text" or "-why not"; nothing when the words are none of these commands.
[[nodiscard]] std::optional<std::string> answer_inspection(Runtime& runtime, const std::vector<std::string>& words,
                                                           Duration call_timeout);

}  // namespace troupe::node
