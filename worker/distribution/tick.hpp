// When to send a tick and when to give a peer up, as OTP's net_kernel does: time is looked at four times per
// net_ticktime; a quarter without output asks for a tick, four quarters without input end the link. Detection
// therefore takes between 0.75 and 1.25 times net_ticktime.
#pragma once

#include <cstdint>

namespace troupe::distribution {

class TickState {
 public:
  enum class Action { nothing, send_tick, peer_is_silent };

  /// Called each quarter with running totals of bytes read and written.
  Action on_quarter(std::uint64_t bytes_read, std::uint64_t bytes_written) {
    silent_quarters_ = bytes_read == bytes_read_ ? silent_quarters_ + 1 : 0;
    const bool quiet = bytes_written == bytes_written_;
    bytes_read_ = bytes_read;
    bytes_written_ = bytes_written;
    if (silent_quarters_ >= quarters) {
      return Action::peer_is_silent;
    }
    return quiet ? Action::send_tick : Action::nothing;
  }

  static constexpr int quarters = 4;

 private:
  std::uint64_t bytes_read_ = 0;
  std::uint64_t bytes_written_ = 0;
  int silent_quarters_ = 0;
};

}  // namespace troupe::distribution
