// Any bytes as what a peer may send: in the first byte's choice a handshake message to either side, an EPMD message, or
// a stream of frames of a connected link.
#include <cstdint>

#include "troupe/node_name.hpp"
#include "worker/distribution/control_message.hpp"
#include "worker/distribution/epmd_protocol.hpp"
#include "worker/distribution/frame_reader.hpp"
#include "worker/distribution/handshake.hpp"

namespace {

using namespace troupe;
using namespace troupe::distribution;

/// Cuts the input into messages with 2-byte lengths, as the wire does, until the handshake ends.
void talk(Handshake& handshake, ByteView bytes) {
  (void)handshake.start();
  FrameReader reader(2, handshake_bytes_max);
  reader.append(bytes);
  for (;;) {
    const auto message = reader.next();
    if (!message || !*message || handshake.on_message(**message).progress != HandshakeStep::Progress::more) {
      return;
    }
  }
}

void read_frames(ByteView bytes) {
  const NodeIdentity self{"fuzzed@10.0.0.1", 1};
  const NodeIndex peer = intern_node_name("peer@10.0.0.2").value_or(0);
  FrameReader reader(4, 1024 * 1024);
  reader.append(bytes);
  for (;;) {
    const auto frame = reader.next();
    if (!frame || !*frame) {
      return;
    }
    const auto message = decode_frame(**frame, peer, self);
    if (!message) {
      return;
    }
    if (const auto* signal = std::get_if<RemoteSignal>(&*message)) {
      (void)encode_frame(*signal, supported, self);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const ByteView bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  const HandshakeSelf self{"fuzzed@10.0.0.1", 1, supported};
  switch (data[0] % 4) {
    case 0: {
      Initiator initiator(self, "peer@10.0.0.2", "cookie", 7);
      talk(initiator, bytes);
      break;
    }
    case 1: {
      Acceptor acceptor(self, {"cookie", "other"}, 7,
                        [&](const PeerIdentity& peer) { return static_cast<NameStatus>(peer.creation % 5); });
      talk(acceptor, bytes);
      break;
    }
    case 2:
      (void)decode_epmd_request(bytes);
      (void)decode_port_reply(bytes);
      (void)decode_alive_reply(bytes);
      break;
    default:
      read_frames(bytes);
  }
  return 0;
}
