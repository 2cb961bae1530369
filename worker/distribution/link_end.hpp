// Why a link that was up has ended: the reason of node_down and a label of the metric of ended links.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe::distribution {

enum class LinkEnd : std::uint8_t {
  connection_closed,
  net_tick_timeout,  ///< Nothing was read for a tick time.
  disconnect,        ///< Asked for on this side.
  connection_replaced,
  output_overflow,          ///< More links, monitors and exits wait than LinkLimits allows.
  protocol_error,           ///< A malformed frame.
  fragments_out_of_order,   ///< One that was not the next of its message.
  fragments_too_large,      ///< Unfinished messages hold more than LinkLimits allows.
  too_many_fragment_series  ///< More unfinished messages than LinkLimits allows.
};
inline constexpr std::size_t link_ends = 9;
[[nodiscard]] std::string_view to_string(LinkEnd end);

}  // namespace troupe::distribution
