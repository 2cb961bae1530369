#include "worker/process/thread_parts.hpp"

#include <utility>

namespace troupe {
namespace {

std::atomic<std::uint64_t> last_number{0};

}  // namespace

constinit thread_local ThreadParts::Cached ThreadParts::cached_;

/// Gives the part back when its thread ends, to the next that needs one; shares the store, as the runtime may be gone.
class ThreadParts::Holder {
 public:
  Holder() = default;
  ~Holder() { give_back(); }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  ThreadPart* take(const std::shared_ptr<Store>& store) {
    give_back();
    store_ = store;
    const std::lock_guard lock(store_->mutex);
    if (store_->without_thread.empty()) {
      store_->parts.push_back(std::make_unique<ThreadPart>());
      part_ = store_->parts.back().get();
    } else {
      part_ = store_->without_thread.back();
      store_->without_thread.pop_back();
    }
    return part_;
  }

 private:
  void give_back() {
    cached_ = {};
    if (const auto store = std::exchange(store_, nullptr)) {
      const std::lock_guard lock(store->mutex);
      store->without_thread.push_back(part_);
    }
  }

  std::shared_ptr<Store> store_;
  ThreadPart* part_ = nullptr;
};

ThreadParts::ThreadParts() : number_(last_number.fetch_add(1, std::memory_order_relaxed) + 1) {}

ThreadPart& ThreadParts::here_slowly() {
  thread_local Holder holder;
  ThreadPart* const part = holder.take(store_);
  cached_ = {number_, part};
  return *part;
}

std::uint64_t ThreadParts::sum(ThreadCounter ThreadPart::*counter) const {
  std::uint64_t sum = 0;
  const std::lock_guard lock(store_->mutex);
  for (const auto& part : store_->parts) {
    sum += (part.get()->*counter).value();
  }
  return sum;
}

}  // namespace troupe
