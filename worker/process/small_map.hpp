// SmallMap: a map that is a plain vector while it is small, as the links and monitors of most processes are, and keeps
// an index beside it once it has grown, as a supervisor's may.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "worker/process/block_allocator.hpp"

namespace troupe {

template <class Key, class Value>
class SmallMap {
 public:
  using Entry = std::pair<Key, Value>;
  using Entries = std::vector<Entry, BlockAllocator<Entry>>;

  Value* find(const Key& key) {
    const std::size_t at = position(key);
    return at == none ? nullptr : &entries_[at].second;
  }
  [[nodiscard]] bool contains(const Key& key) const { return position(key) != none; }
  /// The value of `key`, made when absent.
  Value& operator[](const Key& key) {
    if (Value* const known = find(key)) {
      return *known;
    }
    entries_.emplace_back(key, Value{});
    if (index_) {
      index_->emplace(key, entries_.size() - 1);
    } else if (entries_.size() > linear_max) {
      build_index();
    }
    return entries_.back().second;
  }
  bool erase(const Key& key) {
    const std::size_t at = position(key);
    if (at == none) {
      return false;
    }
    if (index_) {
      index_->erase(key);
    }
    if (at + 1 != entries_.size()) {
      entries_[at] = std::move(entries_.back());
      if (index_) {
        (*index_)[entries_[at].first] = at;
      }
    }
    entries_.pop_back();
    if (entries_.empty()) {
      index_.reset();
    }
    return true;
  }
  /// Gives back the memory that it has for more than it holds.
  void shrink() { entries_.shrink_to_fit(); }
  [[nodiscard]] const Entries& entries() const { return entries_; }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  static constexpr std::size_t linear_max = 32;
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  [[nodiscard]] std::size_t position(const Key& key) const {
    if (index_) {
      const auto found = index_->find(key);
      return found == index_->end() ? none : found->second;
    }
    for (std::size_t at = 0; at < entries_.size(); ++at) {
      if (entries_[at].first == key) {
        return at;
      }
    }
    return none;
  }
  void build_index() {
    index_ = std::make_unique<std::unordered_map<Key, std::size_t>>();
    for (std::size_t at = 0; at < entries_.size(); ++at) {
      index_->emplace(entries_[at].first, at);
    }
  }

  Entries entries_;
  std::unique_ptr<std::unordered_map<Key, std::size_t>> index_;
};

}  // namespace troupe
