// One request's answer on its way to a StreamHandler: keeps the handler's calls in order and one at a time, whatever
// threads the HTTP library uses, and cuts them off when the reader goes away. Thread-safe.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "kube/transport.hpp"

namespace troupe::kube {

class Exchange {
 public:
  /// `cancel` makes the library give the request up; it may be called from any thread and more than once.
  Exchange(StreamHandler handler, std::function<void()> cancel);

  // --- What the library tells ---
  void head(int status, const TransportHeaders& headers);
  /// False when the reader is gone. Else `taken` is called, perhaps more than once, when the piece is no longer needed.
  bool data(std::string_view bytes, std::function<void()> taken);
  /// The last call.
  void end(std::optional<Error> error);

  // --- What the reader wants ---
  /// No handler runs or will run afterwards.
  void close();
  /// Ends the answer with an error that the handler still hears of.
  void abort() { cancel_(); }
  [[nodiscard]] bool closed();

 private:
  struct Piece {
    std::string_view bytes;
    std::function<void()> taken;
  };
  bool enter();
  void leave();

  StreamHandler handler_;
  std::function<void()> cancel_;
  std::mutex mutex_;
  std::condition_variable idle_;
  bool in_call_ = false;
  bool closed_ = false;
  bool ended_ = false;
  bool head_given_ = false;
  std::optional<Piece> held_;    ///< Came before the head did.
  std::function<void()> taken_;  ///< Of the piece given last.
};

/// The exchanges of one transport that still run.
class RunningExchanges {
 public:
  /// False after `stop`.
  bool add(const std::shared_ptr<Exchange>& exchange);
  void remove(const std::shared_ptr<Exchange>& exchange);
  /// Ends all, and refuses new ones.
  void stop();
  /// Until none runs, at most for `limit`.
  void wait(std::chrono::milliseconds limit);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  std::vector<std::shared_ptr<Exchange>> exchanges_;
};

/// A whole answer in memory, for a caller that waits for it.
class CollectedResponse {
 public:
  explicit CollectedResponse(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// Fills `into`, which the handler keeps alive: an answer may come after its caller has stopped waiting.
  static StreamHandler collect(const std::shared_ptr<CollectedResponse>& into);
  /// Error `timeout` when it is not complete by then.
  Result<TransportResponse> wait_until(std::chrono::steady_clock::time_point deadline);

 private:
  void finish(std::optional<Error> error);

  const std::size_t bytes_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  TransportResponse response_;
  std::optional<Error> error_;
  bool done_ = false;
};

}  // namespace troupe::kube
