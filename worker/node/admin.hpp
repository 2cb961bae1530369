// What `troupe-worker ctl` can ask of a running worker: questions and answers as text, one line in, lines out.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "worker/process/runtime.hpp"

namespace troupe::node {

/// Name of the local socket of the worker in the pod with that UID.
[[nodiscard]] std::string admin_socket_name(std::string_view pod_uid);

/// Words of a command line, joined so that `split_question` gives them back.
[[nodiscard]] std::string join_question(const std::vector<std::string>& words);
[[nodiscard]] std::vector<std::string> split_question(std::string_view question);

/// call NAME TERM | cast NAME TERM | send NAME TERM | processes | registered, and what admin_inspection.hpp adds.
/// Answers "+text" or "-why not".
[[nodiscard]] std::string answer_admin(Runtime& runtime, const std::vector<std::string>& words, Duration call_timeout);

}  // namespace troupe::node
