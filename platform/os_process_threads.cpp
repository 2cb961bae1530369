#include "platform/os_process_threads.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <csignal>
#include <thread>

namespace troupe::platform {

ContextThread::ContextThread() {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([this] {
    const auto busy = boost::asio::make_work_guard(context_);
    context_.run();
  }).detach();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

// Never destroyed: a child may end while the program's own statics go.
ContextThread& spawn_thread() {
  static auto* const thread = new ContextThread;
  return *thread;
}

ContextThread& watch_thread() {
  static auto* const thread = new ContextThread;
  return *thread;
}

}  // namespace troupe::platform
