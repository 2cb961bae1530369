#include "kube/exchange.hpp"

#include <algorithm>
#include <cctype>

namespace troupe::kube {

std::string_view TransportResponse::header(std::string_view name) const {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  for (const auto& [key, value] : headers) {
    if (std::equal(key.begin(), key.end(), name.begin(), name.end(), same)) {
      return value;
    }
  }
  return {};
}

Exchange::Exchange(StreamHandler handler, std::function<void()> cancel)
    : handler_(std::move(handler)), cancel_(std::move(cancel)) {}

bool Exchange::enter() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return !in_call_; });
  in_call_ = !closed_;
  return in_call_;
}

void Exchange::leave() {
  const std::lock_guard lock(mutex_);
  in_call_ = false;
  idle_.notify_all();
}

void Exchange::head(int status, const TransportHeaders& headers) {
  if (!enter()) {
    return;
  }
  handler_.on_head(status, headers);
  std::optional<Piece> held;
  {
    const std::lock_guard lock(mutex_);
    head_given_ = true;
    held.swap(held_);
  }
  if (held.has_value()) {
    handler_.on_data(held->bytes, held->taken);
  }
  leave();
}

bool Exchange::data(std::string_view bytes, std::function<void()> taken) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) {
      return false;
    }
    taken_ = taken;
    if (!head_given_) {
      // A body may be quicker than the continuation that carries the head.
      held_ = Piece{bytes, std::move(taken)};
      return true;
    }
  }
  if (enter()) {
    handler_.on_data(bytes, std::move(taken));
    leave();
  }
  return true;
}

void Exchange::end(std::optional<Error> error) {
  if (!enter()) {
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  handler_.on_end(std::move(error));
  leave();
}

void Exchange::close() {
  std::function<void()> taken;
  {
    std::unique_lock lock(mutex_);
    closed_ = true;
    idle_.wait(lock, [this] { return !in_call_; });
    held_.reset();
    if (ended_) {
      // Cancelling now would close a connection that is on its way back to the pool.
      return;
    }
    taken.swap(taken_);
  }
  if (taken) {
    // The library lets go of the connection only when its last piece is taken, and nobody else may take it now.
    taken();
  }
  cancel_();
}

bool Exchange::closed() {
  const std::lock_guard lock(mutex_);
  return closed_;
}

bool RunningExchanges::add(const std::shared_ptr<Exchange>& exchange) {
  const std::lock_guard lock(mutex_);
  if (!stopped_) {
    exchanges_.push_back(exchange);
  }
  return !stopped_;
}

void RunningExchanges::remove(const std::shared_ptr<Exchange>& exchange) {
  const std::lock_guard lock(mutex_);
  std::erase(exchanges_, exchange);
  changed_.notify_all();
}

void RunningExchanges::stop() {
  std::vector<std::shared_ptr<Exchange>> running;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    running = exchanges_;
  }
  for (const auto& exchange : running) {
    exchange->abort();
  }
}

void RunningExchanges::wait(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, limit, [this] { return exchanges_.empty(); });
}

StreamHandler CollectedResponse::collect(const std::shared_ptr<CollectedResponse>& into) {
  StreamHandler handler;
  handler.on_head = [into](int status, const TransportHeaders& headers) {
    const std::lock_guard lock(into->mutex_);
    into->response_.status = status;
    into->response_.headers = headers;
  };
  handler.on_data = [into](std::string_view bytes, const std::function<void()>& consumed) {
    bool fits = false;
    {
      const std::lock_guard lock(into->mutex_);
      fits = into->response_.body.size() + bytes.size() <= into->bytes_max_;
      if (fits) {
        into->response_.body.append(bytes);
      }
    }
    if (!fits) {
      into->finish(Error{ErrorCode::limit_exceeded, "the answer is larger than " + std::to_string(into->bytes_max_) +
                                                        " bytes; ask for smaller pages"});
    }
    consumed();
  };
  handler.on_end = [into](std::optional<Error> error) { into->finish(std::move(error)); };
  return handler;
}

Result<TransportResponse> CollectedResponse::wait_until(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_until(lock, deadline, [this] { return done_; })) {
    return Error{ErrorCode::timeout, "no complete answer in time"};
  }
  if (error_.has_value()) {
    return *error_;
  }
  return std::move(response_);
}

void CollectedResponse::finish(std::optional<Error> error) {
  const std::lock_guard lock(mutex_);
  if (!done_) {
    done_ = true;
    error_ = std::move(error);
    changed_.notify_all();
  }
}

}  // namespace troupe::kube
