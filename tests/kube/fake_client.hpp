// A Client over a map of objects, with the API server's rules for versions. It can be told to fail or to hang.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "kube/client.hpp"

namespace troupe::kube {

class FakeClient final : public Client {
 public:
  using Json = nlohmann::json;

  ApiResult<Object> get(const ResourceType& type, std::string_view space, std::string_view name) override {
    return act("GET", type, space, name, [&](Json* found) -> ApiResult<Object> {
      return found == nullptr ? ApiResult<Object>(error(404, "NotFound")) : Object(*found);
    });
  }
  ApiResult<Object> create_object(const ResourceType& type, std::string_view space, const Json& document,
                                  const WriteOptions& = {}) override {
    const std::string name = document["metadata"]["name"];
    return act("POST", type, space, name, [&](Json* found) -> ApiResult<Object> {
      return found != nullptr ? ApiResult<Object>(error(409, "AlreadyExists")) : store(type, space, name, document);
    });
  }
  ApiResult<Object> replace(const ResourceType& type, std::string_view space, std::string_view name,
                            const Json& document, const WriteOptions& = {}) override {
    return act("PUT", type, space, name, [&](Json* found) -> ApiResult<Object> {
      if (found == nullptr) {
        return error(404, "NotFound");
      }
      if (Object(document).resource_version() != Object(*found).resource_version()) {
        return error(409, "Conflict");
      }
      return store(type, space, name, document);
    });
  }
  ApiResult<Object> patch(const ResourceType& type, std::string_view space, std::string_view name, PatchType,
                          const Json& change, const WriteOptions& = {}) override {
    return act("PATCH", type, space, name, [&](Json* found) -> ApiResult<Object> {
      if (found == nullptr) {
        return error(404, "NotFound");
      }
      Json document = *found;
      document.merge_patch(change);
      auto stored = store(type, space, name, document);
      return std::exchange(next_answer_is_lost_, false) ? ApiResult<Object>(error(0, "")) : stored;
    });
  }

  ApiResult<ObjectList> list(const ResourceType&, const ListOptions&) override { return error(501, ""); }
  std::unique_ptr<Watch> watch(const ResourceType&, const WatchOptions&, WatchHandler) override { return nullptr; }
  ApiResult<Object> remove(const ResourceType& type, std::string_view space, std::string_view name,
                           const DeleteOptions& = {}) override {
    erase(type, space, name);
    return Object();
  }
  ApiResult<Object> post_subresource(const ResourceType&, std::string_view, std::string_view, std::string_view,
                                     const Json&) override {
    return error(501, "");
  }
  ApiResult<std::string> get_raw(std::string_view) override { return error(501, ""); }
  [[nodiscard]] const Config& config() const override { return config_; }

  static ApiError error(int status, const std::string& reason) {
    ApiError out;
    out.status = status;
    out.reason = reason;
    out.message = reason;
    return out;
  }

  void erase(const ResourceType& type, std::string_view space, std::string_view name) {
    const std::lock_guard lock(mutex_);
    objects_.erase(key(type, space, name));
  }
  /// While set, requests fail with it.
  void fail_with(std::optional<ApiError> failure) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(failure);
  }
  /// The next patch is done, but looks failed.
  void lose_next_answer() {
    const std::lock_guard lock(mutex_);
    next_answer_is_lost_ = true;
  }
  /// While true, requests do not return.
  void hang(bool on) {
    const std::lock_guard lock(mutex_);
    hanging_ = on;
    changed_.notify_all();
  }
  /// "POST name", in order.
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  [[nodiscard]] std::vector<Json> all(const ResourceType& type) const {
    const std::lock_guard lock(mutex_);
    std::vector<Json> out;
    for (const auto& [name, document] : objects_) {
      if (name.rfind(type.plural + "/", 0) == 0) {
        out.push_back(document);
      }
    }
    return out;
  }

 private:
  static std::string key(const ResourceType& type, std::string_view space, std::string_view name) {
    return type.plural + "/" + std::string(space) + "/" + std::string(name);
  }
  template <class Action>
  ApiResult<Object> act(const char* verb, const ResourceType& type, std::string_view space, std::string_view name,
                        const Action& action) {
    std::unique_lock lock(mutex_);
    requests_.push_back(verb + std::string(" ") + std::string(name));
    changed_.wait(lock, [this] { return !hanging_; });
    if (failure_.has_value()) {
      return *failure_;
    }
    const auto found = objects_.find(key(type, space, name));
    return action(found == objects_.end() ? nullptr : &found->second);
  }
  Object store(const ResourceType& type, std::string_view space, std::string_view name, Json document) {
    document["metadata"]["resourceVersion"] = std::to_string(++version_);
    return Object(objects_[key(type, space, name)] = std::move(document));
  }

  Config config_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Json> objects_;
  std::vector<std::string> requests_;
  std::optional<ApiError> failure_;
  bool hanging_ = false;
  bool next_answer_is_lost_ = false;
  int version_ = 0;
};

}  // namespace troupe::kube
