#include "platform/http_upgrade.hpp"

#include <utility>

namespace troupe::platform {
namespace {

/// Does not keep the connection: while upgraded that keeps itself, and what it calls back keeps this handle.
class UpgradedHandle final : public UpgradedConnection {
 public:
  UpgradedHandle(const std::shared_ptr<HttpConnection>& connection, std::shared_ptr<HttpStreamQueue> queue)
      : connection_(connection), queue_(std::move(queue)) {}
  ~UpgradedHandle() override { queue_->abandon(); }
  UpgradedHandle(const UpgradedHandle&) = delete;
  UpgradedHandle& operator=(const UpgradedHandle&) = delete;

  void start(std::function<void(std::string)> on_bytes, std::function<void()> on_closed) override {
    queue_->on_closed(std::move(on_closed));
    on_strand([on_bytes = std::move(on_bytes)](HttpConnection& connection) { connection.read_upgraded(on_bytes); });
  }

  void read_more() override {
    on_strand([](HttpConnection& connection) { connection.read_more_upgraded(); });
  }

  bool write(std::string bytes) override { return queue_->write(std::move(bytes)); }

  void close(std::chrono::seconds grace) override {
    on_strand([grace](HttpConnection& connection) { connection.set_close_grace(grace); });
    queue_->close();
  }

 private:
  void on_strand(std::function<void(HttpConnection&)> task) {
    if (const auto connection = connection_.lock()) {
      connection->on_strand([connection, task = std::move(task)] { task(*connection); });
    }
  }

  const std::weak_ptr<HttpConnection> connection_;
  const std::shared_ptr<HttpStreamQueue> queue_;
};

}  // namespace

std::shared_ptr<UpgradedConnection> make_upgraded_connection(const std::shared_ptr<HttpConnection>& connection,
                                                             std::shared_ptr<HttpStreamQueue> queue) {
  return std::make_shared<UpgradedHandle>(connection, std::move(queue));
}

}  // namespace troupe::platform
