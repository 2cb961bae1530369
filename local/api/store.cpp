#include "local/api/store.hpp"

#include <array>
#include <deque>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "base/check.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;
using LocalKey = std::pair<std::string, std::string>;  // namespace, name
using Shelf = std::map<LocalKey, StoredObject>;

StoredObject store_form(json document, std::uint64_t revision) {
  document["metadata"]["resourceVersion"] = std::to_string(revision);
  StoredObject made;
  made.text = std::make_shared<const std::string>(document.dump(-1, ' ', false, json::error_handler_t::replace));
  made.document = std::make_shared<const json>(std::move(document));
  made.revision = revision;
  return made;
}

std::string uid_of(const StoredObject& object) {
  const json& metadata = object.document->at("metadata");
  auto found = metadata.find("uid");
  return found != metadata.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<std::string> owner_uids(const StoredObject& object) {
  std::vector<std::string> uids;
  const json& metadata = object.document->at("metadata");
  auto references = metadata.find("ownerReferences");
  if (references == metadata.end() || !references->is_array()) {
    return uids;
  }
  for (const json& reference : *references) {
    if (reference.is_object() && reference.contains("uid") && reference["uid"].is_string()) {
      uids.push_back(reference["uid"].get<std::string>());
    }
  }
  return uids;
}

Store::Listing listing_of(const Shelf& shelf, std::string_view namespace_name, std::uint64_t revision) {
  Store::Listing listing;
  listing.revision = revision;
  auto at = namespace_name.empty() ? shelf.begin() : shelf.lower_bound({std::string(namespace_name), ""});
  for (; at != shelf.end() && (namespace_name.empty() || at->first.first == namespace_name); ++at) {
    listing.objects.push_back(at->second);
  }
  return listing;
}

}  // namespace

class Store::Impl final : public Store::Transaction {
 public:
  Impl(Options options, std::shared_ptr<Journal> journal) : options_(options), journal_(std::move(journal)) {}

  // --- Transaction: called with the lock held ---
  std::optional<StoredObject> get(const ObjectKey& key) const override {
    const Shelf& shelf = shelf_of(key.storage);
    auto found = shelf.find({key.namespace_name, key.name});
    return found == shelf.end() ? std::nullopt : std::optional(found->second);
  }

  std::vector<StoredObject> list(Storage storage, std::string_view namespace_name) const override {
    return listing_of(shelf_of(storage), namespace_name, revision_).objects;
  }

  std::size_t count(Storage storage) const override { return shelf_of(storage).size(); }

  StoredObject put(const ObjectKey& key, json document) override {
    Change change;
    change.key = key;
    change.revision = ++revision_;
    change.before = get(key);
    change.after = store_form(std::move(document), revision_);
    apply(change);
    changes_.push_back(change);
    return *change.after;
  }

  StoredObject remove(const ObjectKey& key) override {
    Change change;
    change.key = key;
    change.before = get(key);
    check(change.before.has_value(), "Store: removing an object that is not there");
    change.revision = ++revision_;
    change.last = store_form(*change.before->document, revision_);
    apply(change);
    changes_.push_back(change);
    return *change.last;
  }

  std::optional<ObjectKey> find_uid(std::string_view uid) const override {
    auto found = by_uid_.find(std::string(uid));
    return found == by_uid_.end() ? std::nullopt : std::optional(found->second);
  }

  std::vector<ObjectKey> dependents(std::string_view uid) const override {
    auto found = by_owner_.find(std::string(uid));
    return found == by_owner_.end() ? std::vector<ObjectKey>{}
                                    : std::vector<ObjectKey>(found->second.begin(), found->second.end());
  }

  const std::vector<Change>& changes() const override { return changes_; }

  // --- the store ---
  Result<void> transact(Store::Impl& self, const std::function<bool(Transaction&)>& body) {
    std::lock_guard lock(mutex_);
    changes_.clear();
    const std::uint64_t revision_before = revision_;
    bool keep = false;
    try {
      keep = body(self);
    } catch (...) {
      roll_back(revision_before);
      throw;
    }
    if (!keep) {
      roll_back(revision_before);
      return {};
    }
    if (journal_ && !changes_.empty()) {
      if (Result<void> written = journal_->append(changes_); !written.ok()) {
        roll_back(revision_before);
        return written.error();
      }
    }
    publish();
    return {};
  }

  void roll_back(std::uint64_t revision_before) {
    for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
      Change undo;
      undo.key = change->key;
      undo.before = change->after;
      undo.after = change->before;
      apply(undo);
    }
    changes_.clear();
    revision_ = revision_before;
  }

  void publish() {
    for (const Change& change : changes_) {
      auto& history = history_[index_of(change.key.storage)];
      for (auto& [id, watch] : watches_) {
        if (watch.storage == change.key.storage) {
          watch.watcher(change);
        }
      }
      history.changes.push_back(change);
      history.bytes += bytes_of(change);
      while (history.changes.size() > options_.history_changes_max || history.bytes > options_.history_bytes_max) {
        history.forgotten = history.changes.front().revision;
        history.bytes -= bytes_of(history.changes.front());
        history.changes.pop_front();
      }
    }
    changes_.clear();
  }

  void apply(const Change& change) {
    Shelf& shelf = shelves_[index_of(change.key.storage)];
    const LocalKey key{change.key.namespace_name, change.key.name};
    if (change.before) {
      unindex(change.key, *change.before);
    }
    if (change.after) {
      shelf[key] = *change.after;
      index(change.key, *change.after);
    } else {
      shelf.erase(key);
    }
  }

  void index(const ObjectKey& key, const StoredObject& object) {
    by_uid_[uid_of(object)] = key;
    for (const std::string& uid : owner_uids(object)) {
      by_owner_[uid].insert(key);
    }
  }

  void unindex(const ObjectKey& key, const StoredObject& object) {
    by_uid_.erase(uid_of(object));
    for (const std::string& uid : owner_uids(object)) {
      auto found = by_owner_.find(uid);
      if (found != by_owner_.end()) {
        found->second.erase(key);
        if (found->second.empty()) {
          by_owner_.erase(found);
        }
      }
    }
  }

  static std::size_t bytes_of(const Change& change) {
    return (change.after ? *change.after : *change.last).text->size();
  }

  static std::size_t index_of(Storage storage) { return static_cast<std::size_t>(storage); }
  const Shelf& shelf_of(Storage storage) const { return shelves_[index_of(storage)]; }

  struct History {
    std::deque<Change> changes;
    std::size_t bytes = 0;
    std::uint64_t forgotten = 0;  // Changes up to this revision are not in `changes`.
  };
  struct Watch {
    Storage storage;
    Watcher watcher;
  };

  Options options_;
  std::shared_ptr<Journal> journal_;
  mutable std::mutex mutex_;
  // Revision 0 means "any" to clients, so the first write is 1.
  std::uint64_t revision_ = 0;
  std::array<Shelf, storage_count> shelves_;
  std::array<History, storage_count> history_;
  std::unordered_map<std::string, ObjectKey> by_uid_;
  std::unordered_map<std::string, std::set<ObjectKey>> by_owner_;
  std::vector<Change> changes_;
  std::map<WatchId, Watch> watches_;
  WatchId last_watch_ = 0;
};

Store::Store(Options options, std::shared_ptr<Journal> journal)
    : impl_(std::make_unique<Impl>(options, std::move(journal))) {}
Store::~Store() = default;

void Store::load(std::uint64_t revision, std::vector<std::pair<ObjectKey, json>> objects) {
  std::lock_guard lock(impl_->mutex_);
  for (auto& [key, document] : objects) {
    Change change;
    change.key = key;
    const std::string kept = document["metadata"].value("resourceVersion", "0");
    change.after = store_form(std::move(document), std::strtoull(kept.c_str(), nullptr, 10));
    impl_->apply(change);
  }
  impl_->revision_ = revision;
  for (Impl::History& history : impl_->history_) {
    history.forgotten = revision;
  }
}

void Store::forget_history() {
  std::lock_guard lock(impl_->mutex_);
  for (Impl::History& history : impl_->history_) {
    history.changes.clear();
    history.bytes = 0;
    history.forgotten = impl_->revision_;
  }
}

void Store::set_journal(std::shared_ptr<Journal> journal) {
  std::lock_guard lock(impl_->mutex_);
  impl_->journal_ = std::move(journal);
}

Result<void> Store::transact(const std::function<bool(Transaction&)>& body) { return impl_->transact(*impl_, body); }

std::optional<StoredObject> Store::get(const ObjectKey& key) const {
  std::lock_guard lock(impl_->mutex_);
  return impl_->get(key);
}

Store::Listing Store::list(Storage storage, std::string_view namespace_name) const {
  std::lock_guard lock(impl_->mutex_);
  return listing_of(impl_->shelf_of(storage), namespace_name, impl_->revision_);
}

std::optional<Store::Listing> Store::list_at(Storage storage, std::string_view namespace_name,
                                             std::uint64_t revision) const {
  std::lock_guard lock(impl_->mutex_);
  const Impl::History& history = impl_->history_[Impl::index_of(storage)];
  if (revision > impl_->revision_ || revision < history.forgotten) {
    return std::nullopt;
  }
  Shelf shelf = impl_->shelf_of(storage);
  for (auto change = history.changes.rbegin(); change != history.changes.rend() && change->revision > revision;
       ++change) {
    const LocalKey key{change->key.namespace_name, change->key.name};
    if (change->before) {
      shelf[key] = *change->before;
    } else {
      shelf.erase(key);
    }
  }
  return listing_of(shelf, namespace_name, revision);
}

std::uint64_t Store::revision() const {
  std::lock_guard lock(impl_->mutex_);
  return impl_->revision_;
}

void Store::with_everything(const std::function<void(std::uint64_t, const Everything&)>& body) const {
  std::lock_guard lock(impl_->mutex_);
  Everything all;
  for (int storage = 0; storage < storage_count; ++storage) {
    for (const auto& [key, object] : impl_->shelves_[static_cast<std::size_t>(storage)]) {
      all.emplace_back(ObjectKey{static_cast<Storage>(storage), key.first, key.second}, object);
    }
  }
  body(impl_->revision_, all);
}

std::optional<Store::WatchId> Store::watch(Storage storage, std::uint64_t revision, Watcher watcher) {
  std::lock_guard lock(impl_->mutex_);
  const Impl::History& history = impl_->history_[Impl::index_of(storage)];
  if (revision < history.forgotten) {
    return std::nullopt;
  }
  for (const Change& change : history.changes) {
    if (change.revision > revision) {
      watcher(change);
    }
  }
  const WatchId id = ++impl_->last_watch_;
  impl_->watches_.emplace(id, Impl::Watch{storage, std::move(watcher)});
  return id;
}

Store::WatchId Store::watch_with_state(Storage storage, Watcher watcher) {
  std::lock_guard lock(impl_->mutex_);
  for (const auto& [key, object] : impl_->shelf_of(storage)) {
    Change created;
    created.key = {storage, key.first, key.second};
    created.revision = object.revision;
    created.after = object;
    watcher(created);
  }
  const WatchId id = ++impl_->last_watch_;
  impl_->watches_.emplace(id, Impl::Watch{storage, std::move(watcher)});
  return id;
}

void Store::unwatch(WatchId id) {
  decltype(impl_->watches_)::node_type ended;  // Destroyed after the lock is gone, as below.
  std::lock_guard lock(impl_->mutex_);
  ended = impl_->watches_.extract(id);
}

void Store::unwatch_all() {
  std::map<WatchId, Impl::Watch> ended;  // Destroyed after the lock is gone: a watcher may be the store's last owner.
  std::lock_guard lock(impl_->mutex_);
  ended.swap(impl_->watches_);
}

void Store::at_revision(const std::function<void(std::uint64_t)>& body) const {
  std::lock_guard lock(impl_->mutex_);
  body(impl_->revision_);
}

}  // namespace troupe::local
