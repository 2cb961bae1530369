#include "local/api/kubelet_proxy.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <thread>

#include "local/api/kubelet_exec.hpp"
#include "local/api/kubelet_log.hpp"

namespace troupe::local {
namespace {

namespace asio = boost::asio;

class AsioKubeletProxy final : public KubeletProxy {
 public:
  explicit AsioKubeletProxy(asio::ssl::context context)
      : context_(std::move(context)), work_(asio::make_work_guard(io_)), thread_([this] { io_.run(); }) {}

  ~AsioKubeletProxy() override {
    io_.stop();
    thread_.join();
  }

  void stream_log(KubeletRequest request, std::shared_ptr<platform::HttpExchange> exchange) override {
    asio::post(io_, [this, request = std::move(request), exchange = std::move(exchange)] {
      start_log_session(io_, context_, request, exchange);
    });
  }

  void connect_exec(KubeletRequest request, const platform::HttpRequest& client_request,
                    std::shared_ptr<platform::HttpExchange> exchange) override {
    asio::post(io_, [this, request = std::move(request), upgrade = upgrade_request(client_request),
                     exchange = std::move(exchange)] { start_exec_tunnel(io_, context_, request, upgrade, exchange); });
  }

 private:
  asio::ssl::context context_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<KubeletProxy>> KubeletProxy::start(const platform::CertificateAndKey& certificate) {
  asio::ssl::context context(asio::ssl::context::tls_client);
  boost::system::error_code problem;
  context.set_verify_mode(asio::ssl::verify_none);
  context.use_certificate_chain(asio::buffer(certificate.certificate_pem), problem);
  if (!problem) {
    context.use_private_key(asio::buffer(certificate.private_key_pem), asio::ssl::context::pem, problem);
  }
  if (problem) {
    return Error{ErrorCode::invalid_argument,
                 "the client certificate for kubelets cannot be used: " + problem.message()};
  }
  return std::unique_ptr<KubeletProxy>(std::make_unique<AsioKubeletProxy>(std::move(context)));
}

}  // namespace troupe::local
