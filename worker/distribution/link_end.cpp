#include "worker/distribution/link_end.hpp"

#include "base/check.hpp"

namespace troupe::distribution {

std::string_view to_string(LinkEnd end) {
  switch (end) {
    case LinkEnd::connection_closed:
      return "connection_closed";
    case LinkEnd::net_tick_timeout:
      return "net_tick_timeout";
    case LinkEnd::disconnect:
      return "disconnect";
    case LinkEnd::connection_replaced:
      return "connection_replaced";
    case LinkEnd::output_overflow:
      return "output_overflow";
    case LinkEnd::protocol_error:
      return "protocol_error";
    case LinkEnd::fragments_out_of_order:
      return "fragments_out_of_order";
    case LinkEnd::fragments_too_large:
      return "fragments_too_large";
    case LinkEnd::too_many_fragment_series:
      return "too_many_fragment_series";
  }
  check(false, "a link that ended for no reason");
  return {};
}

}  // namespace troupe::distribution
