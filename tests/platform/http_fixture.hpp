// An HTTP server whose handler a test sets, with small bounds.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "platform/http_server.hpp"
#include "tests/platform/raw_client.hpp"

namespace troupe::platform {

class HttpFixture : public ::testing::Test {
 protected:
  HttpFixture() {
    options_.at = {"127.0.0.1", 0};
    options_.idle_timeout = std::chrono::seconds(20);
  }

  void start() {
    auto started = HttpServer::start(
        options_, [this](const HttpRequest& request, auto exchange) { handler_(request, std::move(exchange)); });
    ASSERT_TRUE(started.ok()) << started.error().message;
    server_ = std::move(*started);
  }

  /// Before anything that handlers use goes.
  void TearDown() override { server_.reset(); }

  [[nodiscard]] Endpoint at() const { return server_->local(); }

  /// Waits for a condition that server threads make true.
  template <class Condition>
  bool eventually(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), condition);
  }
  template <class Change>
  void change(Change change) {
    {
      const std::lock_guard lock(mutex_);
      change();
    }
    changed_.notify_all();
  }

  static std::string get(std::string_view path) { return "GET " + std::string(path) + " HTTP/1.1\r\nHost: t\r\n\r\n"; }

  HttpServer::Options options_;
  HttpServer::Handler handler_ = [](const HttpRequest& request, const std::shared_ptr<HttpExchange>& exchange) {
    exchange->respond(
        {200, {{"Content-Type", "text/plain"}}, request.method + " " + request.target + " " + request.body});
  };
  std::unique_ptr<HttpServer> server_;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace troupe::platform
