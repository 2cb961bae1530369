// The two threads of the os_process module. Private to platform/: it shows Asio.
#pragma once

#include <boost/asio/io_context.hpp>
#include <future>
#include <memory>
#include <utility>

namespace troupe::platform {

/// A thread that lives as long as the program and runs what is posted to its context, with every signal blocked: those
/// of the program are for its other threads, and a child that closes its input must not end us by SIGPIPE.
class ContextThread {
 public:
  ContextThread();
  boost::asio::io_context& context() { return context_; }

 private:
  boost::asio::io_context context_;
};

/// Starts children and does nothing else, so nobody who waits for it can wait for long: neither for a callback nor for
/// a lock of theirs.
ContextThread& spawn_thread();
/// Watches children and runs their callbacks.
ContextThread& watch_thread();

}  // namespace troupe::platform
