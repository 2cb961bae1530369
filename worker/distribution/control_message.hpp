// One frame of a connected link <-> one signal (erl_dist_protocol "Protocol between Connected Nodes"). Without atom
// cache and fragments a frame is the byte 112, a control tuple and, for some, a payload; both terms with their version
// byte.
#pragma once

#include <variant>

#include "base/network.hpp"
#include "base/result.hpp"
#include "worker/distribution/flags.hpp"
#include "worker/process/remote.hpp"
#include "worker/term/etf.hpp"

namespace troupe::distribution {

/// A peer asks to spawn a function here; answered with `notsup`.
struct SpawnRequest {
  Reference request;
  Pid from;
};
/// A well-formed control message that asks nothing of us.
struct NothingToDo {};

using ControlMessage = std::variant<RemoteSignal, SpawnRequest, NothingToDo>;

/// A frame without its length, as read from `peer`. Links, exits and monitors must come from a process of `peer` and go
/// to one of this node; a send to another node or incarnation is NothingToDo. The error is the reason to close the
/// link.
Result<ControlMessage> decode_frame(ByteView frame, NodeIndex peer, const NodeIdentity& self,
                                    const EtfLimits& limits = {});

/// The whole frame with its 4-byte length, in the form that a peer with `peer_flags` reads. Empty when the peer lacks
/// what the signal needs (a send to an alias).
[[nodiscard]] Bytes encode_frame(const RemoteSignal& signal, Flags peer_flags, const NodeIdentity& self);
/// {SPAWN_REPLY, Request, To, 0, notsup}
[[nodiscard]] Bytes encode_spawn_refusal(const SpawnRequest& request, const NodeIdentity& self);

/// A frame of length 0.
[[nodiscard]] Bytes tick_frame();

}  // namespace troupe::distribution
