// An HTTP server that does exactly what a test tells it, byte by byte: it can cut an answer short, fall silent, vanish
// and come back on the same port, none of which a well-behaved server does.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace troupe::kube {

struct SeenRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  ///< Names in lower case.
  std::string body;
  int connection = 0;  ///< Counted from 1, in the order of acceptance.

  [[nodiscard]] std::string path() const { return target.substr(0, target.find('?')); }
  [[nodiscard]] bool is_watch() const { return target.find("watch=true") != std::string::npos; }
  /// Value of a query parameter, still percent-encoded; "" when absent.
  [[nodiscard]] std::string query(const std::string& key) const;
};

class ScriptedServer;

/// The connection that a request came on. The connection is closed when the handler returns false.
class Peer {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  bool respond(int status, std::string_view body, const Headers& headers = {});
  bool json(std::string_view body) { return respond(200, body, {{"Content-Type", "application/json"}}); }
  /// A Status document.
  bool refuse(int status, std::string_view reason, std::string_view message, const Headers& headers = {});
  bool start_chunked();
  bool chunk(std::string_view text);
  bool end_chunked() { return raw("0\r\n\r\n"); }
  /// False when the client is gone.
  bool raw(std::string_view bytes);
  /// Waits until the client closes the connection or the server stops.
  void hold();
  /// Closes with a reset instead of an orderly end.
  void reset();

 private:
  friend class ScriptedServer;
  Peer(ScriptedServer& server, int socket) : server_(server), socket_(socket) {}
  ScriptedServer& server_;
  int socket_;
};

class ScriptedServer {
 public:
  /// Runs on a thread of its connection; may block. Returns whether the connection is kept.
  using Handler = std::function<bool(const SeenRequest&, Peer&)>;

  /// Port 0 takes a free one.
  explicit ScriptedServer(Handler handler, std::uint16_t port = 0);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::vector<SeenRequest> requests() const;
  [[nodiscard]] std::size_t count(std::function<bool(const SeenRequest&)> which) const;
  [[nodiscard]] bool stopping() const;
  /// Closes every idle or running connection, as a restarting server does, but goes on listening.
  void drop_connections();

 private:
  friend class Peer;
  void accept_all();
  void serve(int socket, int number);

  Handler handler_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  bool stopping_ = false;
  std::vector<int> open_;
  std::vector<SeenRequest> requests_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace troupe::kube
