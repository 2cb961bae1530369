// The chunks of one streamed response, between the threads that write them and the connection that sends them.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "platform/http_server.hpp"

namespace troupe::platform {

/// Thread-safe. `writer` side: write, close, abandon, on_closed. Connection side: take, sent, ended.
class HttpStreamQueue {
 public:
  /// What the connection should do next; called without a lock held, from any thread.
  struct Signals {
    std::function<void()> on_queued;  ///< There is something to take, or the stream was closed.
    std::function<void()> on_broken;  ///< The bound was passed or the writer went away without closing.
  };
  struct Taken {
    std::string framed;  ///< Chunked coding (RFC 9112, 7.1) or the bare bytes.
    std::size_t payload_bytes = 0;
    bool is_last = false;  ///< The writer has closed and nothing follows.
  };

  HttpStreamQueue(std::size_t unread_bytes_max, bool chunked, Signals signals);

  bool write(std::string chunk);
  void close();
  void abandon();
  void on_closed(std::function<void()> on_closed);

  /// Up to about `bytes_max`, at least one chunk when there is one.
  [[nodiscard]] Taken take(std::size_t bytes_max);
  void sent(std::size_t payload_bytes);
  /// Nothing more can be sent. Idempotent; tells the writer.
  void ended();

 private:
  const std::size_t unread_bytes_max_;
  const bool chunked_;
  const Signals signals_;
  std::mutex mutex_;
  std::deque<std::string> chunks_;
  std::size_t unread_bytes_ = 0;  ///< Queued here or taken but not yet sent.
  bool signalled_ = false;        ///< on_queued was called and nothing was taken since.
  bool closing_ = false;          ///< Nothing more may be written.
  bool broken_ = false;           ///< The connection must be broken off: the body may not end properly.
  bool last_taken_ = false;
  bool ended_ = false;
  std::function<void()> on_closed_;
};

/// The handle that a handler gets. Dropping it unclosed breaks the connection off: the client must not take half an
/// answer for a whole one.
[[nodiscard]] std::shared_ptr<HttpStream> make_http_stream(std::shared_ptr<HttpStreamQueue> queue);

}  // namespace troupe::platform
