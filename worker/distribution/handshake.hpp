// The distribution handshake, version 6 (erl_dist_protocol "Distribution Handshake"), as two state machines without
// I/O: messages in, messages and an outcome out. Messages are without their length of 2 bytes.
//
//   A (initiator)                         B (acceptor)
//   N flags creation name          ->
//                                  <-     s ok | ok_simultaneous | nok | not_allowed | alive
//   s true | false (after alive)   ->
//                                  <-     N flags challenge creation name
//   r challenge digest             ->
//                                  <-     a digest
//
// Over TLS the length has 4 bytes, as inet_tls_dist has it.
//
// digest = MD5(cookie ++ the other side's challenge in decimal). Version 5 peers (`n`) are refused, as OTP 25.2 does.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/network.hpp"
#include "worker/distribution/flags.hpp"

namespace troupe::distribution {

/// Larger than any message of the handshake.
inline constexpr std::size_t handshake_bytes_max = 1'024;

/// Why a handshake ended without a link; label values of the metric of rejected handshakes.
enum class HandshakeFailure {
  malformed,           ///< Not a message of the handshake, or cut short.
  old_version,         ///< The peer speaks version 5.
  missing_flags,       ///< The peer lacks flags that OTP 25 demands.
  bad_name,            ///< Not `name@host`, our own name, or not the name that was asked for.
  bad_cookie,          ///< The digests differ.
  not_allowed,         ///< The peer says so.
  already_connecting,  ///< The peer goes on with the connection that it is making itself (`nok`).
  duplicate,           ///< The peer keeps an existing link (`alive`, then `false`).
  deadline,            ///< Not finished in time.
  closed,              ///< The connection ended.
  bad_certificate,     ///< Refused by us or by the peer, or not one for the node's address.
};
inline constexpr std::size_t handshake_failures = 11;
[[nodiscard]] std::string_view to_string(HandshakeFailure failure);

/// What the acceptor answers to a name.
enum class NameStatus { ok, ok_simultaneous, nok, not_allowed, alive };

struct HandshakeSelf {
  std::string name;  ///< name@host
  std::uint32_t creation = 1;
  Flags flags = supported;
};

struct PeerIdentity {
  std::string name;
  std::uint32_t creation = 0;
  Flags flags = 0;  ///< What both sides do.
  bool published = false;
};

struct HandshakeStep {
  enum class Progress { more, connected, failed };
  Progress progress = Progress::more;
  std::vector<Bytes> send;  ///< To be sent in order, also when it failed.
  HandshakeFailure failure = HandshakeFailure::malformed;
  std::string message;  ///< Of a failure: what was wrong, for the log.
};

class Handshake {
 public:
  virtual ~Handshake() = default;
  /// What to send before anything is read.
  virtual std::vector<Bytes> start() = 0;
  /// After `connected` or `failed` it must not be called again.
  virtual HandshakeStep on_message(ByteView message) = 0;
  /// Complete once connected; the name is known earlier.
  [[nodiscard]] const PeerIdentity& peer() const { return peer_; }
  /// Whether we have proved our cookie and wait for the peer's word: a peer that hangs up now refused it.
  [[nodiscard]] virtual bool awaits_verdict() const = 0;

 protected:
  PeerIdentity peer_;
};

class Initiator final : public Handshake {
 public:
  /// Talks to a node that must call itself `peer_name`. `challenge` is random.
  Initiator(HandshakeSelf self, std::string peer_name, std::string cookie, std::uint32_t challenge);
  std::vector<Bytes> start() override;
  HandshakeStep on_message(ByteView message) override;
  [[nodiscard]] bool awaits_verdict() const override { return state_ == State::awaits_ack; }

 private:
  enum class State { awaits_status, awaits_challenge, awaits_ack };
  HandshakeStep on_status(ByteView message);
  HandshakeStep on_challenge(ByteView message);
  HandshakeStep on_ack(ByteView message);

  HandshakeSelf self_;
  std::string cookie_;
  std::uint32_t challenge_;
  State state_ = State::awaits_status;
};

class Acceptor final : public Handshake {
 public:
  /// `decide` is asked once for the peer's name. Any of `cookies` is accepted, so that they can be rotated.
  Acceptor(HandshakeSelf self, std::vector<std::string> cookies, std::uint32_t challenge,
           std::function<NameStatus(const PeerIdentity&)> decide);
  std::vector<Bytes> start() override { return {}; }
  HandshakeStep on_message(ByteView message) override;
  [[nodiscard]] bool awaits_verdict() const override { return false; }

 private:
  enum class State { awaits_name, awaits_alive_answer, awaits_reply };
  HandshakeStep on_name(ByteView message);
  HandshakeStep on_alive_answer(ByteView message);
  HandshakeStep on_reply(ByteView message);
  [[nodiscard]] Bytes challenge_message() const;

  HandshakeSelf self_;
  std::vector<std::string> cookies_;
  std::uint32_t challenge_;
  std::function<NameStatus(const PeerIdentity&)> decide_;
  State state_ = State::awaits_name;
};

/// What follows the '@'.
[[nodiscard]] std::string host_of(std::string_view node_name);

/// Whether `name` can be a node's: one '@' with text on both sides, at most 255 bytes.
[[nodiscard]] bool is_node_name(std::string_view name);

}  // namespace troupe::distribution
