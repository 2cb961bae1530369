// Every object, in memory, under one lock: a global resourceVersion, transactions that can be rolled back, and a
// bounded history per kind from which watches resume and old lists are rebuilt.
//
// The model is etcd behind kube-apiserver: each write gets the next revision, a delete gets one too, and a watch sees
// the writes of its kind in the order of their revisions, without gap or duplicate.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "local/api/resource_table.hpp"

namespace troupe::local {

struct ObjectKey {
  Storage storage = Storage::pods;
  std::string namespace_name;  ///< "" for cluster-scoped objects.
  std::string name;

  auto operator<=>(const ObjectKey&) const = default;
};

/// An object as of one write: immutable, cheap to copy, readable from any thread.
struct StoredObject {
  std::shared_ptr<const nlohmann::json> document;  ///< With metadata.resourceVersion.
  std::shared_ptr<const std::string> text;         ///< The document as JSON.
  std::uint64_t revision = 0;
};

struct Change {
  ObjectKey key;
  std::uint64_t revision = 0;
  std::optional<StoredObject> before;  ///< Empty when created.
  /// Empty when deleted; `last` then holds the final state, with the revision of the delete.
  std::optional<StoredObject> after;
  std::optional<StoredObject> last;
};

/// Where committed changes go before anybody sees them.
class Journal {
 public:
  virtual ~Journal() = default;
  /// Durable when it returns. An error rolls the transaction back.
  virtual Result<void> append(const std::vector<Change>& changes) = 0;
};

class Store {
 public:
  struct Options {
    // For each kind; older changes cannot be watched from.
    std::size_t history_changes_max = 10'000;
    std::size_t history_bytes_max = 16 * 1024 * 1024;  ///< As JSON text.
  };

  /// Reads and writes inside `transact`. Later reads see earlier writes.
  class Transaction {
   public:
    virtual ~Transaction() = default;
    [[nodiscard]] virtual std::optional<StoredObject> get(const ObjectKey& key) const = 0;
    /// Sorted by namespace and name; namespace "" lists all.
    [[nodiscard]] virtual std::vector<StoredObject> list(Storage storage, std::string_view namespace_name) const = 0;
    [[nodiscard]] virtual std::size_t count(Storage storage) const = 0;
    /// Creates or replaces, under the next revision (written into metadata.resourceVersion).
    virtual StoredObject put(const ObjectKey& key, nlohmann::json document) = 0;
    /// Returns the final state under the next revision. The object must exist.
    virtual StoredObject remove(const ObjectKey& key) = 0;
    [[nodiscard]] virtual std::optional<ObjectKey> find_uid(std::string_view uid) const = 0;
    /// Objects that name `uid` in metadata.ownerReferences.
    [[nodiscard]] virtual std::vector<ObjectKey> dependents(std::string_view uid) const = 0;
    /// What this transaction has done so far, in order.
    [[nodiscard]] virtual const std::vector<Change>& changes() const = 0;
  };

  explicit Store(Options options, std::shared_ptr<Journal> journal = nullptr);
  Store() : Store(Options{}) {}
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Fills an empty store from disk: nothing is journalled or watched, and watches from before `revision` are too old.
  void load(std::uint64_t revision, std::vector<std::pair<ObjectKey, nlohmann::json>> objects);
  void set_journal(std::shared_ptr<Journal> journal);

  /// Drops the history: watches and lists from before the present revision are too old.
  void forget_history();

  /// Runs `body` alone. It returns whether to keep what it did. An error of the journal keeps nothing.
  Result<void> transact(const std::function<bool(Transaction&)>& body);

  [[nodiscard]] std::optional<StoredObject> get(const ObjectKey& key) const;
  struct Listing {
    std::vector<StoredObject> objects;
    std::uint64_t revision = 0;
  };
  [[nodiscard]] Listing list(Storage storage, std::string_view namespace_name) const;
  /// As things stood at `revision`; empty when the history does not reach back that far or `revision` is not reached
  /// yet.
  [[nodiscard]] std::optional<Listing> list_at(Storage storage, std::string_view namespace_name,
                                               std::uint64_t revision) const;
  [[nodiscard]] std::uint64_t revision() const;
  using Everything = std::vector<std::pair<ObjectKey, StoredObject>>;
  /// Calls `body` with all there is, for a snapshot on disk. No transaction runs meanwhile.
  void with_everything(const std::function<void(std::uint64_t revision, const Everything&)>& body) const;

  /// Called under the store's lock, in order of revisions: it must not call the store and must not block.
  using Watcher = std::function<void(const Change&)>;
  using WatchId = std::uint64_t;
  /// Follows one kind after `revision`: what happened since is delivered inside this call. Empty when that is too old.
  std::optional<WatchId> watch(Storage storage, std::uint64_t revision, Watcher watcher);
  /// Delivers the present state as creations first.
  WatchId watch_with_state(Storage storage, Watcher watcher);
  /// After the return the watcher is not called any more. Unknown ids are ignored.
  void unwatch(WatchId id);
  /// Ends every watch: a watcher may own what keeps the store alive.
  void unwatch_all();
  /// Runs `body(revision)` under the lock: every change up to `revision` has been delivered to all watchers.
  void at_revision(const std::function<void(std::uint64_t)>& body) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace troupe::local
