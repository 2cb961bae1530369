#include "worker/process/timer_wheel.hpp"

#include <algorithm>
#include <bit>
#include <memory>
#include <utility>

namespace troupe {

TimerWheel::~TimerWheel() = default;

/// The first tick at whose start `due` has passed.
std::uint64_t TimerWheel::tick_after(Instant due) {
  const std::int64_t nanoseconds = std::max<std::int64_t>(due.time_since_epoch().count(), 0);
  return (static_cast<std::uint64_t>(nanoseconds) + (1ull << tick_bits) - 1) >> tick_bits;
}

TimerWheel::Key TimerWheel::add(Instant due, Timer&& timer) {
  Node* const node = size_ < limit_ ? make_node() : nullptr;
  if (node == nullptr) {
    return {};
  }
  node->due = due;
  node->added = ++added_;
  node->timer = std::move(timer);
  insert(*node);
  ++size_;
  return {node->index, static_cast<std::uint32_t>(node->added)};
}

bool TimerWheel::cancel(Key key, Timer& removed) {
  if (key.index == 0 || (key.index - 1) / chunk_nodes >= chunks_.size()) {
    return false;
  }
  Node& node = chunks_[(key.index - 1) / chunk_nodes][(key.index - 1) % chunk_nodes];
  if (node.added == 0 || static_cast<std::uint32_t>(node.added) != key.serial) {
    return false;
  }
  removed = std::move(node.timer);
  remove(node);
  free(node);
  return true;
}

/// In the lowest level whose current slot of the level above it shares with the present.
void TimerWheel::insert(Node& node) {
  const std::uint64_t tick = std::max(tick_after(node.due), now_tick_);
  const std::uint64_t differs = (tick ^ now_tick_) | (slots - 1);
  node.level = static_cast<std::uint8_t>((63u - static_cast<unsigned>(std::countl_zero(differs))) / slot_bits);
  node.slot = static_cast<std::uint8_t>((tick >> (node.level * slot_bits)) % slots);
  Slots& level = levels_[node.level];
  Node*& first = level.first[node.slot];
  node.previous = nullptr;
  node.next = first;
  if (first != nullptr) {
    first->previous = &node;
  }
  first = &node;
  level.occupied |= 1ull << node.slot;
}

void TimerWheel::remove(Node& node) {
  Slots& level = levels_[node.level];
  (node.previous != nullptr ? node.previous->next : level.first[node.slot]) = node.next;
  if (node.next != nullptr) {
    node.next->previous = node.previous;
  }
  if (level.first[node.slot] == nullptr) {
    level.occupied &= ~(1ull << node.slot);
  }
}

TimerWheel::Node* TimerWheel::take_slot(unsigned level, unsigned slot) {
  levels_[level].occupied &= ~(1ull << slot);
  return std::exchange(levels_[level].first[slot], nullptr);
}

Instant TimerWheel::next_event() const {
  for (unsigned level = 0; level < levels; ++level) {
    if (const std::uint64_t occupied = levels_[level].occupied) {
      const unsigned shift = level * slot_bits;
      const std::uint64_t passed =
          shift + slot_bits >= 64 ? 0 : now_tick_ >> (shift + slot_bits) << (shift + slot_bits);
      const std::uint64_t tick = passed | static_cast<std::uint64_t>(std::countr_zero(occupied)) << shift;
      constexpr auto last_tick = static_cast<std::uint64_t>(Instant::max().time_since_epoch().count()) >> tick_bits;
      return tick > last_tick ? Instant::max() : Instant(Duration(static_cast<std::int64_t>(tick << tick_bits)));
    }
  }
  return Instant::max();
}

void TimerWheel::take_due(Instant now, std::vector<Fired>& due, std::size_t enough) {
  const auto target =
      static_cast<std::uint64_t>(std::max<std::int64_t>(now.time_since_epoch().count(), 0)) >> tick_bits;
  for (Instant event = next_event(); event <= now && event != Instant::max(); event = next_event()) {
    if (due.size() >= enough) {
      return;
    }
    const auto level = static_cast<unsigned>(
        std::find_if(levels_.begin(), levels_.end(), [](const Slots& l) { return l.occupied != 0; }) - levels_.begin());
    const auto slot = static_cast<unsigned>(std::countr_zero(levels_[level].occupied));
    now_tick_ = std::max(now_tick_, static_cast<std::uint64_t>(event.time_since_epoch().count()) >> tick_bits);
    Node* node = take_slot(level, slot);
    if (level != 0) {
      while (node != nullptr) {
        insert(*std::exchange(node, node->next));
      }
      continue;
    }
    expired_.clear();
    for (; node != nullptr; node = node->next) {
      expired_.push_back({node->due, node->added, node});
    }
    // The list is latest first, so often in order already when turned round.
    std::reverse(expired_.begin(), expired_.end());
    const auto earlier = [](const Expired& left, const Expired& right) {
      return std::pair(left.due, left.added) < std::pair(right.due, right.added);
    };
    if (!std::is_sorted(expired_.begin(), expired_.end(), earlier)) {
      std::sort(expired_.begin(), expired_.end(), earlier);
    }
    for (const Expired& fired : expired_) {
      due.emplace_back(std::move(fired.node->timer), Key{fired.node->index, static_cast<std::uint32_t>(fired.added)});
      free(*fired.node);
    }
  }
  now_tick_ = std::max(now_tick_, target);
}

void TimerWheel::turn_into_terms(const void* image, std::vector<EnvelopePtr>& values) {
  for (const auto& chunk : chunks_) {
    for (std::uint32_t at = 0; at < chunk_nodes; ++at) {
      Node& node = chunk[at];
      if (node.added == 0) {
        continue;
      }
      EnvelopePtr& signal = node.timer.signal;
      if (signal && signal->form == Envelope::Form::value && signal->type->image == image) {
        values.push_back(std::exchange(signal, term_copy(*signal)));
      }
    }
  }
}

void TimerWheel::GiveBack::operator()(Node* nodes) const noexcept {
  std::destroy_n(nodes, chunk_nodes);
  give_memory_segment(nodes);
}

TimerWheel::Chunk TimerWheel::make_chunk() {
  auto* const nodes = static_cast<Node*>(take_memory_segment());
  std::uninitialized_default_construct_n(nodes, chunk_nodes);
  return Chunk(nodes);
}

TimerWheel::Node* TimerWheel::make_node() {
  if (free_ == nullptr) {
    const auto made = static_cast<std::uint32_t>(chunks_.size()) * chunk_nodes;
    if (made + chunk_nodes > timers_max) {
      return nullptr;
    }
    chunks_.push_back(make_chunk());
    for (std::uint32_t at = chunk_nodes; at != 0; --at) {
      Node& node = chunks_.back()[at - 1];
      node.index = made + at;
      node.next = std::exchange(free_, &node);
    }
  }
  return std::exchange(free_, free_->next);
}

void TimerWheel::free(Node& node) {
  node.added = 0;
  node.next = std::exchange(free_, &node);
  if (--size_ == 0 && chunks_.size() > 1) {
    drop_nodes();
  }
}

/// What a burst of timers has taken goes back; serials go on, so that old keys stay without meaning.
void TimerWheel::drop_nodes() {
  chunks_.clear();
  free_ = nullptr;
}

}  // namespace troupe
