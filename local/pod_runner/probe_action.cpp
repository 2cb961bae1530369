#include "local/pod_runner/probe_action.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <condition_variable>
#include <csignal>
#include <mutex>

#include "platform/os_process.hpp"

namespace troupe::local {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

/// Connects, and for HTTP sends the request and reads the answer's head, each step inside the one deadline.
class NetworkProbe {
 public:
  NetworkProbe(const std::string& host, std::uint16_t port, std::chrono::milliseconds timeout) : stream_(io_) {
    boost::system::error_code malformed;
    const auto address = asio::ip::make_address(host, malformed);
    if (malformed) {
      outcome_.message = "not an address: " + host;
      return;
    }
    stream_.expires_after(timeout);
    stream_.async_connect(tcp::endpoint(address, port), [this](beast::error_code error) { on_connected(error); });
  }

  ProbeOutcome connect_only() {
    io_.run();
    return outcome_;
  }

  ProbeOutcome get(const ProbeTarget::HttpGet& request, const std::string& host) {
    request_ = http::request<http::empty_body>(http::verb::get, request.path, 11);
    request_->set(http::field::host, host);
    request_->set(http::field::user_agent, "kube-probe/troupe-local");
    request_->set(http::field::connection, "close");
    for (const auto& [name, value] : request.headers) {
      request_->set(name, value);
    }
    parser_.body_limit(1024 * 1024);
    io_.run();
    return outcome_;
  }

 private:
  void on_connected(beast::error_code error) {
    if (error) {
      return fail("connect", error);
    }
    outcome_.succeeded = true;
    if (request_) {
      outcome_.succeeded = false;
      http::async_write(stream_, *request_, [this](beast::error_code failed, std::size_t) {
        if (failed) {
          return fail("write", failed);
        }
        http::async_read_header(stream_, buffer_, parser_,
                                [this](beast::error_code unread, std::size_t) { on_head(unread); });
      });
    }
  }

  void on_head(beast::error_code error) {
    if (error) {
      return fail("read", error);
    }
    const unsigned status = parser_.get().result_int();
    outcome_.succeeded = status >= 200 && status < 400;
    if (!outcome_.succeeded) {
      outcome_.message = "HTTP probe failed with statuscode: " + std::to_string(status);
    }
  }

  void fail(const char* step, beast::error_code error) {
    outcome_ = {false, std::string("probe failed to ") + step + ": " + error.message()};
  }

  asio::io_context io_{1};
  beast::tcp_stream stream_;
  std::optional<http::request<http::empty_body>> request_;
  beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
  ProbeOutcome outcome_;
};

ProbeOutcome run_program(const std::vector<std::string>& argv, const ProgramContext& context,
                         std::chrono::milliseconds timeout) {
  std::mutex mutex;
  std::condition_variable ended;
  std::optional<platform::OsProcessExit> exit;
  platform::OsProcessSpec spec;
  spec.argv = argv;
  spec.env = context.env;
  spec.working_dir = context.working_dir;
  auto process = platform::OsProcess::start(std::move(spec), [&](platform::OsProcessExit how) {
    const std::lock_guard lock(mutex);
    exit = how;
    ended.notify_all();
  });
  if (!process) {
    return {false, process.error().message};
  }
  std::unique_lock lock(mutex);
  if (!ended.wait_for(lock, timeout, [&] { return exit.has_value(); })) {
    (*process)->signal_group(SIGKILL);
    ended.wait(lock, [&] { return exit.has_value(); });
    return {false, "command timed out"};
  }
  if (exit->code == 0 && exit->signal == 0) {
    return {true, ""};
  }
  return {false, "command ended with exit code " + std::to_string(exit->signal != 0 ? 128 + exit->signal : exit->code)};
}

}  // namespace

ProbeOutcome run_probe(const ProbeTarget& target, const ProgramContext& context, std::chrono::milliseconds timeout) {
  if (target.exec) {
    return run_program(*target.exec, context, timeout);
  }
  if (target.tcp_port) {
    return NetworkProbe(context.pod_ip, *target.tcp_port, timeout).connect_only();
  }
  const std::string& host = target.http_get->host.empty() ? context.pod_ip : target.http_get->host;
  return NetworkProbe(host, target.http_get->port, timeout).get(*target.http_get, host);
}

}  // namespace troupe::local
