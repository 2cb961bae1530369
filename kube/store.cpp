#include "kube/store.hpp"

namespace troupe::kube {
namespace {

bool same_object(const Object& a, const Object& b) { return a.uid() == b.uid(); }

bool same_version(const Object& a, const Object& b) {
  return same_object(a, b) && a.resource_version() == b.resource_version();
}

void report_set(std::vector<Change>& changes, const Object* before, const Object& after, bool initial) {
  if (before != nullptr && !same_object(*before, after)) {
    changes.push_back({*before, std::nullopt, initial});
    before = nullptr;
  }
  changes.push_back({before == nullptr ? std::nullopt : std::optional(*before), after, initial});
}

}  // namespace

Object Store::State::same_or(Object incoming) const {
  const std::lock_guard lock(mutex);
  const auto found = objects.find(incoming.key());
  return found != objects.end() && same_version(found->second, incoming) ? found->second : incoming;
}

std::vector<Change> Store::State::replace(ObjectsByKey incoming, const std::string& version) {
  std::vector<Change> changes;
  const std::lock_guard lock(mutex);
  for (const auto& [key, before] : objects) {
    if (!incoming.contains(key)) {
      changes.push_back({before, std::nullopt, false});
    }
  }
  for (const auto& [key, after] : incoming) {
    const auto found = objects.find(key);
    const Object* before = found == objects.end() ? nullptr : &found->second;
    if (before == nullptr || !same_version(*before, after)) {
      report_set(changes, before, after, !synced);
    }
  }
  objects = std::move(incoming);
  resource_version = version;
  synced = true;
  return changes;
}

std::vector<Change> Store::State::apply(WatchEventType type, Object object) {
  std::vector<Change> changes;
  const std::lock_guard lock(mutex);
  resource_version = object.resource_version();
  std::string key = object.key();
  const auto found = objects.find(key);
  if (type == WatchEventType::deleted) {
    if (found != objects.end()) {
      // The event carries the object as it was when it went, which is newer than ours.
      changes.push_back({std::move(object), std::nullopt, false});
      objects.erase(found);
    }
    return changes;
  }
  report_set(changes, found == objects.end() ? nullptr : &found->second, object, false);
  objects.insert_or_assign(std::move(key), std::move(object));
  return changes;
}

void Store::State::advance(const std::string& version) {
  const std::lock_guard lock(mutex);
  resource_version = version;
}

Store::Store() : state_(std::make_unique<State>()) {}
Store::~Store() = default;

std::optional<Object> Store::get(std::string_view key) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->objects.find(key);
  return found == state_->objects.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Object> Store::all() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<Object> out;
  out.reserve(state_->objects.size());
  for (const auto& [key, object] : state_->objects) {
    out.push_back(object);
  }
  return out;
}

std::size_t Store::size() const {
  const std::lock_guard lock(state_->mutex);
  return state_->objects.size();
}

bool Store::synced() const {
  const std::lock_guard lock(state_->mutex);
  return state_->synced;
}

std::string Store::resource_version() const {
  const std::lock_guard lock(state_->mutex);
  return state_->resource_version;
}

}  // namespace troupe::kube
