#include "platform/http_connection.hpp"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <exception>
#include <utility>

#include "base/log.hpp"
#include "platform/event_loop.hpp"
#include "platform/http_exchange.hpp"
#include "platform/http_head.hpp"

namespace troupe::platform {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t read_bytes_max = 16 * 1024;
constexpr std::size_t stream_batch_bytes_max = 256 * 1024;
/// A body must grow by this much within each idle_timeout: one byte now and then does not count as going on.
constexpr std::size_t body_progress_bytes = 4 * 1024;
/// How long a client may take to hear that we have closed. Until then its bytes are read and thrown away: closing with
/// unread input would reset the connection, and it could lose our last answer.
constexpr std::chrono::seconds close_timeout{2};
constexpr std::string_view common_name_header = "x-client-common-name";

int status_of(boost::system::error_code reason) {
  if (reason == http::error::header_limit) {
    return 431;
  }
  return reason == http::error::body_limit || reason == http::error::buffer_overflow ? 413 : 400;
}

}  // namespace

HttpConnection::HttpConnection(std::shared_ptr<HttpServerCore> core, std::shared_ptr<HttpTransport> transport)
    : core_(std::move(core)), transport_(std::move(transport)), deadline_(transport_->executor()) {}

HttpConnection::~HttpConnection() {
  if (stream_) {
    stream_->ended();
  }
  core_->remove(this);
}

void HttpConnection::start() {
  set_deadline(core_->options.idle_timeout);
  transport_->handshake([self = shared_from_this()](error_code failed) {
    if (failed || self->state_ == State::closed) {
      return self->close();
    }
    self->client_common_name_ = self->transport_->client_common_name();
    self->read_next_request();
  });
}

void HttpConnection::on_strand(std::function<void()> task) { core_->post(transport_->executor(), std::move(task)); }

void HttpConnection::close_from_anywhere() {
  on_strand([self = shared_from_this()] { self->close(); });
}

void HttpConnection::close() {
  if (std::exchange(state_, State::closed) == State::closed) {
    return;
  }
  const auto keep_until_return = std::exchange(streaming_self_, nullptr);
  on_upgraded_bytes_ = nullptr;
  clear_deadline();
  transport_->close();
  core_->remove(this);
  if (const auto stream = std::exchange(stream_, nullptr)) {
    stream->ended();
  }
}

void HttpConnection::read_next_request() {
  state_ = State::reading;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(core_->options.header_bytes_max));
  parser_->body_limit(core_->options.body_bytes_max);
  parser_->eager(true);
  continue_sent_ = false;
  set_deadline(core_->options.idle_timeout);
  parse();
}

void HttpConnection::read_some() {
  if (reading_ || input_ended_) {
    return;
  }
  reading_ = true;
  transport_->read_some(input_.prepare(read_bytes_max),
                        [self = shared_from_this()](error_code failed, std::size_t count) {
                          self->reading_ = false;
                          self->on_read(failed, count);
                        });
}

void HttpConnection::on_read(error_code failed, std::size_t count) {
  if (state_ == State::closed) {
    return;
  }
  input_.commit(count);
  if (failed) {
    input_ended_ = true;
    // A client that has only ended its own side may still be waiting for the answer under way; one that reads a stream
    // has gone.
    if (state_ != State::answering && state_ != State::writing) {
      close();
    }
    return;
  }
  switch (state_) {
    case State::reading:
      bytes_since_deadline_ += count;
      return parse();
    case State::streaming:
      // Watched only to notice that the client goes away; a request sent ahead waits its turn.
      return;
    case State::upgraded: {
      std::string bytes(static_cast<const char*>(input_.data().data()), input_.size());
      input_.consume(bytes.size());
      return on_upgraded_bytes_(std::move(bytes));
    }
    case State::closing:
      input_.consume(input_.size());
      return read_some();
    default:
      return;
  }
}

void HttpConnection::parse() {
  const bool header_was_done = parser_->is_header_done();
  while (input_.size() > 0 && !parser_->is_done()) {
    error_code failed;
    const std::size_t used = parser_->put(input_.data(), failed);
    input_.consume(used);
    if (failed == http::error::need_more) {
      break;
    }
    if (failed) {
      return refuse(failed);
    }
  }
  if (parser_->is_done()) {
    return dispatch();
  }
  if (parser_->is_header_done()) {
    if (!header_was_done || bytes_since_deadline_ >= body_progress_bytes) {
      set_deadline(core_->options.idle_timeout);
    }
    if (!std::exchange(continue_sent_, true) &&
        http::token_list(parser_->get()[http::field::expect]).exists("100-continue")) {
      send("HTTP/1.1 100 Continue\r\n\r\n");
    }
  }
  if (input_ended_) {
    return close();
  }
  read_some();
}

void HttpConnection::refuse(error_code reason) {
  keep_alive_ = false;
  answering_ = std::make_shared<HttpRequestTraits>();
  respond(HttpResponse{status_of(reason), {{"Content-Type", "text/plain"}}, reason.message() + "\n"});
}

HttpRequest HttpConnection::take_request(HttpRequestTraits& traits) {
  auto message = parser_->release();
  parser_.reset();
  traits.is_head = message.method() == http::verb::head;
  traits.is_http_1_0 = message.version() < 11;
  traits.keep_alive = message.keep_alive() && !input_ended_;
  HttpRequest request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  request.remote = transport_->remote();
  for (const auto& field : message) {
    std::string name(field.name_string());
    if (!http_names_equal(name, common_name_header)) {
      request.headers.emplace_back(std::move(name), std::string(field.value()));
    }
  }
  if (!client_common_name_.empty()) {
    request.headers.emplace_back(common_name_header, client_common_name_);
  }
  // Bytes sent ahead of our answer are of no other protocol: the client cannot know yet that we agree.
  if (message.version() == 11 && http::token_list(message[http::field::connection]).exists("upgrade") &&
      input_.size() == 0 && !reading_) {
    traits.upgrade_to = std::string(message[http::field::upgrade]);
  }
  if (!traits.upgrade_to.empty() && boost::beast::websocket::is_upgrade(message)) {
    traits.websocket = std::move(message);
  } else {
    request.body = std::move(message.body());
  }
  return request;
}

void HttpConnection::dispatch() {
  clear_deadline();
  state_ = State::answering;
  const auto traits = std::make_shared<HttpRequestTraits>();
  const HttpRequest request = take_request(*traits);
  answering_ = traits;
  keep_alive_ = traits->keep_alive;
  try {
    core_->handler(request, make_http_exchange(shared_from_this(), traits));
  } catch (const std::exception& thrown) {
    // The exchange, dropped, has answered 500; the other connections go on.
    log_error("an HTTP handler threw",
              {{"method", request.method}, {"target", request.target}, {"error", thrown.what()}});
  }
}

void HttpConnection::respond(HttpResponse response) {
  if (state_ == State::closed) {
    return;
  }
  state_ = State::writing;
  HttpHead head{response.status, response.headers, std::nullopt, false, keep_alive_};
  if (http_status_has_body(response.status)) {
    head.content_length = response.body.size();
  }
  std::string bytes = format_http_head(head, real_clock().wall_now());
  const bool with_body = head.content_length && !answering_->is_head;
  set_deadline(core_->options.idle_timeout);
  send(std::move(bytes));
  if (with_body && !response.body.empty()) {
    send(std::move(response.body));
  }
}

void HttpConnection::stream(int status, HttpHeaders headers, std::shared_ptr<HttpStreamQueue> queue) {
  if (state_ == State::closed) {
    return queue->ended();
  }
  if (answering_->is_http_1_0) {  // Only the end of the connection can end the body.
    keep_alive_ = false;
  }
  const bool with_body = http_status_has_body(status);
  const HttpHead head{status, headers, std::nullopt, with_body && !answering_->is_http_1_0, keep_alive_};
  if (answering_->is_head || !with_body) {
    state_ = State::writing;
    set_deadline(core_->options.idle_timeout);
    send(format_http_head(head, real_clock().wall_now()));
    return queue->ended();
  }
  state_ = State::streaming;
  stream_ = std::move(queue);
  streaming_self_ = shared_from_this();
  stream_finished_ = false;
  send(format_http_head(head, real_clock().wall_now()));
  if (input_ended_) {
    return close();
  }
  if (input_.size() == 0) {
    read_some();
  }
}

void HttpConnection::on_stream_queued() {
  if ((state_ == State::streaming || state_ == State::upgraded) && output_.size() == 0) {
    send_stream();
  }
}

void HttpConnection::send_stream() {
  HttpStreamQueue::Taken taken = stream_->take(stream_batch_bytes_max);
  stream_payload_in_flight_ = taken.payload_bytes;
  stream_finished_ = taken.is_last;
  if (!taken.framed.empty()) {
    send(std::move(taken.framed));
  } else if (stream_finished_) {
    finish_answer();
  }
}

void HttpConnection::hand_over_to_websocket() {
  if (state_ == State::closed) {
    return;
  }
  state_ = State::websocket;
}

void HttpConnection::upgrade(const std::string& protocol, const HttpHeaders& headers,
                             std::shared_ptr<HttpStreamQueue> queue) {
  if (state_ == State::closed) {
    return queue->ended();
  }
  state_ = State::upgraded;
  stream_ = std::move(queue);
  streaming_self_ = shared_from_this();
  stream_finished_ = false;
  keep_alive_ = false;
  send(format_http_head({101, headers, std::nullopt, false, false, protocol}, real_clock().wall_now()));
}

void HttpConnection::read_upgraded(std::function<void(std::string bytes)> on_bytes) {
  if (state_ == State::upgraded) {
    on_upgraded_bytes_ = std::move(on_bytes);
    read_some();
  }
}

void HttpConnection::read_more_upgraded() {
  if (state_ == State::upgraded) {
    read_some();
  }
}

void HttpConnection::set_close_grace(std::chrono::seconds grace) { close_grace_ = grace; }

void HttpConnection::send(std::string bytes) {
  output_.append(std::move(bytes));
  write_some();
}

void HttpConnection::write_some() {
  if (writing_ || output_.size() == 0) {
    return;
  }
  writing_ = true;
  transport_->write_some(output_.take_in_flight(), [self = shared_from_this()](error_code failed, std::size_t count) {
    self->writing_ = false;
    self->output_.consume(count);
    if (self->state_ == State::closed) {
      return;
    }
    if (failed) {
      return self->close();
    }
    if (self->state_ == State::writing && count > 0) {
      self->set_deadline(self->core_->options.idle_timeout);
    }
    self->output_.size() == 0 ? self->on_output_drained() : self->write_some();
  });
}

void HttpConnection::on_output_drained() {
  switch (state_) {
    case State::writing:
      return finish_answer();
    case State::streaming:
    case State::upgraded:
      stream_->sent(std::exchange(stream_payload_in_flight_, 0));
      return stream_finished_ ? finish_answer() : send_stream();
    default:
      return;
  }
}

void HttpConnection::finish_answer() {
  answering_.reset();
  on_upgraded_bytes_ = nullptr;
  const auto keep_until_return = std::exchange(streaming_self_, nullptr);
  if (const auto stream = std::exchange(stream_, nullptr)) {
    stream->ended();
  }
  if (!keep_alive_ || input_ended_) {
    return begin_close();
  }
  read_next_request();
}

void HttpConnection::begin_close() {
  state_ = State::closing;
  if (close_grace_ > std::chrono::seconds(0)) {
    set_deadline(close_grace_);
  } else {
    set_deadline(close_timeout);
    transport_->end_output();
  }
  if (input_ended_) {
    return close();
  }
  input_.consume(input_.size());
  read_some();
}

void HttpConnection::set_deadline(std::chrono::steady_clock::duration delay) {
  bytes_since_deadline_ = 0;
  deadline_.expires_after(delay);
  deadline_.async_wait([weak = weak_from_this()](error_code cancelled) {
    if (const auto self = weak.lock(); self && !cancelled) {
      self->on_deadline();
    }
  });
}

void HttpConnection::clear_deadline() { deadline_.expires_at(std::chrono::steady_clock::time_point::max()); }

void HttpConnection::on_deadline() {
  // It may have been moved after this call was already on its way.
  if (state_ == State::closed || deadline_.expiry() > std::chrono::steady_clock::now()) {
    return;
  }
  if (state_ == State::reading && (parser_->is_header_done() || input_.size() > 0)) {
    keep_alive_ = false;
    answering_ = std::make_shared<HttpRequestTraits>();
    return respond(HttpResponse{408, {{"Content-Type", "text/plain"}}, "the request did not arrive in time\n"});
  }
  close();
}

}  // namespace troupe::platform
