// An API server in memory behind kube::Client, as small as the operator's tests need: create, get, list, merge patch,
// delete with preconditions, graceful deletion of pods, status, generations, and a log of what happened in order.
// Not a model of Kubernetes beyond that; tests/e2e asks a real one.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "kube/client.hpp"

namespace troupe::control::fake {

/// Stands still until it is moved.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return Instant(elapsed_); }
  [[nodiscard]] WallTime wall_now() const override { return WallTime(std::chrono::hours(500'000)) + elapsed_; }
  void advance(Duration by) { elapsed_ += by; }

 private:
  Duration elapsed_ = std::chrono::hours(1);
};

struct Request {
  std::string verb;  ///< "create", "get", "list", "patch", "delete".
  std::string plural;
  std::string name;
};

/// One change, in the order of resource versions.
struct LogEntry {
  std::string plural;
  kube::Object object;
  bool deleted = false;
};

class FakeClient final : public kube::Client {
 public:
  explicit FakeClient(const Clock& clock) : clock_(clock) {}

  // What the operator calls.
  kube::ApiResult<kube::Object> get(const kube::ResourceType& type, std::string_view namespace_name,
                                    std::string_view name) override;
  kube::ApiResult<kube::ObjectList> list(const kube::ResourceType& type, const kube::ListOptions& options) override;
  std::unique_ptr<kube::Watch> watch(const kube::ResourceType& type, const kube::WatchOptions& options,
                                     kube::WatchHandler handler) override;
  kube::ApiResult<kube::Object> create_object(const kube::ResourceType& type, std::string_view namespace_name,
                                              const nlohmann::json& document,
                                              const kube::WriteOptions& options) override;
  kube::ApiResult<kube::Object> replace(const kube::ResourceType& type, std::string_view namespace_name,
                                        std::string_view name, const nlohmann::json& document,
                                        const kube::WriteOptions& options) override;
  kube::ApiResult<kube::Object> patch(const kube::ResourceType& type, std::string_view namespace_name,
                                      std::string_view name, kube::PatchType patch_type, const nlohmann::json& patch,
                                      const kube::WriteOptions& options) override;
  kube::ApiResult<kube::Object> remove(const kube::ResourceType& type, std::string_view namespace_name,
                                       std::string_view name, const kube::DeleteOptions& options) override;
  kube::ApiResult<kube::Object> post_subresource(const kube::ResourceType& type, std::string_view namespace_name,
                                                 std::string_view name, std::string_view subresource,
                                                 const nlohmann::json& document) override;
  kube::ApiResult<std::string> get_raw(std::string_view path_and_query) override;
  const kube::Config& config() const override { return config_; }

  // What a test does as everybody else: users, kubelets, the garbage collector.
  kube::Object put(const kube::ResourceType& type, nlohmann::json document);
  void edit(const kube::ResourceType& type, const std::string& key, const std::function<void(nlohmann::json&)>& change);
  void erase(const kube::ResourceType& type, const std::string& key);
  std::optional<kube::Object> find(const kube::ResourceType& type, const std::string& key) const;
  std::vector<kube::Object> all(const kube::ResourceType& type) const;

  /// Asked before a request does anything: an error is the answer and nothing happens.
  std::function<std::optional<kube::ApiError>(const Request&)> refuse;
  /// Asked after a write was done: true loses the answer.
  std::function<bool(const Request&)> lose_answer;
  /// Told after a write was done, with the object as it was before (empty for a create) and is now.
  std::function<void(const Request&, const std::optional<kube::Object>& before, const kube::Object& after)> on_write;

  std::vector<Request> requests;
  std::vector<LogEntry> log;

 private:
  using Objects = std::map<std::string, nlohmann::json>;

  kube::ApiResult<kube::Object> answer(const Request& request, const std::optional<kube::Object>& before,
                                       const nlohmann::json& after);
  std::optional<kube::ApiError> begin(const Request& request);
  void stamp(nlohmann::json& document);
  void record(const std::string& plural, const nlohmann::json& document, bool deleted);

  const Clock& clock_;
  kube::Config config_;
  std::map<std::string, Objects> objects_;  ///< By plural, then "namespace/name".
  std::int64_t version_ = 100;
  int next_uid_ = 1;
};

}  // namespace troupe::control::fake
