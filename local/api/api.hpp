// The API: every request answered, over the store. HTTP itself is platform/http_server.hpp's.
#pragma once

#include <memory>
#include <string>

#include "base/event_loop.hpp"
#include "base/random.hpp"
#include "local/api/credentials.hpp"
#include "local/api/kubelet_proxy.hpp"
#include "local/api/store.hpp"
#include "local/api/writes.hpp"
#include "platform/http_server.hpp"

namespace troupe::local {

class Api {
 public:
  /// `loop` and `random` must outlive it, and `loop` every watch that it started.
  Api(std::shared_ptr<Store> store, EventLoop& loop, Random& random, Credentials credentials,
      std::unique_ptr<KubeletProxy> kubelets);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// Creates the namespaces and definitions that every cluster has, where they are missing. Before the first request.
  void furnish();
  /// Removes events whose time is up (an hour after they were last seen). From time to time.
  void expire_events();
  /// "127.0.0.1:6443", as discovery names it. Before the first request.
  void set_address(std::string address);
  /// Thread-safe; does not block for long.
  void handle(const platform::HttpRequest& request, const std::shared_ptr<platform::HttpExchange>& exchange);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace troupe::local
