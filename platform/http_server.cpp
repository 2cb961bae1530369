#include "platform/http_server.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <thread>

#include "base/log.hpp"
#include "platform/http_connection.hpp"
#include "platform/http_head.hpp"
#include "platform/os_error.hpp"
#include "platform/tls_context.hpp"

namespace troupe::platform {

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (http_names_equal(key, name)) {
      return value;
    }
  }
  return {};
}

std::string HttpRequest::joined_header(std::string_view name) const {
  std::string joined;
  for (const auto& [key, value] : headers) {
    if (http_names_equal(key, name)) {
      joined += (joined.empty() ? "" : ", ") + value;
    }
  }
  return joined;
}

namespace {

namespace net = boost::asio;
using boost::system::error_code;

/// After an accept that failed for want of descriptors or memory: trying again at once would spin.
constexpr std::chrono::milliseconds accept_retry_delay{100};

/// All methods but `stop` run on its strand.
class HttpAcceptor : public std::enable_shared_from_this<HttpAcceptor> {
 public:
  HttpAcceptor(std::shared_ptr<HttpServerCore> core, net::ip::tcp::acceptor acceptor)
      : core_(std::move(core)), acceptor_(std::move(acceptor)), retry_(acceptor_.get_executor()) {}

  void accept_next() {
    acceptor_.async_accept(net::any_io_executor(net::make_strand(core_->context)),
                           [self = shared_from_this()](error_code failed, net::ip::tcp::socket socket) {
                             self->accepted(failed, std::move(socket));
                           });
  }

  void stop() {
    core_->post(acceptor_.get_executor(), [self = shared_from_this()] {
      self->stopped_ = true;
      error_code ignored;
      self->acceptor_.close(ignored);
      self->retry_.cancel(ignored);
    });
  }

 private:
  void accepted(error_code failed, net::ip::tcp::socket socket) {
    if (stopped_) {
      return;
    }
    if (failed && failed != net::error::connection_aborted) {
      log_warning("cannot accept an HTTP connection", {{"error", failed.message()}});
      retry_.expires_after(accept_retry_delay);
      retry_.async_wait([self = shared_from_this()](error_code cancelled) {
        if (!cancelled && !self->stopped_) {
          self->accept_next();
        }
      });
      return;
    }
    if (!failed) {
      serve(std::move(socket));
    }
    accept_next();
  }

  void serve(net::ip::tcp::socket socket) {
    const auto connection = std::make_shared<HttpConnection>(
        core_, make_http_transport(std::move(socket), core_->tls ? &*core_->tls : nullptr));
    if (core_->add(connection)) {
      connection->on_strand([connection] { connection->start(); });
    }
  }

  const std::shared_ptr<HttpServerCore> core_;
  net::ip::tcp::acceptor acceptor_;
  net::steady_timer retry_;
  bool stopped_ = false;
};

class ThreadedHttpServer final : public HttpServer {
 public:
  ThreadedHttpServer(std::shared_ptr<HttpServerCore> core, net::ip::tcp::acceptor acceptor, Endpoint local)
      : core_(std::move(core)),
        local_(std::move(local)),
        busy_(net::make_work_guard(core_->context)),
        acceptor_(std::make_shared<HttpAcceptor>(core_, std::move(acceptor))) {
    acceptor_->accept_next();
    for (int i = 0; i < std::max(1, core_->options.threads); ++i) {
      threads_.emplace_back([context = &core_->context] { context->run(); });
    }
  }

  ~ThreadedHttpServer() override {
    acceptor_->stop();
    core_->close_connections();
    busy_.reset();
    for (std::thread& thread : threads_) {
      thread.join();
    }
    acceptor_.reset();
    core_->finish();
  }
  ThreadedHttpServer(const ThreadedHttpServer&) = delete;
  ThreadedHttpServer& operator=(const ThreadedHttpServer&) = delete;

  Endpoint local() const override { return local_; }

 private:
  const std::shared_ptr<HttpServerCore> core_;
  const Endpoint local_;
  net::executor_work_guard<net::io_context::executor_type> busy_;
  std::shared_ptr<HttpAcceptor> acceptor_;
  std::vector<std::thread> threads_;
};

Result<net::ip::tcp::acceptor> listen(net::io_context& context, const Endpoint& at) {
  error_code failed;
  const auto address = net::ip::make_address_v4(at.host, failed);
  if (failed) {
    return Error{ErrorCode::invalid_argument, "cannot serve HTTP on \"" + at.host + "\": not an IPv4 address"};
  }
  net::ip::tcp::acceptor acceptor(net::any_io_executor(net::make_strand(context)));
  acceptor.open(net::ip::tcp::v4(), failed);
  if (!failed) {
    acceptor.set_option(net::socket_base::reuse_address(true), failed);
  }
  if (!failed) {
    acceptor.bind({address, at.port}, failed);
  }
  if (!failed) {
    acceptor.listen(net::socket_base::max_listen_connections, failed);
  }
  if (failed) {
    return os_error(failed.value(), "cannot serve HTTP on " + at.text());
  }
  return acceptor;
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(Options options, Handler handler) {
  std::optional<net::ssl::context> tls;
  if (options.tls) {
    auto made = make_server_tls_context(*options.tls);
    if (!made.ok()) {
      return made.error();
    }
    tls = std::move(*made);
  }
  const Endpoint at = options.at;
  auto core = std::make_shared<HttpServerCore>(std::move(options), std::move(handler), std::move(tls));
  auto acceptor = listen(core->context, at);
  if (!acceptor.ok()) {
    return acceptor.error();
  }
  error_code ignored;
  const auto bound = acceptor->local_endpoint(ignored);
  return std::unique_ptr<HttpServer>(std::make_unique<ThreadedHttpServer>(
      std::move(core), std::move(*acceptor), Endpoint{bound.address().to_string(), bound.port()}));
}

}  // namespace troupe::platform
