// What the connections of one HTTP server share. Private to platform/: it shows Asio.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "platform/http_server.hpp"

namespace troupe::platform {

class HttpConnection;

/// Thread-safe. Outlives the server when a handler keeps an exchange or stream: they then do nothing.
class HttpServerCore {
 public:
  HttpServerCore(HttpServer::Options given, HttpServer::Handler handler_given,
                 std::optional<boost::asio::ssl::context> tls_given)
      : options(std::move(given)), tls(std::move(tls_given)), handler(std::move(handler_given)) {}

  const HttpServer::Options options;
  boost::asio::io_context context;
  std::optional<boost::asio::ssl::context> tls;
  HttpServer::Handler handler;

  /// Runs `task` on a server thread; drops it when they have ended.
  void post(const boost::asio::any_io_executor& on, std::function<void()> task);

  /// False when the bound on connections is reached or the server stops: the connection must go.
  [[nodiscard]] bool add(const std::shared_ptr<HttpConnection>& connection);
  void remove(HttpConnection* connection);

  /// Closes every connection and lets no other in. The threads then run out of work.
  void close_connections();
  /// After the threads have ended: nothing is posted from here on, what was posted has run.
  void finish();

 private:
  std::mutex mutex_;
  bool closing_ = false;
  bool finished_ = false;
  std::map<HttpConnection*, std::weak_ptr<HttpConnection>> connections_;
};

}  // namespace troupe::platform
