// Clients and documents that the tests of kube/ share.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "kube/client.hpp"
#include "kube/resource_types.hpp"

namespace troupe::kube {

inline std::shared_ptr<Client> client_of(const std::string& url, Client::Options options = {},
                                         std::shared_ptr<TokenSource> token = nullptr) {
  Config config;
  config.server = url;
  config.token = std::move(token);
  auto client = Client::create(std::move(config), std::move(options));
  EXPECT_TRUE(client.ok()) << (client.ok() ? "" : client.error().message);
  return client.ok() ? *client : nullptr;
}

inline std::string pod_json(const std::string& name, const std::string& version, const std::string& uid = "") {
  return R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":")" + name + R"(","namespace":"shop","uid":")" +
         (uid.empty() ? "uid-" + name : uid) + R"(","resourceVersion":")" + version + R"("}})";
}

inline std::string event_line(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}

inline std::string bookmark_line(const std::string& version) {
  return event_line("BOOKMARK",
                    R"({"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":")" + version + R"("}})");
}

inline std::string pod_list(const std::string& items, const std::string& version,
                            const std::string& continue_token = "") {
  return R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":")" + version + R"(","continue":")" +
         continue_token + R"("},"items":[)" + items + "]}";
}

/// Stands still until it is told to move.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return now_; }
  [[nodiscard]] WallTime wall_now() const override { return wall_now_; }
  void advance(Duration by) {
    now_ += by;
    wall_now_ += by;
  }
  void set_wall(WallTime at) { wall_now_ = at; }

 private:
  Instant now_{std::chrono::hours(1)};
  WallTime wall_now_{std::chrono::sys_days(std::chrono::year(2026) / 1 / 31) + std::chrono::hours(8)};
};

}  // namespace troupe::kube
