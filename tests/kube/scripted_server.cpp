#include "tests/kube/scripted_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/check.hpp"

namespace troupe::kube {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/// Reads one request off a socket; what was read beyond it stays in `buffer`.
class RequestReader {
 public:
  explicit RequestReader(int socket) : socket_(socket) {}

  std::optional<SeenRequest> next() {
    SeenRequest out;
    std::string line;
    if (!take_line(line)) {
      return std::nullopt;
    }
    out.method = line.substr(0, line.find(' '));
    const auto target = line.find(' ') + 1;
    out.target = line.substr(target, line.rfind(' ') - target);
    while (take_line(line) && !line.empty()) {
      const auto colon = line.find(':');
      const auto value = line.find_first_not_of(' ', colon + 1);
      out.headers[lower(line.substr(0, colon))] = value == std::string::npos ? "" : line.substr(value);
    }
    const auto length = out.headers.find("content-length");
    if (length != out.headers.end() && !take_bytes(std::stoul(length->second), out.body)) {
      return std::nullopt;
    }
    return out;
  }

 private:
  bool fill() {
    char bytes[16384];
    const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
    if (count <= 0) {
      return false;
    }
    buffer_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }
  bool take_line(std::string& line) {
    for (;;) {
      const auto end = buffer_.find("\r\n");
      if (end != std::string::npos) {
        line = buffer_.substr(0, end);
        buffer_.erase(0, end + 2);
        return true;
      }
      if (!fill()) {
        return false;
      }
    }
  }
  bool take_bytes(std::size_t count, std::string& out) {
    while (buffer_.size() < count) {
      if (!fill()) {
        return false;
      }
    }
    out = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return true;
  }

  int socket_;
  std::string buffer_;
};

}  // namespace

std::string SeenRequest::query(const std::string& key) const {
  const auto mark = target.find('?');
  if (mark == std::string::npos) {
    return {};
  }
  const std::string text = "&" + target.substr(mark + 1) + "&";
  const auto found = text.find("&" + key + "=");
  if (found == std::string::npos) {
    return {};
  }
  const auto start = found + key.size() + 2;
  return text.substr(start, text.find('&', start) - start);
}

bool Peer::raw(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool Peer::respond(int status, std::string_view body, const Headers& headers) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " Scripted\r\n";
  for (const auto& [name, value] : headers) {
    head += name + ": " + value + "\r\n";
  }
  head += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return raw(head + std::string(body));
}

bool Peer::refuse(int status, std::string_view reason, std::string_view message, const Headers& headers) {
  return respond(status,
                 R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":")" +
                     std::string(message) + R"(","reason":")" + std::string(reason) + R"(","code":)" +
                     std::to_string(status) + "}",
                 headers);
}

bool Peer::start_chunked() {
  return raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
}

bool Peer::chunk(std::string_view text) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", text.size());
  return raw(size + std::string(text) + "\r\n");
}

void Peer::hold() {
  char byte = 0;
  while (::recv(socket_, &byte, 1, 0) > 0) {
  }
}

void Peer::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

ScriptedServer::ScriptedServer(Handler handler, std::uint16_t port) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  check(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "cannot bind the test's port");
  check(::listen(listener_, 64) == 0, "cannot listen");
  socklen_t size = sizeof address;
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  drop_connections();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void ScriptedServer::drop_connections() {
  const std::lock_guard lock(mutex_);
  for (const int socket : open_) {
    ::shutdown(socket, SHUT_RDWR);
  }
}

bool ScriptedServer::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

std::vector<SeenRequest> ScriptedServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t ScriptedServer::count(std::function<bool(const SeenRequest&)> which) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(requests_.begin(), requests_.end(), which));
}

void ScriptedServer::accept_all() {
  for (int number = 1;; ++number) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) {
      return;
    }
    const int yes = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const std::lock_guard lock(mutex_);
    open_.push_back(socket);
    if (stopping_) {
      ::shutdown(socket, SHUT_RDWR);
    }
    threads_.emplace_back([this, socket, number] { serve(socket, number); });
  }
}

void ScriptedServer::serve(int socket, int number) {
  RequestReader reader(socket);
  Peer peer(*this, socket);
  for (bool keep = true; keep;) {
    auto request = reader.next();
    if (!request.has_value()) {
      break;
    }
    request->connection = number;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(*request);
    }
    keep = handler_(*request, peer);
  }
  const std::lock_guard lock(mutex_);
  std::erase(open_, socket);
  ::close(socket);
}

}  // namespace troupe::kube
