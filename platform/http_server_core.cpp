#include "platform/http_server_core.hpp"

#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

#include "platform/http_connection.hpp"

namespace troupe::platform {

void HttpServerCore::post(const boost::asio::any_io_executor& on, std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  // Posted after the threads have ended, a task would stay in the context for ever, and what it owns with it.
  if (!finished_) {
    boost::asio::post(on, std::move(task));
  }
}

bool HttpServerCore::add(const std::shared_ptr<HttpConnection>& connection) {
  const std::lock_guard lock(mutex_);
  if (closing_ || connections_.size() >= options.connections_max) {
    return false;
  }
  connections_.emplace(connection.get(), connection);
  return true;
}

void HttpServerCore::remove(HttpConnection* connection) {
  const std::lock_guard lock(mutex_);
  connections_.erase(connection);
}

void HttpServerCore::close_connections() {
  std::vector<std::shared_ptr<HttpConnection>> open;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    for (const auto& [key, connection] : connections_) {
      if (auto alive = connection.lock()) {
        open.push_back(std::move(alive));
      }
    }
  }
  for (const auto& connection : open) {
    connection->close_from_anywhere();
  }
}

void HttpServerCore::finish() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  context.restart();
  context.poll();
  handler = nullptr;
}

}  // namespace troupe::platform
