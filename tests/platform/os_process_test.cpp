#include "platform/os_process.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

namespace troupe::platform {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

const std::map<std::string, std::string> path_only{{"PATH", "/usr/local/bin:/usr/bin:/bin"}};

/// Polls for what another process does; false after the deadline.
template <class Condition>
bool eventually(Condition condition) {
  const auto give_up = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) {
      return false;
    }
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

bool is_gone(pid_t pid) { return ::kill(pid, 0) != 0 && errno == ESRCH; }

/// For a grandchild, whose zombie is for the machine's first process to reap.
bool has_ended(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string id;
  std::string name;
  std::string state;
  return !(file >> id >> name >> state) || state == "Z" || state == "X";
}

/// One child and what it said.
class Running {
 public:
  explicit Running(OsProcessSpec spec, bool capture = true) {
    if (capture) {
      spec.on_stdout = [this](std::string_view data) { append(output_, data); };
      spec.on_stderr = [this](std::string_view data) { append(errors_, data); };
    }
    auto started = OsProcess::start(std::move(spec), [this](OsProcessExit exit) {
      const std::lock_guard lock(mutex_);
      output_at_exit_ = output_;
      exit_ = exit;
      changed_.notify_all();
    });
    if (started.ok()) {
      process = std::move(*started);
    } else {
      error = started.error();
    }
  }
  ~Running() { process.reset(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  OsProcessExit wait() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 20s, [&] { return exit_.has_value(); })) << "no exit";
    return exit_.value_or(OsProcessExit{-1, -1});
  }
  std::string wait_output(std::string_view text) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 20s, [&] { return output_.find(text) != std::string::npos; })) << output_;
    return output_;
  }
  std::string output() {
    wait();
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(output_at_exit_, output_);
    return output_;
  }
  std::string errors() {
    wait();
    const std::lock_guard lock(mutex_);
    return errors_;
  }

  std::unique_ptr<OsProcess> process;
  std::optional<Error> error;

 private:
  void append(std::string& to, std::string_view data) {
    const std::lock_guard lock(mutex_);
    to += data;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string output_;
  std::string output_at_exit_;
  std::string errors_;
  std::optional<OsProcessExit> exit_;
};

OsProcessSpec shell(const std::string& script) {
  return {{"sh", "-c", script}, path_only, "", nullptr, nullptr, false};
}

TEST(os_process, tells_the_exit_code_after_all_output_in_order) {
  Running child(shell("for i in 1 2 3 4 5; do echo $i; done; echo oops >&2; exit 7"));
  EXPECT_EQ(child.output(), "1\n2\n3\n4\n5\n");
  EXPECT_EQ(child.errors(), "oops\n");
  EXPECT_EQ(child.wait().code, 7);
  EXPECT_EQ(child.wait().signal, 0);
}

TEST(os_process, tells_the_signal_that_ended_it) {
  Running child(shell("kill -TERM $$"));
  EXPECT_EQ(child.wait().signal, SIGTERM);
  EXPECT_EQ(child.wait().code, 0);
}

TEST(os_process, gives_the_child_exactly_the_environment_and_folder_asked_for) {
  OsProcessSpec spec{{"/usr/bin/env"}, {{"ONE", "1"}, {"TWO", "a b"}}, "/usr", nullptr, nullptr, false};
  Running env(spec);
  EXPECT_EQ(env.output(), "ONE=1\nTWO=a b\n");
  spec = shell("pwd");
  spec.working_dir = "/usr";
  Running pwd(spec);
  EXPECT_EQ(pwd.output(), "/usr\n");
}

TEST(os_process, delivers_large_output_whole) {
  Running child(shell("head -c 20000000 /dev/zero | tr '\\0' x"));
  EXPECT_EQ(child.output(), std::string(20'000'000, 'x'));
}

TEST(os_process, feeds_standard_input_and_ends_it) {
  OsProcessSpec spec = shell("cat");
  spec.with_stdin = true;
  Running child(spec);
  const std::string big(3'000'000, 'y');
  child.process->write_stdin("first ");
  child.process->write_stdin(big);
  child.process->close_stdin();
  child.process->write_stdin("after the end");
  EXPECT_EQ(child.output(), "first " + big);
}

TEST(os_process, has_an_empty_standard_input_otherwise) {
  Running child(shell("cat; echo end"));
  EXPECT_EQ(child.output(), "end\n");
}

TEST(os_process, survives_writing_to_a_child_that_has_closed_its_input) {
  OsProcessSpec spec = shell("exec <&-; echo closed; sleep 0.2");
  spec.with_stdin = true;
  Running child(spec);
  child.wait_output("closed");
  for (int i = 0; i < 100; ++i) {
    child.process->write_stdin(std::string(10'000, 'x'));
  }
  EXPECT_EQ(child.wait().code, 0);
}

TEST(os_process, ends_the_input_of_a_child_that_reads_none_of_it_at_the_bound) {
  OsProcessSpec spec = shell("cat | wc -c");
  spec.with_stdin = true;
  Running child(spec);
  const std::string chunk(1024 * 1024 - 1, 'x');
  child.process->signal_group(SIGSTOP);
  for (std::size_t i = 0; i < 2 * OsProcess::stdin_unread_bytes_max / chunk.size(); ++i) {
    child.process->write_stdin(chunk + "\n");
  }
  child.process->signal_group(SIGCONT);
  const long counted = std::stol(child.output());
  EXPECT_LE(counted, static_cast<long>(OsProcess::stdin_unread_bytes_max) + 1024 * 1024);
  EXPECT_GT(counted, 8L * 1024 * 1024);
}

TEST(os_process, signals_the_whole_group) {
  Running child(shell("sleep 1000 & echo $!; wait"));
  const auto grandchild = static_cast<pid_t>(std::stol(child.wait_output("\n")));
  child.process->signal_group(SIGTERM);
  EXPECT_EQ(child.wait().signal, SIGTERM);
  EXPECT_TRUE(eventually([&] { return has_ended(grandchild); }));
}

TEST(os_process, kills_what_its_first_process_leaves_behind) {
  Running child(shell("sleep 1000 & echo $!"));
  const auto grandchild = static_cast<pid_t>(std::stol(child.output()));
  EXPECT_TRUE(eventually([&] { return has_ended(grandchild); }));
}

TEST(os_process, does_not_wait_for_ever_for_output_that_an_escaped_process_holds_open) {
  Running child(shell("setsid sleep 1000 & echo $!; sleep 0.1; exit 3"));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(child.wait().code, 3);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 10s);
  ::kill(static_cast<pid_t>(std::stol(child.output())), SIGKILL);
}

TEST(os_process, kills_the_group_when_destroyed_and_leaves_no_zombie) {
  auto child = std::make_unique<Running>(shell("trap '' TERM; sleep 1000 & echo $!; wait"));
  const auto grandchild = static_cast<pid_t>(std::stol(child->wait_output("\n")));
  const pid_t pid = child->process->pid();
  child.reset();
  EXPECT_TRUE(is_gone(pid));
  EXPECT_TRUE(eventually([&] { return has_ended(grandchild); }));
}

TEST(os_process, leaves_no_zombie_when_it_ends_by_itself) {
  Running child(shell("exit 0"));
  const pid_t pid = child.process->pid();
  child.wait();
  EXPECT_TRUE(is_gone(pid));
  child.process->signal_group(SIGKILL);  // Nothing to signal any more.
}

TEST(os_process, may_be_destroyed_inside_its_own_callbacks) {
  for (const bool at_exit : {false, true}) {
    struct Held {
      std::promise<void> destroyed;
      std::mutex mutex;  // Held while it starts, so that no callback comes before the pointer is there.
      std::unique_ptr<OsProcess> process;
    };
    const auto held = std::make_shared<Held>();
    const auto destroy = [held] {
      const std::lock_guard lock(held->mutex);
      if (held->process) {
        held->process.reset();
        held->destroyed.set_value();
      }
    };
    OsProcessSpec spec = shell(at_exit ? "exit 0" : "echo x; sleep 1000");
    if (!at_exit) {
      spec.on_stdout = [destroy](std::string_view) { destroy(); };
    }
    {
      const std::lock_guard lock(held->mutex);
      held->process = std::move(*OsProcess::start(std::move(spec), [destroy](OsProcessExit) { destroy(); }));
    }
    EXPECT_EQ(held->destroyed.get_future().wait_for(20s), std::future_status::ready);
  }
}

TEST(os_process, may_be_started_inside_a_callback) {
  struct Held {
    std::promise<int> second_exit;
    std::unique_ptr<OsProcess> second;
  };
  const auto held = std::make_shared<Held>();
  const auto first = OsProcess::start(shell("exit 1"), [held](OsProcessExit) {
    held->second = std::move(
        *OsProcess::start(shell("exit 2"), [held](OsProcessExit exit) { held->second_exit.set_value(exit.code); }));
  });
  ASSERT_TRUE(first.ok());
  auto code = held->second_exit.get_future();
  ASSERT_EQ(code.wait_for(20s), std::future_status::ready);
  EXPECT_EQ(code.get(), 2);
}

TEST(os_process, may_be_started_and_destroyed_under_a_lock_that_a_callback_of_another_waits_for) {
  std::mutex mutex;
  std::promise<void> callback_waits;
  std::promise<void> callback_ran;
  const auto waiting = OsProcess::start(shell("exit 0"), [&](OsProcessExit) {
    callback_waits.set_value();
    const std::lock_guard lock(mutex);
    callback_ran.set_value();
  });
  {
    const std::lock_guard lock(mutex);
    ASSERT_EQ(callback_waits.get_future().wait_for(20s), std::future_status::ready);
    auto other = OsProcess::start(shell("sleep 1000"), nullptr);
    ASSERT_TRUE(other.ok());
    other->reset();
  }
  EXPECT_EQ(callback_ran.get_future().wait_for(20s), std::future_status::ready);
}

TEST(os_process, inherits_no_descriptor_and_no_signal_setting) {
  const int leaky = ::open("/dev/null", O_RDONLY);  // Without O_CLOEXEC.
  ::signal(SIGPIPE, SIG_IGN);
  Running descriptors(OsProcessSpec{{"ls", "/proc/self/fd"}, path_only, "", nullptr, nullptr, false});
  EXPECT_EQ(descriptors.output(), "0\n1\n2\n3\n");  // 3 is ls's own look into the folder.
  Running signals(shell("grep -E '^Sig(Blk|Ign)' /proc/self/status"));
  EXPECT_EQ(signals.output(), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  ::signal(SIGPIPE, SIG_DFL);
  ::close(leaky);
}

TEST(os_process, names_the_program_and_folder_when_it_cannot_start) {
  const auto expect_error = [](OsProcessSpec spec, ErrorCode code, std::string_view named) {
    Running child(std::move(spec));
    ASSERT_TRUE(child.error.has_value());
    EXPECT_EQ(child.error->code, code) << child.error->message;
    EXPECT_THAT(child.error->message, HasSubstr(std::string(named)));
  };
  expect_error({{"no-such-program-xyz"}, path_only, "", nullptr, nullptr, false}, ErrorCode::not_found,
               "no-such-program-xyz");
  expect_error({{"/no/such/program"}, path_only, "", nullptr, nullptr, false}, ErrorCode::not_found,
               "/no/such/program");
  expect_error({{"sh"}, {{"PATH", ""}}, "", nullptr, nullptr, false}, ErrorCode::not_found, "sh");
  expect_error({{"sh"}, path_only, "/no/such/folder", nullptr, nullptr, false}, ErrorCode::not_found,
               "/no/such/folder");
  expect_error({{"/etc/passwd"}, path_only, "", nullptr, nullptr, false}, ErrorCode::permission_denied, "/etc/passwd");
  expect_error({{}, path_only, "", nullptr, nullptr, false}, ErrorCode::invalid_argument, "argv");
}

TEST(os_process, says_that_a_file_is_no_program) {
  std::string pattern = (fs::temp_directory_path() / "troupe_noexec_XXXXXX").string();
  const int fd = ::mkstemp(pattern.data());
  ASSERT_EQ(::write(fd, "\x01\x02\x03", 3), 3);
  ::fchmod(fd, 0755);
  ::close(fd);
  Running child(OsProcessSpec{{pattern}, path_only, "", nullptr, nullptr, false});
  fs::remove(pattern);
  ASSERT_TRUE(child.error.has_value());
  EXPECT_EQ(child.error->code, ErrorCode::invalid_argument);
}

TEST(os_process, starts_and_ends_many_at_once_from_many_threads) {
  std::atomic<int> exited{0};
  std::vector<std::thread> starters;
  for (int t = 0; t < 4; ++t) {
    starters.emplace_back([&] {
      std::vector<std::unique_ptr<Running>> children;
      for (int i = 0; i < 15; ++i) {
        children.push_back(std::make_unique<Running>(shell("echo hello")));
      }
      for (const auto& child : children) {
        exited += child->output() == "hello\n" ? 1 : 0;
      }
    });
  }
  for (std::thread& starter : starters) {
    starter.join();
  }
  EXPECT_EQ(exited, 60);
}

TEST(os_process, leaks_no_descriptors) {
  const auto open_descriptors = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  Running(shell("exit 0")).wait();
  const auto before = open_descriptors();
  for (int i = 0; i < 20; ++i) {
    Running(shell("echo x")).wait();
    Running(OsProcessSpec{{"no-such-program-xyz"}, path_only, "", nullptr, nullptr, false});
  }
  EXPECT_TRUE(eventually([&] { return open_descriptors() <= before; }));
}

}  // namespace
}  // namespace troupe::platform
