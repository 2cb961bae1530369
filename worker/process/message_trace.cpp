#include "worker/process/message_trace.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "troupe/server.hpp"
#include "worker/process/envelope.hpp"

namespace troupe {

MessageTrace::MessageTrace(std::size_t events_kept)
    : events_kept_(std::clamp<std::size_t>(events_kept, 1, events_max)) {}

bool MessageTrace::admits(Instant now) {
  if (now - second_began_ >= std::chrono::seconds(1)) {
    second_began_ = now;
    in_this_second_ = 0;
  }
  if (in_this_second_ == events_per_second_max) {
    ++skipped_;
    return false;
  }
  ++in_this_second_;
  return true;
}

void MessageTrace::add(Term event) {
  events_.push_back(std::move(event));
  if (events_.size() > events_kept_) {
    events_.pop_front();
  }
}

Term MessageTrace::events() const {
  std::vector<Term> all;
  if (skipped_ != 0) {
    all.push_back(Term::tuple({Term::atom("skipped"), Term::integer(skipped_)}));
  }
  all.insert(all.end(), events_.begin(), events_.end());
  return Term::list(std::move(all));
}

Term kept_in_trace(const Term& message) {
  const std::size_t bytes = approximate_bytes(message);
  if (bytes <= MessageTrace::event_bytes_max) {
    return message;
  }
  return Term::tuple({Term::atom("large"), Term::atom(abi::tag_of(message).empty() ? "untagged" : abi::tag_of(message)),
                      Term::integer(static_cast<std::int64_t>(bytes))});
}

}  // namespace troupe
