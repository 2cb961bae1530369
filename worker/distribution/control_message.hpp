// Messages of a connected link <-> signals (erl_dist_protocol "Protocol between Connected Nodes"). A message is a
// control tuple and, for some, a payload. Without fragments it travels as a frame of the byte 112 and the terms with
// their version bytes; with them as one of a distribution header and the terms without, and Erlang 25 refuses the other
// form.
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

/// Whether it is a message, which may be refused, and not a link, monitor, exit or the like.
[[nodiscard]] bool is_message(RemoteSignal::Kind kind);

/// A frame without its length, as read from a `peer` without fragments. Links, exits and monitors must come from a
/// process of `peer` and go to one of this node; what is for another node is NothingToDo. So is what is for an earlier
/// incarnation of this one, but for links, unlinks and monitors, which are answered. The error is the reason to close
/// the link.
Result<ControlMessage> decode_frame(ByteView frame, NodeIndex peer, const NodeIdentity& self,
                                    const EtfLimits& limits = {});
/// The same of what followed a distribution header.
Result<ControlMessage> decode_message(ByteView message, NodeIndex peer, const NodeIdentity& self,
                                      const EtfLimits& limits = {});

/// A message as one frame, with its 4-byte length.
struct EncodedSignal {
  /// Where the control message begins, when the frame has a distribution header: after length and header.
  static constexpr std::size_t content_at = 7;
  Bytes frame;
  std::size_t control_end = 0;  ///< Where the control message ends and the payload begins.
};

/// In the form that a peer with `peer_flags` reads. Empty when the peer lacks what the signal needs (a send to an
/// alias). The length is meaningless when it does not fit 4 bytes: such a frame must be cut or dropped.
[[nodiscard]] EncodedSignal encode_signal(const RemoteSignal& signal, Flags peer_flags, const NodeIdentity& self);
/// {SPAWN_REPLY, Request, To, 0, notsup}
[[nodiscard]] EncodedSignal encode_spawn_refusal(const SpawnRequest& request, Flags peer_flags,
                                                 const NodeIdentity& self);

/// A frame of length 0.
[[nodiscard]] Bytes tick_frame();

}  // namespace troupe::distribution
