#include "platform/http_stream_queue.hpp"

#include <fmt/format.h>

#include <utility>

namespace troupe::platform {

HttpStreamQueue::HttpStreamQueue(std::size_t unread_bytes_max, bool chunked, Signals signals)
    : unread_bytes_max_(unread_bytes_max), chunked_(chunked), signals_(std::move(signals)) {}

bool HttpStreamQueue::write(std::string chunk) {
  bool overflowed = false;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (ended_ || closing_) {
      return false;
    }
    if (chunk.empty()) {  // An empty chunk would end the body.
      return true;
    }
    if (unread_bytes_ + chunk.size() > unread_bytes_max_) {
      overflowed = closing_ = broken_ = true;
    } else {
      unread_bytes_ += chunk.size();
      chunks_.push_back(std::move(chunk));
      wake = !std::exchange(signalled_, true);
    }
  }
  if (overflowed) {
    signals_.on_broken();
  } else if (wake) {
    signals_.on_queued();
  }
  return !overflowed;
}

void HttpStreamQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    if (ended_ || std::exchange(closing_, true)) {
      return;
    }
  }
  signals_.on_queued();
}

void HttpStreamQueue::abandon() {
  {
    const std::lock_guard lock(mutex_);
    if (ended_ || std::exchange(closing_, true)) {
      return;
    }
    broken_ = true;
  }
  signals_.on_broken();
}

void HttpStreamQueue::on_closed(std::function<void()> on_closed) {
  {
    const std::lock_guard lock(mutex_);
    if (!ended_) {
      on_closed_ = std::move(on_closed);
      return;
    }
  }
  on_closed();
}

HttpStreamQueue::Taken HttpStreamQueue::take(std::size_t bytes_max) {
  Taken taken;
  const std::lock_guard lock(mutex_);
  signalled_ = false;
  while (!chunks_.empty() && (taken.framed.empty() || taken.framed.size() + chunks_.front().size() <= bytes_max)) {
    const std::string chunk = std::move(chunks_.front());
    chunks_.pop_front();
    taken.payload_bytes += chunk.size();
    if (chunked_) {
      fmt::format_to(std::back_inserter(taken.framed), "{:x}\r\n", chunk.size());
    }
    taken.framed += chunk;
    if (chunked_) {
      taken.framed += "\r\n";
    }
  }
  if (chunks_.empty() && closing_ && !broken_ && !std::exchange(last_taken_, true)) {
    taken.is_last = true;
    if (chunked_) {
      taken.framed += "0\r\n\r\n";
    }
  }
  return taken;
}

void HttpStreamQueue::sent(std::size_t payload_bytes) {
  const std::lock_guard lock(mutex_);
  unread_bytes_ -= payload_bytes;
}

void HttpStreamQueue::ended() {
  std::function<void()> on_closed;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(ended_, true)) {
      return;
    }
    chunks_.clear();
    on_closed = std::exchange(on_closed_, nullptr);
  }
  if (on_closed) {
    on_closed();
  }
}

namespace {

class StreamHandle final : public HttpStream {
 public:
  explicit StreamHandle(std::shared_ptr<HttpStreamQueue> queue) : queue_(std::move(queue)) {}
  ~StreamHandle() override { queue_->abandon(); }
  StreamHandle(const StreamHandle&) = delete;
  StreamHandle& operator=(const StreamHandle&) = delete;

  bool write(std::string chunk) override { return queue_->write(std::move(chunk)); }
  void close() override { queue_->close(); }
  void on_closed(std::function<void()> on_closed) override { queue_->on_closed(std::move(on_closed)); }

 private:
  std::shared_ptr<HttpStreamQueue> queue_;
};

}  // namespace

std::shared_ptr<HttpStream> make_http_stream(std::shared_ptr<HttpStreamQueue> queue) {
  return std::make_shared<StreamHandle>(std::move(queue));
}

}  // namespace troupe::platform
