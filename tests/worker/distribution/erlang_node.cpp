#include "tests/worker/distribution/erlang_node.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

namespace troupe::test {

using std::chrono::seconds;
constexpr seconds output_timeout{20};

ChildProgram::ChildProgram(std::vector<std::string> argv, std::map<std::string, std::string> env) {
  const char* path = std::getenv("PATH");
  env.emplace("PATH", path != nullptr ? path : "/usr/bin:/bin");
  env.emplace("HOME", "/tmp");
  const auto collect = [this](std::string_view text) {
    const std::lock_guard lock(mutex_);
    output_ += text;
    changed_.notify_all();
  };
  auto started = platform::OsProcess::start({.argv = std::move(argv),
                                             .env = std::move(env),
                                             .working_dir = {},
                                             .on_stdout = collect,
                                             .on_stderr = collect,
                                             .with_stdin = false},
                                            [this](platform::OsProcessExit) {
                                              const std::lock_guard lock(mutex_);
                                              ended_ = true;
                                              changed_.notify_all();
                                            });
  if (started) {
    process_ = std::move(started).value();
  } else {
    ADD_FAILURE() << started.error().message;
  }
}

bool ChildProgram::prints(const std::string& text) {
  std::unique_lock lock(mutex_);
  const auto there = [&] { return output_.find(text) != std::string::npos; };
  changed_.wait_for(lock, output_timeout, [&] { return there() || ended_; });
  return there();
}

void ChildProgram::stop() { process_->signal_group(SIGSTOP); }
void ChildProgram::go_on() { process_->signal_group(SIGCONT); }

std::string ChildProgram::output() const {
  const std::lock_guard lock(mutex_);
  return output_;
}

namespace {

sockaddr_in address_of(const char* host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, host, &address.sin_addr);
  return address;
}

bool answers(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = address_of("127.0.0.1", port);
  const bool connected = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(socket);
  return connected;
}

}  // namespace

std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = address_of("0.0.0.0", 0);
  EXPECT_EQ(bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  socklen_t size = sizeof address;
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  close(socket);
  return ntohs(address.sin_port);
}

std::unique_ptr<ChildProgram> start_epmd(std::uint16_t port) {
  auto epmd = std::make_unique<ChildProgram>(
      std::vector<std::string>{"epmd", "-address", "127.0.0.1", "-port", std::to_string(port)},
      std::map<std::string, std::string>{});
  const auto deadline = std::chrono::steady_clock::now() + output_timeout;
  while (!answers(port) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(answers(port)) << epmd->output();
  return epmd;
}

std::unique_ptr<ChildProgram> start_erlang(std::uint16_t epmd_port, const std::string& cookie, const std::string& code,
                                           const std::vector<std::string>& arguments) {
  std::vector<std::string> argv{"erl",         "-noshell", "-noinput", "-hidden",
                                "-start_epmd", "false",    "-name",    "e@127.0.0.1",
                                "-setcookie",  cookie,     "-kernel",  "inet_dist_use_interface",
                                "{127,0,0,1}"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  argv.insert(argv.end(), {"-eval", code});
  return std::make_unique<ChildProgram>(std::move(argv),
                                        std::map<std::string, std::string>{{"ERL_EPMD_PORT", std::to_string(epmd_port)},
                                                                           {"ERL_CRASH_DUMP_SECONDS", "0"}});
}

}  // namespace troupe::test
