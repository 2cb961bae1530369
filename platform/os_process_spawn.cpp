#include "platform/os_process_spawn.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>

#include "platform/os_error.hpp"

namespace troupe::platform {
namespace {

constexpr std::string_view default_path = "/usr/local/bin:/usr/bin:/bin";

/// Everything that exec needs, made before fork: afterwards nothing may allocate.
struct ExecImage {
  std::string program;
  std::vector<std::string> environment;
  std::vector<char*> argv;
  std::vector<char*> envp;
  const char* working_dir = nullptr;
};

/// What the child inherits as 0, 1 and 2, and where it reports that it could not start.
struct ChildEnds {
  FileDescriptor input;
  FileDescriptor output;
  FileDescriptor errors;
  FileDescriptor report;
};

enum class Stage : int { prepare, working_dir, exec };
struct StartFailure {
  Stage stage;
  int errno_value;
};

constexpr int report_fd = 3;
constexpr int above_standard = 10;

// From here to `run_child` only async-signal-safe calls: another thread may have held any lock at the fork.

[[noreturn]] void report_and_exit(int report, Stage stage) {
  const StartFailure failure{stage, errno};
  (void)!::write(report, &failure, sizeof failure);
  ::_exit(127);
}

void close_from(unsigned first) {
  if (::syscall(SYS_close_range, first, ~0U, 0) == 0) {
    return;
  }
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto last = static_cast<unsigned>(std::min<rlim_t>(limit.rlim_cur, 65536));
  for (unsigned fd = first; fd < last; ++fd) {
    ::close(static_cast<int>(fd));
  }
}

void reset_signals() {
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) {
    ::sigaction(signal, &by_default, nullptr);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void run_child(const ExecImage& image, const ChildEnds& ends, pid_t parent) {
  // Out of the way first: an end may itself be 0, 1 or 2 when this program runs without standard streams.
  const int report = ::fcntl(ends.report.get(), F_DUPFD_CLOEXEC, above_standard);
  const std::array sources{::fcntl(ends.input.get(), F_DUPFD, above_standard),
                           ::fcntl(ends.output.get(), F_DUPFD, above_standard),
                           ::fcntl(ends.errors.get(), F_DUPFD, above_standard)};
  for (int target = 0; target < 3; ++target) {
    if (::dup2(sources[static_cast<std::size_t>(target)], target) < 0) {
      report_and_exit(report, Stage::prepare);
    }
  }
  if (::dup3(report, report_fd, O_CLOEXEC) < 0 || ::setpgid(0, 0) != 0) {
    report_and_exit(report, Stage::prepare);
  }
  close_from(report_fd + 1);
  reset_signals();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) {  // It died before the line above.
    ::_exit(127);
  }
  if (image.working_dir != nullptr && ::chdir(image.working_dir) != 0) {
    report_and_exit(report_fd, Stage::working_dir);
  }
  ::execve(image.program.c_str(), image.argv.data(), image.envp.data());
  report_and_exit(report_fd, Stage::exec);
}

// Async-signal-safe part ends.

Result<ExecImage> make_image(const OsProcessSpec& spec) {
  if (spec.argv.empty() || spec.argv.front().empty()) {
    return Error{ErrorCode::invalid_argument, "cannot start a process: argv is empty"};
  }
  const auto path = spec.env.find("PATH");
  auto program =
      find_program(spec.argv.front(), path == spec.env.end() ? default_path : std::string_view(path->second));
  if (!program.ok()) {
    return program.error();
  }
  ExecImage image;
  image.program = std::move(*program);
  for (const std::string& argument : spec.argv) {
    image.argv.push_back(const_cast<char*>(argument.c_str()));
  }
  image.argv.push_back(nullptr);
  image.environment.reserve(spec.env.size());
  for (const auto& [name, value] : spec.env) {
    image.environment.push_back(name + "=" + value);
    image.envp.push_back(image.environment.back().data());
  }
  image.envp.push_back(nullptr);
  image.working_dir = spec.working_dir.empty() ? nullptr : spec.working_dir.c_str();
  return image;
}

struct Pipe {
  FileDescriptor read_end;
  FileDescriptor write_end;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return os_error(errno, "cannot make a pipe");
  }
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

void make_nonblocking(const FileDescriptor& ours) { ::fcntl(ours.get(), F_SETFL, O_NONBLOCK); }

/// A pipe when `wanted`, else /dev/null for the child.
Result<void> open_output(bool wanted, FileDescriptor& ours, FileDescriptor& childs) {
  if (!wanted) {
    childs = FileDescriptor(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    return childs.is_open() ? Result<void>() : os_error(errno, "cannot open /dev/null");
  }
  auto pipe = make_pipe();
  if (!pipe.ok()) {
    return pipe.error();
  }
  ours = std::move(pipe->read_end);
  childs = std::move(pipe->write_end);
  make_nonblocking(ours);
  return {};
}

Result<void> open_input(bool wanted, FileDescriptor& ours, FileDescriptor& childs) {
  if (!wanted) {
    childs = FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    return childs.is_open() ? Result<void>() : os_error(errno, "cannot open /dev/null");
  }
  auto pipe = make_pipe();
  if (!pipe.ok()) {
    return pipe.error();
  }
  ours = std::move(pipe->write_end);
  childs = std::move(pipe->read_end);
  make_nonblocking(ours);
  return {};
}

std::string where(const OsProcessSpec& spec) {
  return "cannot start \"" + spec.argv.front() + "\" in " +
         (spec.working_dir.empty() ? std::string("this program's folder") : "\"" + spec.working_dir + "\"");
}

Error start_error(const OsProcessSpec& spec, const StartFailure& failure) {
  switch (failure.stage) {
    case Stage::working_dir:
      return os_error(failure.errno_value, where(spec) + ": the working folder");
    case Stage::exec:
      return os_error(failure.errno_value, where(spec));
    case Stage::prepare:
      break;
  }
  return Error{ErrorCode::internal, os_error(failure.errno_value, where(spec)).message};
}

/// Waits until exec has closed the pipe, or has failed and told why.
std::optional<StartFailure> read_report(const FileDescriptor& report) {
  StartFailure failure{};
  ssize_t got = 0;
  do {
    got = ::read(report.get(), &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  return got == static_cast<ssize_t>(sizeof failure) ? std::optional(failure) : std::nullopt;
}

}  // namespace

Result<std::string> find_program(const std::string& name, std::string_view path) {
  if (name.find('/') != std::string::npos) {
    return name;
  }
  bool found_unusable = false;
  while (!path.empty()) {
    const std::string_view folder = path.substr(0, path.find(':'));
    path.remove_prefix(std::min(path.size(), folder.size() + 1));
    const std::string candidate = std::string(folder.empty() ? "." : folder) + "/" + name;
    struct stat status {};
    if (::stat(candidate.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
      if (::access(candidate.c_str(), X_OK) == 0) {
        return candidate;
      }
      found_unusable = true;
    }
  }
  if (found_unusable) {
    return Error{ErrorCode::permission_denied, "cannot start \"" + name + "\": found in PATH, but not executable"};
  }
  return Error{ErrorCode::not_found, "cannot start \"" + name + "\": no such program in PATH"};
}

Result<SpawnedProcess> spawn_process(const OsProcessSpec& spec) {
  const auto image = make_image(spec);
  if (!image.ok()) {
    return image.error();
  }
  SpawnedProcess spawned;
  ChildEnds ends;
  auto report = make_pipe();
  if (!report.ok()) {
    return report.error();
  }
  ends.report = std::move(report->write_end);
  for (auto opened : {open_input(spec.with_stdin, spawned.input, ends.input),
                      open_output(spec.on_stdout != nullptr, spawned.output, ends.output),
                      open_output(spec.on_stderr != nullptr, spawned.errors, ends.errors)}) {
    if (!opened.ok()) {
      return opened.error().in(where(spec));
    }
  }
  const pid_t parent = ::getpid();
  spawned.pid = ::fork();
  if (spawned.pid < 0) {
    return os_error(errno, where(spec));
  }
  if (spawned.pid == 0) {
    run_child(*image, ends, parent);
  }
  ends = ChildEnds();
  if (const auto failure = read_report(report->read_end)) {
    ::waitpid(spawned.pid, nullptr, 0);
    return start_error(spec, *failure);
  }
  spawned.pidfd = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, spawned.pid, 0)));
  return spawned;
}

}  // namespace troupe::platform
