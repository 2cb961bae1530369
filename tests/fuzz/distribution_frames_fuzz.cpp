// Any bytes as what a peer may send: in the first byte's choice a handshake message to either side, an EPMD message, or
// a stream of frames of a connected link, without or with fragments. What was read is sent on in fragments, and must
// come back.
#include <cstdint>

#include "base/check.hpp"
#include "troupe/node_name.hpp"
#include "worker/distribution/control_message.hpp"
#include "worker/distribution/epmd_protocol.hpp"
#include "worker/distribution/fragment_assembly.hpp"
#include "worker/distribution/frame_reader.hpp"
#include "worker/distribution/handshake.hpp"
#include "worker/distribution/output_queue.hpp"

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
      (void)encode_signal(*signal, supported & ~fragments, self);
    }
  }
}

/// Takes all that waits as the peer would; says how many messages came whole.
std::size_t drain(OutputQueue& queue, FragmentAssembly& assembly) {
  std::size_t whole = 0;
  FrameReader reader(4, UINT32_MAX);
  while (!queue.empty()) {
    const Bytes frames = queue.take();
    reader.append(frames);
    while (const auto frame = reader.next().value()) {
      const auto taken = assembly.take(*frame);
      check(taken.outcome != FragmentAssembly::Taken::Outcome::failed, "our own fragments are refused");
      whole += taken.outcome == FragmentAssembly::Taken::Outcome::whole ? 1 : 0;
    }
  }
  return whole;
}

void read_fragments(ByteView bytes, std::size_t fragment_bytes) {
  const NodeIdentity self{"fuzzed@10.0.0.1", 1};
  const NodeIndex peer = intern_node_name("peer@10.0.0.2").value_or(0);
  const AssemblyLimits limits{.message_bytes_max = 64 * 1024, .bytes_max = 128 * 1024, .series_max = 16};
  FragmentAssembly assembly(limits);
  OutputQueue queue(true, fragment_bytes);
  std::size_t sent = 0;
  FrameReader reader(4, 1024 * 1024);
  reader.append(bytes);
  for (;;) {
    const auto frame = reader.next();
    if (!frame || !*frame) {
      break;
    }
    const auto taken = assembly.take(**frame);
    check(assembly.bytes() <= limits.bytes_max && assembly.series() <= limits.series_max, "beyond the bounds");
    if (taken.outcome == FragmentAssembly::Taken::Outcome::failed) {
      break;
    }
    if (taken.outcome == FragmentAssembly::Taken::Outcome::more) {
      continue;
    }
    const auto message = decode_message(taken.message, peer, self);
    if (!message) {
      break;
    }
    if (const auto* signal = std::get_if<RemoteSignal>(&*message)) {
      EncodedSignal encoded = encode_signal(*signal, supported, self);
      queue.push(std::move(encoded), signal->from, is_message(signal->kind));
      ++sent;
    }
  }
  FragmentAssembly other({});
  check(drain(queue, other) == sent && other.series() == 0, "a message did not come back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const ByteView bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  const HandshakeSelf self{"fuzzed@10.0.0.1", 1, supported};
  switch (data[0] % 5) {
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
    case 3:
      read_frames(bytes);
      break;
    default:
      read_fragments(bytes, 1 + data[0] / 5u);
  }
  return 0;
}
