// The little of OTP's net_kernel process that peers rely on: net_adm:ping/1 calls it with {is_auth, Node} to make a
// connection and hear `yes`.
#pragma once

#include <optional>

#include "worker/process/remote.hpp"

namespace troupe::distribution {

/// Whether a signal is for net_kernel: then nobody else sees it.
[[nodiscard]] bool is_for_net_kernel(const RemoteSignal& signal);
/// What net_kernel sends back, if anything. Monitors of it are accepted and never fire, as it lives as long as the
/// node.
[[nodiscard]] std::optional<RemoteSignal> net_kernel_answer(const RemoteSignal& signal);

}  // namespace troupe::distribution
