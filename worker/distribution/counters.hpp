// What a distribution counts, for metrics: running totals since its start.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "worker/distribution/handshake.hpp"
#include "worker/distribution/link_end.hpp"

namespace troupe::distribution {

struct Counters {
  std::uint64_t links_up = 0;  ///< Right now.
  std::uint64_t connects = 0;  ///< Links that came up, whoever made them.
  std::uint64_t connect_failures = 0;
  std::array<std::uint64_t, handshake_failures> handshakes_rejected{};  ///< By HandshakeFailure.
  std::uint64_t handshakes_refused = 0;  ///< Beyond the bound of simultaneous handshakes.
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t messages_refused = 0;  ///< The link's output was full.
  std::uint64_t busy_answers = 0;      ///< Messages sent whose sender was told to pause.
  std::uint64_t fragments_in = 0;      ///< Frames that were part of a message.
  std::uint64_t assembly_bytes = 0;    ///< Right now, in messages that have not arrived whole.
  std::uint64_t ticks_sent = 0;
  std::array<std::uint64_t, link_ends> links_ended{};  ///< By LinkEnd.
};

/// The same, as any thread may count.
struct AtomicCounters {
  std::atomic<std::uint64_t> links_up{0};
  std::atomic<std::uint64_t> connects{0};
  std::atomic<std::uint64_t> connect_failures{0};
  std::array<std::atomic<std::uint64_t>, handshake_failures> handshakes_rejected{};
  std::atomic<std::uint64_t> handshakes_refused{0};
  std::atomic<std::uint64_t> bytes_in{0};
  std::atomic<std::uint64_t> bytes_out{0};
  std::atomic<std::uint64_t> messages_in{0};
  std::atomic<std::uint64_t> messages_out{0};
  std::atomic<std::uint64_t> messages_refused{0};
  std::atomic<std::uint64_t> busy_answers{0};
  std::atomic<std::uint64_t> fragments_in{0};
  std::atomic<std::uint64_t> assembly_bytes{0};
  std::atomic<std::uint64_t> ticks_sent{0};
  std::array<std::atomic<std::uint64_t>, link_ends> links_ended{};

  [[nodiscard]] Counters read() const;
};

}  // namespace troupe::distribution
