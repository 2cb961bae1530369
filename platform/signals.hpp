// SIGTERM and SIGINT as a call on a thread of its own, so that shutdown code may lock, wait and allocate.
#pragma once

#include <functional>

namespace troupe::platform {

/// Blocks SIGTERM and SIGINT in the calling thread (and all it starts later) and ignores SIGPIPE. Call first in main.
/// `on_stop(signal)` runs for each arrival, each on a thread of its own, so a call that hangs delays no other (they may
/// overlap). A third SIGINT ends the program with status 130.
void on_stop_signal(std::function<void(int signal)> on_stop);

}  // namespace troupe::platform
