#include "platform/local_socket.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstddef>
#include <cstring>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include "platform/file_descriptor.hpp"

namespace troupe::platform {
namespace {

constexpr int askers_max = 16;
/// An asker that is silent for longer is let go.
constexpr std::chrono::seconds question_timeout{10};

Error system_error(ErrorCode code, const std::string& what) { return {code, what + ": " + std::strerror(errno)}; }

/// The leading zero byte puts the name into the abstract namespace (unix(7)).
std::pair<sockaddr_un, socklen_t> abstract_address(std::string_view name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t size = std::min(name.size(), sizeof address.sun_path - 1);
  std::memcpy(address.sun_path + 1, name.data(), size);
  return {address, static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + size)};
}

void set_timeout(int descriptor, std::chrono::milliseconds timeout) {
  timeval limit{};
  limit.tv_sec = static_cast<time_t>(timeout.count() / 1000);
  limit.tv_usec = static_cast<suseconds_t>(timeout.count() % 1000 * 1000);
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

bool write_all(int descriptor, std::string_view data) {
  while (!data.empty()) {
    const ssize_t sent = send(descriptor, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) {
      continue;
    }
    if (sent <= 0) {
      return false;
    }
    data.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// Until the other side has said all; false when it broke off, was too slow or said too much.
bool read_all(int descriptor, std::size_t bytes_max, std::string& out) {
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t got = recv(descriptor, buffer, sizeof buffer, 0);
    if (got == 0) {
      return true;
    }
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0 || out.size() + static_cast<std::size_t>(got) > bytes_max) {
      return false;
    }
    out.append(buffer, static_cast<std::size_t>(got));
  }
}

bool same_user(int descriptor) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 &&
         (credentials.uid == geteuid() || credentials.uid == 0);
}

class Server final : public LocalSocketServer {
 public:
  Server(FileDescriptor listener, FileDescriptor stop, std::function<std::string(std::string)> answer)
      : listener_(std::move(listener)),
        stop_(std::move(stop)),
        answer_(std::move(answer)),
        thread_([this] { accept_all(); }) {}

  ~Server() override {
    eventfd_write(stop_.get(), 1);
    thread_.join();
  }

 private:
  struct Asker {
    std::thread thread;
    bool done = false;
  };

  void accept_all() {
    for (;;) {
      reap(askers_max - 1);
      pollfd waits[] = {{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
      if (poll(waits, 2, -1) < 0 && errno != EINTR) {
        break;
      }
      if (waits[1].revents != 0) {
        break;
      }
      FileDescriptor connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (connection.is_open() && same_user(connection.get())) {
        start_asker(std::move(connection));
      }
    }
    reap(0);
  }

  void start_asker(FileDescriptor connection) {
    const std::lock_guard lock(mutex_);
    Asker& asker = askers_.emplace_back();
    asker.thread = std::thread([this, &asker, held = std::move(connection)] {
      set_timeout(held.get(), question_timeout);
      std::string question;
      if (read_all(held.get(), local_question_bytes_max, question)) {
        write_all(held.get(), answer_(std::move(question)));
      }
      const std::lock_guard done_lock(mutex_);
      asker.done = true;
      changed_.notify_all();
    });
  }

  /// Joins those that are done; waits until at most `most` are left.
  void reap(std::size_t most) {
    std::unique_lock lock(mutex_);
    for (;;) {
      for (auto asker = askers_.begin(); asker != askers_.end();) {
        if (!asker->done) {
          ++asker;
          continue;
        }
        std::thread finished = std::move(asker->thread);
        asker = askers_.erase(asker);
        lock.unlock();
        finished.join();
        lock.lock();
        asker = askers_.begin();
      }
      if (askers_.size() <= most) {
        return;
      }
      changed_.wait(lock);
    }
  }

  FileDescriptor listener_;
  FileDescriptor stop_;
  std::function<std::string(std::string)> answer_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Asker> askers_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<LocalSocketServer>> LocalSocketServer::start(std::string_view name,
                                                                    std::function<std::string(std::string)> answer) {
  FileDescriptor listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  FileDescriptor stop(eventfd(0, EFD_CLOEXEC));
  if (!listener.is_open() || !stop.is_open()) {
    return system_error(ErrorCode::internal, "cannot open a Unix socket");
  }
  const auto [address, size] = abstract_address(name);
  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      listen(listener.get(), askers_max) != 0) {
    return system_error(errno == EADDRINUSE ? ErrorCode::already_exists : ErrorCode::internal,
                        "cannot answer at the local socket " + std::string(name));
  }
  return std::unique_ptr<LocalSocketServer>(new Server(std::move(listener), std::move(stop), std::move(answer)));
}

Result<std::string> ask_local_socket(std::string_view name, std::string_view question,
                                     std::chrono::milliseconds timeout) {
  FileDescriptor connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection.is_open()) {
    return system_error(ErrorCode::internal, "cannot open a Unix socket");
  }
  set_timeout(connection.get(), timeout);
  const auto [address, size] = abstract_address(name);
  if (connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    return system_error(errno == ECONNREFUSED ? ErrorCode::not_found : ErrorCode::unavailable,
                        "nobody answers at the local socket " + std::string(name));
  }
  if (!write_all(connection.get(), question) || shutdown(connection.get(), SHUT_WR) != 0) {
    return system_error(ErrorCode::unavailable, "the question was not taken");
  }
  std::string answer;
  if (!read_all(connection.get(), local_answer_bytes_max, answer)) {
    return system_error(errno == EAGAIN ? ErrorCode::timeout : ErrorCode::unavailable, "no answer");
  }
  return answer;
}

}  // namespace troupe::platform
