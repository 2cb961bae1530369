// A Reflector keeps a Store equal to what the API server holds: list, then watch, and again from where it was.
//
// Follows client-go's reflector and informer contracts; every trap it knows is a state or a test (reflector_test.cpp).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "kube/client.hpp"

namespace troupe::kube {

/// The objects of one watch, by key "namespace/name". Thread-safe; what it hands out are immutable snapshots.
class Store {
 public:
  Store();
  ~Store();
  [[nodiscard]] std::optional<Object> get(std::string_view key) const;
  [[nodiscard]] std::vector<Object> all() const;
  [[nodiscard]] std::size_t size() const;
  /// True once the first list is in.
  [[nodiscard]] bool synced() const;
  /// resourceVersion of the newest event, bookmark or list that has been applied.
  [[nodiscard]] std::string resource_version() const;

 private:
  friend class Reflector;
  struct State;
  std::unique_ptr<State> state_;
};

/// What changed. Called after the store has been changed, on the reflector's thread, one at a time. `before` is empty
/// for an added object, `after` for a deleted one. Objects that vanished while the watch was away are reported as
/// deleted too; one that was replaced by another of the same name is reported as deleted, then as added. `initial`
/// marks objects of the first list.
struct Change {
  std::optional<Object> before;
  std::optional<Object> after;
  bool initial = false;
};

class Reflector {
 public:
  struct Options {
    std::string namespace_name{};
    std::string label_selector{};
    std::string field_selector{};
    std::int64_t page_size = 500;
    Duration backoff_min = std::chrono::milliseconds(800);
    Duration backoff_max = std::chrono::seconds(30);
    Duration backoff_reset_after = std::chrono::minutes(2);
    std::chrono::seconds watch_timeout{290};
    /// What is kept of each object: drop here what nobody reads, since the store is most of an operator's memory. Must
    /// keep kind, name, namespace, uid and resourceVersion. Null keeps all.
    std::function<Object(Object)> transform{};
  };
  struct Counts {
    std::uint64_t lists = 0;
    std::uint64_t watches = 0;
    std::uint64_t expired = 0;
    std::uint64_t failures = 0;
  };

  /// Starts a thread that lists and watches until it is destroyed. `on_change` and `on_synced` may be null. Destroying
  /// it waits for a list that is under way; Client::stop ends that at once.
  Reflector(std::shared_ptr<Client> client, ResourceType type, Options options, const Clock& clock, Random& random,
            std::function<void(const Change&)> on_change, std::function<void()> on_synced = nullptr);
  ~Reflector();
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  [[nodiscard]] const Store& store() const;
  [[nodiscard]] Counts counts() const;
  /// The last failure, for health reports; "" while all is well.
  [[nodiscard]] std::string last_error() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace troupe::kube
