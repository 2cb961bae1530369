// Debian's erl and epmd as child processes, on loopback addresses and an EPMD port of their own.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "platform/os_process.hpp"

namespace troupe::test {

/// A program whose output is collected. Killed when destroyed.
class ChildProgram {
 public:
  ChildProgram(std::vector<std::string> argv, std::map<std::string, std::string> env);
  /// Whether `text` shows up in its output within 20 s.
  [[nodiscard]] bool prints(const std::string& text);
  [[nodiscard]] std::string output() const;
  void kill() { process_.reset(); }
  /// SIGSTOP and SIGCONT.
  void stop();
  void go_on();

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string output_;
  bool ended_ = false;
  std::unique_ptr<platform::OsProcess> process_;
};

/// A TCP port that is free on 127.0.0.1 and 127.0.0.2 right now.
std::uint16_t free_port();

/// An EPMD on 127.0.0.1:`port`, ready when constructed.
std::unique_ptr<ChildProgram> start_epmd(std::uint16_t port);

/// A hidden node e@127.0.0.1 that runs `code` (Erlang expressions ending in a full stop); a crash of them is printed.
/// `arguments` of erl come before those.
std::unique_ptr<ChildProgram> start_erlang(std::uint16_t epmd_port, const std::string& cookie, const std::string& code,
                                           const std::vector<std::string>& arguments = {});

}  // namespace troupe::test
