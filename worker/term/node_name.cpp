// The table of node names: the only state of worker_term. Application modules link another implementation that asks the
// host, so nothing else belongs in this file.
#include "troupe/node_name.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "base/check.hpp"

namespace troupe {
namespace {

class NodeNames {
 public:
  std::optional<NodeIndex> intern(std::string_view name) {
    {
      const std::shared_lock lock(mutex_);
      if (const auto found = indexes_.find(name); found != indexes_.end()) {
        return found->second;
      }
    }
    const std::unique_lock lock(mutex_);
    if (const auto found = indexes_.find(name); found != indexes_.end()) {
      return found->second;
    }
    if (count_ == node_names_max) {
      return std::nullopt;
    }
    return add(count_, name);
  }

  [[nodiscard]] std::string_view name(NodeIndex index) const {
    check(index < node_names_max, "node_name: no such index");
    const std::string* stored = names_[index].load(std::memory_order_acquire);
    check(stored != nullptr || index == 0, "node_name: no such index");
    return stored == nullptr ? std::string_view("nonode@nohost") : std::string_view(*stored);
  }

  void name_this_node(std::string_view name, std::uint32_t creation) {
    check(creation != 0, "name_this_node: creation 0 means unknown");
    const std::unique_lock lock(mutex_);
    check(names_[0].load() == nullptr, "name_this_node: already named");
    check(indexes_.find(name) == indexes_.end(), "name_this_node: the name is a peer's already");
    creation_.store(creation, std::memory_order_release);
    add(0, name);
  }

  [[nodiscard]] std::uint32_t creation() const { return creation_.load(std::memory_order_acquire); }

 private:
  NodeIndex add(NodeIndex index, std::string_view name) {
    // Never freed: views of names are valid for the life of the program.
    const auto* stored = new std::string(name);
    indexes_.emplace(*stored, index);
    names_[index].store(stored, std::memory_order_release);
    if (index != 0) {
      ++count_;
    }
    return index;
  }

  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string_view, NodeIndex> indexes_;
  std::array<std::atomic<const std::string*>, node_names_max> names_{};
  NodeIndex count_ = 1;  ///< Next free index.
  std::atomic<std::uint32_t> creation_{0};
};

NodeNames& table() {
  // Not destroyed, since threads may still print a pid while the program ends.
  static NodeNames* const names = new NodeNames;
  return *names;
}

}  // namespace

std::optional<NodeIndex> intern_node_name(std::string_view name) { return table().intern(name); }
std::string_view node_name(NodeIndex index) { return table().name(index); }
void name_this_node(std::string_view name, std::uint32_t creation) { table().name_this_node(name, creation); }
std::uint32_t this_creation() { return table().creation(); }

}  // namespace troupe
