#include "worker/distribution/counters.hpp"

namespace troupe::distribution {

Counters AtomicCounters::read() const {
  Counters out;
  out.links_up = links_up.load(std::memory_order_relaxed);
  out.connects = connects.load(std::memory_order_relaxed);
  out.connect_failures = connect_failures.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < handshake_failures; ++i) {
    out.handshakes_rejected.at(i) = handshakes_rejected.at(i).load(std::memory_order_relaxed);
  }
  out.handshakes_refused = handshakes_refused.load(std::memory_order_relaxed);
  out.bytes_in = bytes_in.load(std::memory_order_relaxed);
  out.bytes_out = bytes_out.load(std::memory_order_relaxed);
  out.messages_in = messages_in.load(std::memory_order_relaxed);
  out.messages_out = messages_out.load(std::memory_order_relaxed);
  out.messages_refused = messages_refused.load(std::memory_order_relaxed);
  out.busy_answers = busy_answers.load(std::memory_order_relaxed);
  out.fragments_in = fragments_in.load(std::memory_order_relaxed);
  out.assembly_bytes = assembly_bytes.load(std::memory_order_relaxed);
  out.ticks_sent = ticks_sent.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < link_ends; ++i) {
    out.links_ended.at(i) = links_ended.at(i).load(std::memory_order_relaxed);
  }
  return out;
}

}  // namespace troupe::distribution
