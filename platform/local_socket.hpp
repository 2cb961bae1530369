// Questions and answers between two programs of the same user on one machine: a Unix socket in the abstract namespace,
// so that no file is left behind and nobody outside the pod's network namespace can ask.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace troupe::platform {

inline constexpr std::size_t local_question_bytes_max = 1024 * 1024;
inline constexpr std::size_t local_answer_bytes_max = 64 * 1024 * 1024;

/// Answers until it is destroyed, which waits for answers under way. At most 16 askers at a time; the others wait.
class LocalSocketServer {
 public:
  /// `answer` runs on a thread of the asker's own and may block. Only askers of this program's user are answered.
  /// Errors: `already_exists` when another program answers under that name.
  static Result<std::unique_ptr<LocalSocketServer>> start(std::string_view name,
                                                          std::function<std::string(std::string)> answer);
  virtual ~LocalSocketServer() = default;
};

/// Asks the server of that name. Errors: `not_found` when nobody answers under it, `timeout`, `unavailable`.
Result<std::string> ask_local_socket(std::string_view name, std::string_view question,
                                     std::chrono::milliseconds timeout);

}  // namespace troupe::platform
