// What a child process is given to read. Private to platform/: it shows Asio.
#pragma once

#include <atomic>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "platform/output_buffer.hpp"

namespace troupe::platform {

/// A child's standard input. On the watch thread, but for `reserve`.
class ChildInput {
 public:
  /// `pipe` may be closed: the child then reads nothing from us.
  explicit ChildInput(boost::asio::posix::stream_descriptor pipe) : pipe_(std::move(pipe)) {}

  /// Thread-safe: whether `bytes` more may be queued. Once it has said no, it always does.
  bool reserve(std::size_t bytes);
  /// What was reserved before. `owner` is kept while it is being written, and with it this object.
  void write(const std::shared_ptr<void>& owner, std::string data);
  /// After what is queued.
  void end();
  void close();

 private:
  void write_some(const std::shared_ptr<void>& owner);

  boost::asio::posix::stream_descriptor pipe_;
  OutputBuffer<std::string> output_;
  std::atomic<std::size_t> queued_bytes_{0};
  std::atomic<bool> overflowed_{false};
  bool writing_ = false;
  bool ending_ = false;
};

}  // namespace troupe::platform
