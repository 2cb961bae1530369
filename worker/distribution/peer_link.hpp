// One connection to a peer, from accept or connect to its end: handshake, then frames and ticks.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/event_loop.hpp"
#include "base/network.hpp"
#include "worker/distribution/fragment_assembly.hpp"
#include "worker/distribution/frame_reader.hpp"
#include "worker/distribution/handshake.hpp"
#include "worker/distribution/link_end.hpp"
#include "worker/distribution/tick.hpp"

namespace troupe::distribution {

struct LinkLimits {
  /// OTP's net_setuptime.
  Duration handshake_timeout = std::chrono::seconds(7);
  /// OTP's net_ticktime: a silent peer is given up after 0.75 to 1.25 times this.
  Duration tick_time = std::chrono::seconds(60);
  /// Also the size beyond which a message is not sent.
  std::size_t frame_bytes_max = 128u * 1024 * 1024;
  /// What waits in a lane of the output (output_queue.hpp), in bytes, beyond which a sender pauses until half of it is
  /// left: OTP's dist_buf_busy_limit (+zdbbl).
  std::size_t busy_bytes = 1024u * 1024;
  /// Beyond, messages are refused: small ones, and those above the size of a fragment. The large lane may hold one
  /// message more.
  std::size_t small_bytes_max = 8u * 1024 * 1024;
  std::size_t large_bytes_max = 64u * 1024 * 1024;
  /// Links, monitors, exits and the like in both lanes, beyond which the link ends, since they must not be lost one by
  /// one.
  std::size_t signal_bytes_max = 16u * 1024 * 1024;
  /// Messages that come in fragments.
  AssemblyLimits assembly;
};

class PeerLink;

/// Who owns links. Called on the loop's thread; no call follows link_rejected or link_closed.
class PeerLinkOwner {
 public:
  virtual ~PeerLinkOwner() = default;
  /// The handshake is done; `peer()` is complete.
  virtual void link_up(PeerLink& link) = 0;
  /// A frame that is no tick. A reason ends the link.
  virtual std::optional<LinkEnd> link_frame(PeerLink& link, ByteView frame) = 0;
  virtual void link_rejected(PeerLink& link, HandshakeFailure failure, std::string_view message) = 0;
  /// After link_up.
  virtual void link_closed(PeerLink& link, LinkEnd reason) = 0;
  virtual void link_drained(PeerLink& link) = 0;
  virtual void link_ticked() = 0;
};

/// Used on the loop's thread; the owner outlives it or has called abandon().
class PeerLink : public std::enable_shared_from_this<PeerLink> {
 public:
  /// `length_bytes` (2 or 4) stand before each message of the handshake.
  PeerLink(EventLoop& loop, PeerLinkOwner& owner, std::unique_ptr<Connection> connection,
           std::unique_ptr<Handshake> handshake, unsigned length_bytes, const LinkLimits& limits);
  ~PeerLink();
  PeerLink(const PeerLink&) = delete;
  PeerLink& operator=(const PeerLink&) = delete;

  void start();
  /// Whole frames. Ignored once the link has ended.
  void write(Bytes frames);
  /// Delivers what is written and ends without a word to the owner.
  void abandon();
  /// As if the peer had gone: the owner hears link_closed, or link_rejected during the handshake.
  void fail(LinkEnd reason);

  [[nodiscard]] bool up() const { return up_ && !ended_; }
  [[nodiscard]] const PeerIdentity& peer() const { return handshake_->peer(); }
  [[nodiscard]] Endpoint remote() const { return connection_->remote(); }
  /// Bytes that the network has not taken yet.
  [[nodiscard]] std::size_t unsent() const { return connection_->buffered(); }
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
  [[nodiscard]] std::uint64_t bytes_written() const { return bytes_written_; }

 private:
  void on_data(ByteView data);
  void on_close(const std::optional<Error>& error);
  void on_handshake(ByteView message);
  void on_frame(ByteView frame);
  void fail_on_frame(const std::string& message);
  void on_quarter();
  void schedule_quarter();
  void send_handshake(std::vector<Bytes> messages);
  void reject(HandshakeFailure failure, std::string_view message);
  void end();

  EventLoop& loop_;
  PeerLinkOwner* owner_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Handshake> handshake_;
  const unsigned length_bytes_;
  const LinkLimits limits_;
  FrameReader reader_;
  TickState tick_;
  TimerId timer_ = 0;  ///< The handshake's deadline, then the next quarter.
  bool up_ = false;
  bool ended_ = false;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t bytes_written_ = 0;
};

}  // namespace troupe::distribution
