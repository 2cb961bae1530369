// What several tests of the local API server start from: a store on a clock that stands still, and small documents.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "local/api/deletion.hpp"
#include "local/api/writes.hpp"

namespace troupe::local {

class FixedClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return Instant(wall.time_since_epoch()); }
  [[nodiscard]] WallTime wall_now() const override { return wall; }
  WallTime wall{std::chrono::seconds(1'800'000'000)};
};

struct TestApi {
  FixedClock clock;
  SeededRandom random{7};
  Store store;
  WriteContext context{store, clock, random, "CA"};

  TestApi() { ensure_namespace(context, "default"); }

  WriteTarget target(Storage storage, const std::string& name = "", const std::string& subresource = "") const {
    const ResourceEntry& resource = entry_of(storage);
    return {&resource, resource.namespaced ? "default" : "", name, subresource, {}};
  }
  ApiResult<WriteOutcome> create(Storage storage, nlohmann::json body) {
    const ResourceEntry& resource = entry_of(storage);
    body["apiVersion"] = resource.group_version();
    body["kind"] = resource.kind;
    return create_object(context, target(storage), std::move(body));
  }
  ApiResult<WriteOutcome> merge(Storage storage, const std::string& name, const nlohmann::json& patch,
                                const std::string& subresource = "") {
    return patch_object(context, target(storage, name, subresource), PatchFormat::merge, patch);
  }
  ApiResult<DeleteOutcome> remove(Storage storage, const std::string& name, DeleteParameters parameters = {}) {
    return delete_object(context, entry_of(storage), target(storage, name).key(), parameters);
  }
  bool exists(Storage storage, const std::string& name) const {
    return store.get(target(storage, name).key()).has_value();
  }
  nlohmann::json get(Storage storage, const std::string& name) const {
    auto found = store.get(target(storage, name).key());
    return found ? *found->document : nlohmann::json();
  }
};

inline nlohmann::json named(const std::string& name) { return {{"metadata", {{"name", name}}}}; }

inline nlohmann::json cluster(const std::string& name) {
  nlohmann::json document = named(name);
  document["spec"] = {{"image", "worker:1"}, {"distribution", {{"tls", {{"mode", "Disabled"}}}}}};
  return document;
}

inline nlohmann::json pod(const std::string& name, const std::string& node = "") {
  nlohmann::json document = named(name);
  document["spec"]["containers"] = {{{"name", "main"}, {"image", "worker:1"}}};
  if (!node.empty()) {
    document["spec"]["nodeName"] = node;
  }
  return document;
}

inline nlohmann::json owned_by(nlohmann::json document, const nlohmann::json& owner, bool block = false) {
  document["metadata"]["ownerReferences"].push_back({{"apiVersion", owner["apiVersion"]},
                                                     {"kind", owner["kind"]},
                                                     {"name", owner["metadata"]["name"]},
                                                     {"uid", owner["metadata"]["uid"]},
                                                     {"controller", true},
                                                     {"blockOwnerDeletion", block}});
  return document;
}

}  // namespace troupe::local
