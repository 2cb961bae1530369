// cpprestsdk's ways that shape this file: a body sink is the only way to read with back-pressure; a request with a
// rewindable body is re-sent silently when a pooled connection turns out dead; a failed task that nobody looks at
// ends the process; its timeout is an idle timeout; dropping a response does not stop it.
#include "kube/cpprest_transport.hpp"

#include <cpprest/http_client.h>
#include <cpprest/producerconsumerstream.h>
#include <cpprest/streams.h>
#include <openssl/err.h>
#include <pplx/threadpool.h>

#include <mutex>

#include "base/check.hpp"
#include "kube/exchange.hpp"
#include "kube/server_url.hpp"
#include "kube/tls_context.hpp"

namespace troupe::kube {
namespace {

namespace streams = concurrency::streams;
using web::http::client::http_client;
using web::http::client::http_client_config;

/// Thread pool of cpprestsdk, shared by the program. Nothing that runs on it blocks.
constexpr std::size_t pool_threads = 4;
/// `send` keeps its own deadline; the library's idle timer must only never fire before it.
constexpr std::chrono::hours send_idle_timeout{1};
/// Dead pooled connections skipped by one request. The pool drops idle ones after a minute.
constexpr int stale_connections_max = 64;
/// A peer that vanished without a word is noticed in about this time where keepalive can be set.
constexpr int keepalive_idle_seconds = 15;
constexpr int keepalive_interval_seconds = 5;
constexpr int keepalive_probes = 3;
constexpr int user_timeout_ms = 30'000;
constexpr std::chrono::seconds stop_wait_max{10};

/// Thrown before a request is written: the pooled connection was closed by the server. Safe to send again.
struct StaleConnection {};
struct TlsFailure {
  Error error;
};

// --- One request and its answer
// ----------------------------------------------------------------------------------------

/// Where the library writes an answer's body: straight into the exchange, one piece at a time.
class Sink final : public streams::details::streambuf_state_manager<std::uint8_t> {
 public:
  explicit Sink(std::shared_ptr<Exchange> exchange)
      : streambuf_state_manager(std::ios_base::out), exchange_(std::move(exchange)) {}

  [[nodiscard]] bool can_seek() const override { return false; }
  [[nodiscard]] bool has_size() const override { return false; }
  [[nodiscard]] utility::size64_t size() const override { return 0; }
  [[nodiscard]] std::size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(std::size_t, std::ios_base::openmode) override {}
  [[nodiscard]] std::size_t in_avail() const override { return 0; }
  [[nodiscard]] pos_type getpos(std::ios_base::openmode) const override { return pos_type(-1); }
  pos_type seekpos(pos_type, std::ios_base::openmode) override { return pos_type(-1); }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override { return pos_type(-1); }
  bool acquire(std::uint8_t*&, std::size_t&) override { return false; }
  void release(std::uint8_t*, std::size_t) override {}

 protected:
  pplx::task<std::size_t> _putn(const std::uint8_t* bytes, std::size_t count) override {
    const pplx::task_completion_event<std::size_t> taken;
    if (!exchange_->data({reinterpret_cast<const char*>(bytes), count}, [taken, count] { taken.set(count); })) {
      return pplx::task_from_exception<std::size_t>(std::runtime_error("the reader is gone"));
    }
    return pplx::task<std::size_t>(taken);
  }
  pplx::task<int_type> _putc(std::uint8_t byte) override {
    auto kept = std::make_shared<std::uint8_t>(byte);
    return _putn(kept.get(), 1).then([kept](std::size_t) -> int_type { return *kept; });
  }
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }

  pplx::task<int_type> _bumpc() override { return nothing(); }
  int_type _sbumpc() override { return traits::eof(); }
  pplx::task<int_type> _getc() override { return nothing(); }
  int_type _sgetc() override { return traits::eof(); }
  pplx::task<int_type> _nextc() override { return nothing(); }
  pplx::task<int_type> _ungetc() override { return nothing(); }
  pplx::task<std::size_t> _getn(std::uint8_t*, std::size_t) override { return pplx::task_from_result<std::size_t>(0); }
  std::size_t _scopy(std::uint8_t*, std::size_t) override { return 0; }
  std::uint8_t* _alloc(std::size_t) override { return nullptr; }
  void _commit(std::size_t) override {}

 private:
  static pplx::task<int_type> nothing() { return pplx::task_from_result<int_type>(traits::eof()); }

  std::shared_ptr<Exchange> exchange_;
};

// --- Requests, errors
// --------------------------------------------------------------------------------------------------

web::http::http_request to_library(const TransportRequest& request, const Config& config,
                                   const std::shared_ptr<Exchange>& exchange) {
  web::http::http_request out(request.method);
  out.set_request_uri(web::uri(request.path_and_query));
  for (const auto& [name, value] : request.headers) {
    out.headers().add(name, value);
  }
  if (!config.tls_server_name.empty()) {
    // The library takes the name that it checks, and sends as SNI, from here.
    out.headers().add("Host", config.tls_server_name);
  }
  if (request.method != "GET") {
    // This kind of stream cannot be rewound, which is what keeps the library from re-sending a write by itself.
    streams::producer_consumer_buffer<std::uint8_t> body;
    body.putn_nocopy(reinterpret_cast<const std::uint8_t*>(request.body.data()), request.body.size()).wait();
    body.close(std::ios_base::out).wait();
    out.set_body(body.create_istream(), request.body.size(), request.content_type);
  }
  out.set_response_stream(streams::ostream(streams::streambuf<std::uint8_t>(std::make_shared<Sink>(exchange))));
  return out;
}

TransportHeaders from_library(const web::http::http_headers& headers) {
  TransportHeaders out;
  for (const auto& [name, value] : headers) {
    out.emplace_back(name, value);
  }
  return out;
}

std::string describe(const web::http::http_exception& failure) {
  std::string text = failure.what();
  // A TLS failure's code is OpenSSL's, which the library prints as a bare number.
  if (text.find("SSL") != std::string::npos) {
    const auto code = static_cast<unsigned long>(static_cast<unsigned>(failure.error_code().value()));
    if (const char* reason = ERR_reason_error_string(code); reason != nullptr) {
      text += std::string(": ") + reason;
    }
  }
  return text;
}

Error to_error(const web::http::http_exception& failure) {
  const std::error_code& code = failure.error_code();
  if (code == std::errc::timed_out) {
    return {ErrorCode::timeout, "the server was silent for too long"};
  }
  if (code == std::errc::operation_canceled) {
    return {ErrorCode::unavailable, "cancelled"};
  }
  const std::string text = describe(failure);
  if (text.find("connect") != std::string::npos && code == std::errc::host_unreachable) {
    return {ErrorCode::unavailable, "connection refused; the request was not sent"};
  }
  if (text.find("resolv") != std::string::npos) {
    return {ErrorCode::unavailable, text + "; the request was not sent"};
  }
  return {ErrorCode::unavailable, text};
}

Error to_error(std::exception_ptr failure) {
  try {
    std::rethrow_exception(std::move(failure));
  } catch (const TlsFailure& tls) {
    return tls.error;
  } catch (const StaleConnection&) {
    return {ErrorCode::unavailable, "every pooled connection was closed; the request was not sent"};
  } catch (const web::http::http_exception& http) {
    return to_error(http);
  } catch (const std::exception& other) {
    return {ErrorCode::unavailable, other.what()};
  } catch (...) {
    return {ErrorCode::internal, "the HTTP library failed without a reason"};
  }
}

// --- Sockets
// -----------------------------------------------------------------------------------------------------------

template <int level, int name>
using IntegerOption = boost::asio::detail::socket_option::integer<level, name>;

void open_with_keepalive(boost::asio::ip::tcp::socket& socket) {
  socket.open(boost::asio::ip::tcp::v4());
  socket.set_option(boost::asio::socket_base::keep_alive(true));
  socket.set_option(IntegerOption<IPPROTO_TCP, TCP_KEEPIDLE>(keepalive_idle_seconds));
  socket.set_option(IntegerOption<IPPROTO_TCP, TCP_KEEPINTVL>(keepalive_interval_seconds));
  socket.set_option(IntegerOption<IPPROTO_TCP, TCP_KEEPCNT>(keepalive_probes));
  socket.set_option(IntegerOption<IPPROTO_TCP, TCP_USER_TIMEOUT>(user_timeout_ms));
}

/// An idle connection has nothing to read; end of stream, an error or stray bytes mean that it is no longer good.
void refuse_stale(boost::asio::ip::tcp::socket& socket) {
  boost::system::error_code failure;
  socket.non_blocking(true, failure);
  char byte = 0;
  socket.receive(boost::asio::buffer(&byte, 1), boost::asio::socket_base::message_peek, failure);
  if (failure != boost::asio::error::would_block) {
    throw StaleConnection{};
  }
}

/// Called by the library before each request with a socket that is either new or from its pool.
void prepare_socket(boost::asio::ip::tcp::socket& socket, bool literal_host) {
  if (socket.is_open()) {
    refuse_stale(socket);
  } else if (literal_host) {
    // A name may resolve to IPv6, for which a socket opened here would be of the wrong family.
    open_with_keepalive(socket);
  }
}

http_client_config library_config(const Config& config, const ServerUrl& server, std::chrono::milliseconds idle) {
  http_client_config out;
  out.set_timeout(idle);
  out.set_max_redirects(0);
  const std::string name = config.tls_server_name.empty() ? server.host : config.tls_server_name;
  out.set_tlsext_sni_enabled(!is_ipv4_literal(name));
  out.set_validate_certificates(!config.insecure_skip_tls_verify);
  out.set_ssl_context_callback([config, name](boost::asio::ssl::context& context) {
    if (auto configured = configure_tls(context.native_handle(), config, name); !configured.ok()) {
      throw TlsFailure{configured.error()};
    }
  });
  if (!config.proxy_url.empty()) {
    // Through a proxy the library passes sockets of two types to the callback below without saying which.
    const auto proxy = parse_server_url(config.proxy_url);
    check(proxy.ok(), "the proxy URL was checked when the transport was made");
    web::web_proxy library_proxy(web::uri("http://" + proxy->host + ":" + std::to_string(proxy->port)));
    if (const auto colon = proxy->user_info.find(':'); colon != std::string::npos) {
      library_proxy.set_credentials(
          {web::uri::decode(proxy->user_info.substr(0, colon)), web::uri::decode(proxy->user_info.substr(colon + 1))});
    }
    out.set_proxy(library_proxy);
    return out;
  }
  const bool tls = server.scheme == "https";
  const bool literal = is_ipv4_literal(server.host);
  out.set_nativehandle_options([tls, literal](web::http::client::native_handle handle) {
    if (tls) {
      auto* stream = static_cast<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>*>(handle);
      prepare_socket(stream->next_layer(), literal);
    } else {
      prepare_socket(*static_cast<boost::asio::ip::tcp::socket*>(handle), literal);
    }
  });
  return out;
}

// --- The transport
// -----------------------------------------------------------------------------------------------------

/// An exchange and the token that cancels its request.
struct Cancellable {
  pplx::cancellation_token_source cancel;
  std::shared_ptr<Exchange> exchange;

  explicit Cancellable(StreamHandler handler)
      : exchange(std::make_shared<Exchange>(std::move(handler), [source = cancel] { source.cancel(); })) {}
};

/// What one request needs until its answer has ended.
struct Attempt {
  std::shared_ptr<http_client> client;
  std::shared_ptr<const TransportRequest> request;
  std::shared_ptr<const Config> config;
  Cancellable running;
  std::shared_ptr<RunningExchanges> all;
  int stale_seen = 0;
};

void start(const Attempt& attempt);

/// The last step of each request: nothing thrown in the chain before may go unseen, or the library ends the process.
void finish(const Attempt& attempt, const pplx::task<web::http::http_response>& done) {
  std::optional<Error> error;
  try {
    done.get();
  } catch (const StaleConnection&) {
    if (attempt.stale_seen < stale_connections_max && !attempt.running.exchange->closed()) {
      Attempt again = attempt;
      ++again.stale_seen;
      start(again);
      return;
    }
    error = to_error(std::current_exception());
  } catch (...) {
    error = to_error(std::current_exception());
  }
  attempt.running.exchange->end(std::move(error));
  attempt.all->remove(attempt.running.exchange);
}

void start(const Attempt& attempt) {
  const auto exchange = attempt.running.exchange;
  pplx::task<web::http::http_response> answer;
  try {
    answer = attempt.client->request(to_library(*attempt.request, *attempt.config, exchange),
                                     attempt.running.cancel.get_token());
  } catch (...) {
    answer = pplx::task_from_exception<web::http::http_response>(std::current_exception());
  }
  answer
      .then([exchange](web::http::http_response response) {
        exchange->head(response.status_code(), from_library(response.headers()));
        return response.content_ready();
      })
      .then([attempt](const pplx::task<web::http::http_response>& done) { finish(attempt, done); });
}

class CpprestStream final : public TransportStream {
 public:
  explicit CpprestStream(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  ~CpprestStream() override { exchange_->close(); }
  CpprestStream(const CpprestStream&) = delete;
  CpprestStream& operator=(const CpprestStream&) = delete;

 private:
  std::shared_ptr<Exchange> exchange_;
};

class CpprestTransport final : public Transport {
 public:
  CpprestTransport(Config config, ServerUrl server, std::size_t response_bytes_max)
      : config_(std::make_shared<const Config>(std::move(config))),
        server_(std::move(server)),
        response_bytes_max_(response_bytes_max),
        running_(std::make_shared<RunningExchanges>()),
        sender_(make_client(send_idle_timeout)) {}

  ~CpprestTransport() override {
    running_->stop();
    running_->wait(stop_wait_max);
  }
  CpprestTransport(const CpprestTransport&) = delete;
  CpprestTransport& operator=(const CpprestTransport&) = delete;

  Result<TransportResponse> send(const TransportRequest& request) override {
    const auto deadline = std::chrono::steady_clock::now() + request.timeout;
    const auto collected = std::make_shared<CollectedResponse>(response_bytes_max_);
    const auto exchange = begin(sender_, request, CollectedResponse::collect(collected));
    auto response = collected->wait_until(deadline);
    exchange->close();
    return response;
  }

  std::unique_ptr<TransportStream> stream(const TransportRequest& request, StreamHandler handler) override {
    // A client of its own: the library's idle timeout belongs to the client, and the connection is used up anyway.
    return std::make_unique<CpprestStream>(begin(make_client(request.timeout), request, std::move(handler)));
  }

  void stop() override { running_->stop(); }

 private:
  [[nodiscard]] std::shared_ptr<http_client> make_client(std::chrono::milliseconds idle) const {
    return std::make_shared<http_client>(web::uri(server_.text()), library_config(*config_, server_, idle));
  }

  std::shared_ptr<Exchange> begin(const std::shared_ptr<http_client>& client, const TransportRequest& request,
                                  StreamHandler handler) {
    const Cancellable running(std::move(handler));
    if (!running_->add(running.exchange)) {
      running.exchange->end(Error{ErrorCode::unavailable, "the client was stopped; the request was not sent"});
      return running.exchange;
    }
    start({client, std::make_shared<const TransportRequest>(request), config_, running, running_});
    return running.exchange;
  }

  std::shared_ptr<const Config> config_;
  ServerUrl server_;
  std::size_t response_bytes_max_;
  std::shared_ptr<RunningExchanges> running_;
  std::shared_ptr<http_client> sender_;
};

void start_pool() {
  static std::once_flag once;
  std::call_once(once, [] {
    try {
      crossplat::threadpool::initialize_with_threads(pool_threads);
    } catch (const std::exception&) {
      // Somebody else in this program has started it: then it has the size they chose.
    }
  });
}

}  // namespace

Result<std::unique_ptr<Transport>> make_cpprest_transport(const Config& config, std::size_t response_bytes_max) {
  auto server = parse_server_url(config.server);
  if (!server.ok()) {
    return server.error().in("server");
  }
  if (!config.proxy_url.empty()) {
    const auto proxy = parse_server_url(config.proxy_url);
    if (!proxy.ok()) {
      return proxy.error().in("proxy-url");
    }
    if (proxy->scheme != "http") {
      return Error{ErrorCode::unsupported, "proxy-url: only http:// proxies are supported, not " + config.proxy_url};
    }
  }
  if (server->scheme == "https") {
    if (auto tls = check_tls(config, config.tls_server_name.empty() ? server->host : config.tls_server_name);
        !tls.ok()) {
      return tls.error();
    }
  }
  start_pool();
  return std::unique_ptr<Transport>(
      std::make_unique<CpprestTransport>(config, std::move(server).value(), response_bytes_max));
}

}  // namespace troupe::kube
