// A table that processes share: what ETS is for. Reads send no message and do not wait for each other.
//
//   class Sessions {                                      // owns the table: it goes with this process
//    public:
//     explicit Sessions(...) ...
//     void handle(Login login) { table_.insert(login.user, login.from); }
//    private:
//     troupe::Table<std::string, Pid> table_;
//   };
//   ... troupe::TableReader<std::string, Pid> sessions = table_.reader();    // given to whoever reads, on any thread
//   if (const auto pid = sessions.lookup("ada")) { ...
//
// **Owner.** The Table belongs to the process that has it in its state or in its coroutine; the table is empty and
// closed when that ends, before anybody learns of the end. An heir gets it instead, as a message. Who may write is said
// by what is handed out: ETS's `protected` is a TableReader, its `public` a TableWriter.
// **What is atomic.** Each call for one key, update_counter too. `for_each`, `select` and `size` go through the table
// part by part while others change it: an entry that is there all the time is seen exactly once.
// **Limits.** Keys and values are C++ values of one module image and are copied out; `entries_max` bounds the number.
// Reads on a closed table find nothing, writes answer false.
// All methods are thread-safe, but for a Table's own making, moving and end.
// Source: stdlib's ets (insert, insert_new, lookup, member, take, update_counter, heir).
#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

#include "troupe/local.hpp"
#include "troupe/process.hpp"
#include "troupe/spread_lock.hpp"

namespace troupe {

struct TableOptions {
  /// Past this, new keys are refused. As many as a node has processes.
  std::size_t entries_max = 16u * 1024 * 1024;
};

namespace abi {

/// What a table and its handles share.
template <class Key, class Value>
class TableCore {
 public:
  using Entries = std::unordered_map<Key, Value>;
  struct alignas(64) Shard {
    SpreadLock lock;
    Entries entries;
  };
  static constexpr std::size_t shard_count = 16;

  explicit TableCore(TableOptions options) : options_(options) {}

  Shard& shard_of(const Key& key) {
    // The hash of an integer is often the integer: its high bits say nothing.
    const std::uint64_t mixed = static_cast<std::uint64_t>(std::hash<Key>{}(key)) * 0x9e3779b97f4a7c15;
    return shards_[mixed >> 60];
  }
  std::array<Shard, shard_count>& shards() { return shards_; }

  [[nodiscard]] bool closed() const { return closed_.load(std::memory_order_acquire); }
  /// Whether one more may be added; counts it. Undone by `removed`.
  bool add() {
    if (size_.fetch_add(1, std::memory_order_relaxed) >= options_.entries_max) {
      removed(1);
      return false;
    }
    return true;
  }
  void removed(std::size_t count) { size_.fetch_sub(count, std::memory_order_relaxed); }
  [[nodiscard]] std::size_t size() const { return size_.load(std::memory_order_relaxed); }

  void clear() {
    for (Shard& shard : shards_) {
      Entries gone;  // Destroyed outside of the lock: destructors are the user's code.
      const std::unique_lock lock(shard.lock);
      removed(shard.entries.size());
      gone.swap(shard.entries);
    }
  }
  void close() {
    closed_.store(true, std::memory_order_release);
    clear();
  }

 private:
  static_assert(shard_count == std::size_t{1} << (64 - 60));

  const TableOptions options_;
  std::array<Shard, shard_count> shards_;
  alignas(64) std::atomic<std::size_t> size_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace abi

template <class Key, class Value>
class Table;

/// Reads a table, from anywhere in this image. A copy costs as much as that of a std::shared_ptr.
template <class Key, class Value>
class TableReader {
 public:
  /// The value as it is now, copied; nothing when the key is not there.
  [[nodiscard]] std::optional<Value> lookup(const Key& key) const {
    auto& shard = core_->shard_of(key);
    const std::shared_lock lock(shard.lock);
    const auto found = shard.entries.find(key);
    return found == shard.entries.end() ? std::nullopt : std::optional<Value>(found->second);
  }
  [[nodiscard]] bool member(const Key& key) const {
    auto& shard = core_->shard_of(key);
    const std::shared_lock lock(shard.lock);
    return shard.entries.contains(key);
  }
  [[nodiscard]] std::size_t size() const { return core_->size(); }
  /// Its owner, and every heir, has ended.
  [[nodiscard]] bool closed() const { return core_->closed(); }

  /// `use(key, value)` of each entry, copied, in no order. It may do with the table what it likes.
  template <class Use>
  void for_each(Use use) const {
    for (auto& shard : core_->shards()) {
      std::vector<std::pair<Key, Value>> copied;
      {
        const std::shared_lock lock(shard.lock);
        copied.assign(shard.entries.begin(), shard.entries.end());
      }
      for (auto& [key, value] : copied) {
        use(std::as_const(key), std::as_const(value));
      }
    }
  }
  /// Copies of the entries for which `wanted(key, value)` holds, in no order. It is called under a lock: it must not
  /// change the table.
  template <class Wanted>
  [[nodiscard]] std::vector<std::pair<Key, Value>> select(Wanted wanted) const {
    std::vector<std::pair<Key, Value>> selected;
    for (auto& shard : core_->shards()) {
      const std::shared_lock lock(shard.lock);
      for (const auto& [key, value] : shard.entries) {
        if (wanted(key, value)) {
          selected.emplace_back(key, value);
        }
      }
    }
    return selected;
  }

 protected:
  using Core = abi::TableCore<Key, Value>;
  friend class Table<Key, Value>;
  explicit TableReader(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  [[nodiscard]] Core& core() const { return *core_; }

 private:
  std::shared_ptr<Core> core_;
};

/// Reads and writes a table.
template <class Key, class Value>
class TableWriter : public TableReader<Key, Value> {
 public:
  /// Adds the entry or replaces its value. False when the table is closed or full.
  bool insert(Key key, Value value) const { return put(std::move(key), std::move(value), true); }
  /// False also when the key is there already.
  bool insert_new(Key key, Value value) const { return put(std::move(key), std::move(value), false); }
  /// ETS's delete. False when it was not there.
  bool erase(const Key& key) const { return take(key).has_value(); }
  /// Removes the entry and gives its value.
  std::optional<Value> take(const Key& key) const {
    return take_if(key, [](const Value&) { return true; });
  }
  /// The same if `may_go(value)`, which is called under a lock: it must not touch the table.
  template <class MayGo>
  std::optional<Value> take_if(const Key& key, MayGo may_go) const {
    auto& shard = core().shard_of(key);
    typename Core::Entries::node_type gone;
    {
      const std::unique_lock lock(shard.lock);
      const auto found = shard.entries.find(key);
      if (found == shard.entries.end() || !may_go(std::as_const(found->second))) {
        return std::nullopt;
      }
      gone = shard.entries.extract(found);
    }
    core().removed(1);
    return std::move(gone.mapped());
  }
  /// Adds to a counter; the new value, or nothing when the key is not there. A sum that does not fit throws
  /// std::overflow_error and changes nothing.
  std::optional<Value> update_counter(const Key& key, Value increment) const requires std::integral<Value> {
    return count(key, increment, nullptr);
  }
  /// The same; a key that is not there starts from `initial`. Nothing when the table is closed or full.
  std::optional<Value> update_counter(const Key& key, Value increment,
                                      Value initial) const requires std::integral<Value> {
    return count(key, increment, &initial);
  }
  /// ETS's delete_all_objects.
  void clear() const { core().clear(); }

 protected:
  using typename TableReader<Key, Value>::Core;
  using TableReader<Key, Value>::core;
  friend class Table<Key, Value>;
  using TableReader<Key, Value>::TableReader;

 private:
  static Value sum(Value left, Value right) {
    Value result{};
    if (__builtin_add_overflow(left, right, &result)) {
      throw std::overflow_error("update_counter: the sum does not fit the counter");
    }
    return result;
  }

  std::optional<Value> count(const Key& key, Value increment, const Value* initial) const {
    auto& shard = core().shard_of(key);
    const std::unique_lock lock(shard.lock);
    if (const auto found = shard.entries.find(key); found != shard.entries.end()) {
      return found->second = sum(found->second, increment);
    }
    if (initial == nullptr) {
      return std::nullopt;
    }
    const Value first = sum(*initial, increment);
    return add(shard, Key(key), Value(first)) ? std::optional(first) : std::nullopt;
  }

  bool put(Key&& key, Value&& value, bool replace) const {
    auto& shard = core().shard_of(key);
    const std::unique_lock lock(shard.lock);
    if (const auto found = shard.entries.find(key); found != shard.entries.end()) {
      if (replace) {
        std::swap(found->second, value);  // The old one goes with the caller's argument, outside of the lock.
      }
      return replace;
    }
    return add(shard, std::move(key), std::move(value));
  }

  /// Under the shard's lock, a key that it does not have.
  bool add(typename Core::Shard& shard, Key&& key, Value&& value) const {
    if (core().closed() || !core().add()) {
      return false;
    }
    try {
      shard.entries.emplace(std::move(key), std::move(value));
    } catch (...) {
      core().removed(1);
      throw;
    }
    return true;
  }
};

/// The table itself: closed with the end of this object, unless an heir gets it.
template <class Key, class Value>
class Table : public TableWriter<Key, Value> {
 public:
  explicit Table(TableOptions options = {}) : TableWriter<Key, Value>(std::make_shared<Core>(options)) {}
  Table(Table&& other) noexcept
      : TableWriter<Key, Value>(other), heir_(other.heir_), bequeath_(other.bequeath_), mine_(other.mine_) {
    other.mine_ = false;
  }
  Table& operator=(Table&&) = delete;
  ~Table() {
    if (mine_ && bequeath_ != nullptr) {
      bequeath_(*this);
    } else if (mine_) {
      this->core().close();
    }
  }

  [[nodiscard]] TableReader<Key, Value> reader() const { return *this; }
  [[nodiscard]] TableWriter<Key, Value> writer() const { return *this; }

  /// With this object's end the table goes to `heir` in a message `Transfer{troupe::Local<Table>}`, ETS's
  /// 'ETS-TRANSFER'; it has no heir then. When that one is gone, or its mailbox full, the table is closed.
  template <class Transfer>
  void set_heir(const Pid& heir) {
    heir_ = heir;
    bequeath_ = [](Table& table) {
      Table inherited(std::move(table));
      const Pid to = inherited.heir_;
      inherited.bequeath_ = nullptr;
      troupe::send(to, Transfer{Local<Table>(std::move(inherited))});
    };
  }

 private:
  using typename TableReader<Key, Value>::Core;

  Pid heir_;
  void (*bequeath_)(Table& table) = nullptr;
  bool mine_ = true;
};

}  // namespace troupe
