#include "platform/local_socket.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstring>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "platform/file_descriptor.hpp"

namespace troupe::platform {
namespace {

using namespace std::chrono_literals;

std::string name_of_this_test() {
  return "troupe-test-" + std::to_string(getpid()) + "-" +
         testing::UnitTest::GetInstance()->current_test_info()->name();
}

/// A connection that says nothing until it is told to.
FileDescriptor connect_silently(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  FileDescriptor connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  EXPECT_EQ(connect(connection.get(), reinterpret_cast<sockaddr*>(&address), size), 0) << std::strerror(errno);
  return connection;
}

TEST(LocalSocket, answers_what_it_is_asked) {
  const auto server =
      LocalSocketServer::start(name_of_this_test(), [](std::string question) { return question + "!"; });
  ASSERT_TRUE(server.ok());
  const auto answer = ask_local_socket(name_of_this_test(), "ping", 10s);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(*answer, "ping!");
}

TEST(LocalSocket, carries_large_answers_whole) {
  const std::string large(local_question_bytes_max, 'x');
  const auto server = LocalSocketServer::start(name_of_this_test(),
                                               [](std::string question) { return question + question + question; });
  ASSERT_TRUE(server.ok());
  const auto answer = ask_local_socket(name_of_this_test(), large, 10s);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(*answer, large + large + large);
}

TEST(LocalSocket, a_question_past_the_bound_is_not_answered) {
  std::atomic<int> asked = 0;
  const auto server = LocalSocketServer::start(name_of_this_test(), [&](std::string) {
    ++asked;
    return std::string("never");
  });
  ASSERT_TRUE(server.ok());
  const auto answer = ask_local_socket(name_of_this_test(), std::string(local_question_bytes_max + 1, 'x'), 10s);
  EXPECT_TRUE(!answer.ok() || answer->empty());
  EXPECT_EQ(asked, 0);
}

TEST(LocalSocket, nobody_under_the_name_is_not_found) {
  const auto answer = ask_local_socket(name_of_this_test(), "ping", 10s);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::not_found);
}

TEST(LocalSocket, a_name_is_held_by_one_server_and_free_after_it) {
  {
    const auto first = LocalSocketServer::start(name_of_this_test(), [](std::string) { return std::string("first"); });
    ASSERT_TRUE(first.ok());
    const auto second =
        LocalSocketServer::start(name_of_this_test(), [](std::string) { return std::string("second"); });
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::already_exists);
  }
  const auto third = LocalSocketServer::start(name_of_this_test(), [](std::string) { return std::string("third"); });
  EXPECT_TRUE(third.ok());
}

TEST(LocalSocket, an_answer_that_takes_too_long_is_a_timeout) {
  std::promise<void> asked;
  std::promise<void> release;
  const auto server = LocalSocketServer::start(name_of_this_test(), [&](std::string) {
    asked.set_value();
    release.get_future().wait();
    return std::string("late");
  });
  ASSERT_TRUE(server.ok());
  const auto answer = ask_local_socket(name_of_this_test(), "ping", 50ms);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::timeout);
  asked.get_future().wait();
  release.set_value();
}

TEST(LocalSocket, one_silent_asker_keeps_no_other_waiting) {
  const auto server = LocalSocketServer::start(name_of_this_test(), [](std::string question) { return question; });
  ASSERT_TRUE(server.ok());
  const FileDescriptor silent = connect_silently(name_of_this_test());
  const auto answer = ask_local_socket(name_of_this_test(), "ping", 5s);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(*answer, "ping");
}

TEST(LocalSocket, more_askers_than_it_serves_at_once_all_get_their_answer) {
  const auto server = LocalSocketServer::start(name_of_this_test(), [](std::string question) { return question; });
  ASSERT_TRUE(server.ok());
  constexpr int askers = 64;
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int at = 0; at < askers; ++at) {
    threads.emplace_back([&, at] {
      const std::string question = std::to_string(at);
      const auto answer = ask_local_socket(name_of_this_test(), question, 30s);
      right += answer.ok() && *answer == question ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(right, askers);
}

}  // namespace
}  // namespace troupe::platform
