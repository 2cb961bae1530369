#include "worker/distribution/epmd_client.hpp"

#include "base/log.hpp"

namespace troupe::distribution {
namespace {

constexpr std::chrono::seconds registration_retry{1};
constexpr std::chrono::seconds registration_timeout{5};

/// One question on one connection. Keeps itself alive through its timer and handlers until it has called back.
class Lookup : public std::enable_shared_from_this<Lookup> {
 public:
  Lookup(EventLoop& loop, std::string name, std::function<void(Result<EpmdNode>)> done)
      : loop_(loop), name_(std::move(name)), done_(std::move(done)) {}

  void start(Network& network, const Endpoint& epmd, Duration timeout) {
    timer_ = loop_.run_after(timeout, [self = shared_from_this()] {
      self->finish(Error{ErrorCode::timeout, "EPMD did not answer in time"});
    });
    network.connect(epmd, timeout, [self = shared_from_this()](Result<std::unique_ptr<Connection>> connected) {
      self->on_connected(std::move(connected));
    });
  }

 private:
  void on_connected(Result<std::unique_ptr<Connection>> connected) {
    if (!done_) {
      return;
    }
    if (!connected) {
      return finish(connected.error().in("EPMD"));
    }
    connection_ = std::move(connected).value();
    connection_->start({.on_data = [self = shared_from_this()](ByteView data) { self->on_data(data); },
                        .on_close =
                            [self = shared_from_this()](const std::optional<Error>&) {
                              self->finish(Error{ErrorCode::unavailable, "EPMD hung up before its answer was whole"});
                            },
                        .on_drained = {}});
    connection_->write(encode_epmd_request(PortPlease{name_}));
  }

  void on_data(ByteView data) {
    if (!done_) {
      return;
    }
    received_.insert(received_.end(), data.begin(), data.end());
    auto reply = decode_port_reply(received_);
    if (!reply) {
      return finish(reply.error());
    }
    if (*reply) {
      return finish(std::move(**reply));
    }
    if (received_.size() > epmd_reply_bytes_max) {
      finish(Error{ErrorCode::limit_exceeded, "EPMD's answer has no end"});
    }
  }

  void finish(Result<EpmdNode> result) {
    if (!done_) {
      return;
    }
    loop_.cancel(timer_);
    // Posted: this runs inside the connection's handlers, which own what is destroyed then.
    loop_.post([done = std::exchange(done_, nullptr), result = std::move(result),
                connection = std::shared_ptr<Connection>(std::move(connection_))]() mutable {
      if (connection) {
        connection->close();
        connection.reset();
      }
      done(std::move(result));
    });
  }

  EventLoop& loop_;
  std::string name_;
  std::function<void(Result<EpmdNode>)> done_;
  std::unique_ptr<Connection> connection_;
  TimerId timer_ = 0;
  Bytes received_;
};

}  // namespace

void epmd_lookup(EventLoop& loop, Network& network, const Endpoint& epmd, const std::string& name, Duration timeout,
                 std::function<void(Result<EpmdNode>)> done) {
  std::make_shared<Lookup>(loop, name, std::move(done))->start(network, epmd, timeout);
}

class EpmdRegistration::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(EventLoop& loop, Network& network, Endpoint epmd, EpmdNode node)
      : loop_(loop), network_(network), epmd_(std::move(epmd)), node_(std::move(node)) {}

  void attempt() {
    timer_ = 0;
    received_.clear();
    connection_.reset();
    network_.connect(epmd_, registration_timeout,
                     [weak = weak_from_this()](Result<std::unique_ptr<Connection>> connected) {
                       if (const auto self = weak.lock()) {
                         self->on_connected(std::move(connected));
                       }
                     });
  }

  void stop() {
    loop_.cancel(timer_);
    if (connection_) {
      connection_->close();
    }
    connection_.reset();
  }

  [[nodiscard]] bool registered() const { return registered_; }

 private:
  void on_connected(Result<std::unique_ptr<Connection>> connected) {
    if (!connected) {
      return lost(connected.error());
    }
    connection_ = std::move(connected).value();
    const auto weak = weak_from_this();
    connection_->start({.on_data =
                            [weak](ByteView data) {
                              if (const auto self = weak.lock()) {
                                self->on_data(data);
                              }
                            },
                        .on_close =
                            [weak](const std::optional<Error>&) {
                              if (const auto self = weak.lock()) {
                                self->lost(Error{ErrorCode::unavailable, "EPMD closed the connection"});
                              }
                            },
                        .on_drained = {}});
    connection_->write(encode_epmd_request(Alive{node_}));
  }

  void on_data(ByteView data) {
    if (registered_) {
      return;
    }
    received_.insert(received_.end(), data.begin(), data.end());
    const auto reply = decode_alive_reply(received_);
    if (!reply) {
      lost(reply.error());
    } else if (*reply) {
      registered_ = true;
      log_info("registered with EPMD", {{"epmd", epmd_.text()}, {"name", node_.name}});
    }
  }

  void lost(const Error& why) {
    if (registered_ || !warned_) {
      log_warning("not registered with EPMD; trying again each second",
                  {{"epmd", epmd_.text()}, {"name", node_.name}, {"reason", why.message}});
    }
    warned_ = true;
    registered_ = false;
    if (timer_ == 0) {
      timer_ = loop_.run_after(registration_retry, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
          self->attempt();
        }
      });
    }
  }

  EventLoop& loop_;
  Network& network_;
  Endpoint epmd_;
  EpmdNode node_;
  std::unique_ptr<Connection> connection_;
  Bytes received_;
  TimerId timer_ = 0;
  bool registered_ = false;
  bool warned_ = false;
};

EpmdRegistration::EpmdRegistration(EventLoop& loop, Network& network, Endpoint epmd, EpmdNode node)
    : impl_(std::make_shared<Impl>(loop, network, std::move(epmd), std::move(node))) {
  impl_->attempt();
}
EpmdRegistration::~EpmdRegistration() { impl_->stop(); }
bool EpmdRegistration::registered() const { return impl_->registered(); }

}  // namespace troupe::distribution
