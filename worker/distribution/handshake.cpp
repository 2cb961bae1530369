#include "worker/distribution/handshake.hpp"

#include "base/check.hpp"
#include "worker/distribution/cookie_digest.hpp"
#include "worker/distribution/wire.hpp"

namespace troupe::distribution {
namespace {

constexpr std::uint8_t tag_name_v6 = 'N';
constexpr std::uint8_t tag_name_v5 = 'n';
constexpr std::uint8_t tag_status = 's';
constexpr std::uint8_t tag_reply = 'r';
constexpr std::uint8_t tag_ack = 'a';

HandshakeStep failed(HandshakeFailure failure, std::string message) {
  return {HandshakeStep::Progress::failed, {}, failure, std::move(message)};
}
HandshakeStep malformed_handshake(std::string_view wanted) {
  return failed(HandshakeFailure::malformed, "no well-formed " + std::string(wanted) + " message");
}
HandshakeStep more(std::vector<Bytes> send) { return {HandshakeStep::Progress::more, std::move(send), {}, {}}; }
HandshakeStep connected(std::vector<Bytes> send) {
  return {HandshakeStep::Progress::connected, std::move(send), {}, {}};
}

Bytes status_message(std::string_view text) {
  Bytes out;
  append_big_endian(out, tag_status);
  append_text(out, text);
  return out;
}

std::string_view status_text(NameStatus status) {
  switch (status) {
    case NameStatus::ok:
      return "ok";
    case NameStatus::ok_simultaneous:
      return "ok_simultaneous";
    case NameStatus::nok:
      return "nok";
    case NameStatus::not_allowed:
      return "not_allowed";
    case NameStatus::alive:
      return "alive";
  }
  return "not_allowed";
}

void append_name(Bytes& out, std::string_view name) {
  append_big_endian(out, static_cast<std::uint16_t>(name.size()));
  append_text(out, name);
}

/// Flags, [challenge,] creation and name, as both `N` messages have them.
struct NameFields {
  Flags flags = 0;
  std::uint32_t challenge = 0;
  std::uint32_t creation = 0;
  std::string name;
};

std::optional<NameFields> read_name_fields(ByteView message, bool with_challenge) {
  FieldReader reader(message);
  const auto tag = reader.take<std::uint8_t>();
  const auto flags = reader.take<std::uint64_t>();
  const auto challenge = with_challenge ? reader.take<std::uint32_t>() : std::optional<std::uint32_t>(0);
  const auto creation = reader.take<std::uint32_t>();
  const auto length = reader.take<std::uint16_t>();
  if (tag != tag_name_v6 || !flags || !challenge || !creation || !length) {
    return std::nullopt;
  }
  // Bytes after the name are room for later versions.
  const auto name = reader.take_bytes(*length);
  if (!name) {
    return std::nullopt;
  }
  return NameFields{*flags, *challenge, *creation, std::string(as_text(*name))};
}

std::optional<std::string_view> read_status(ByteView message) {
  FieldReader reader(message);
  return reader.take<std::uint8_t>() == tag_status ? std::optional(as_text(reader.rest())) : std::nullopt;
}

std::optional<HandshakeStep> refuse_flags(Flags flags) {
  const Flags missing = mandatory_25 & ~flags;
  if (missing == 0) {
    return std::nullopt;
  }
  return failed(HandshakeFailure::missing_flags,
                "the peer lacks mandatory distribution flags (bits " + std::to_string(missing) + ")");
}

}  // namespace

std::string host_of(std::string_view node_name) { return std::string(node_name.substr(node_name.find('@') + 1)); }

std::string_view to_string(HandshakeFailure failure) {
  switch (failure) {
    case HandshakeFailure::malformed:
      return "malformed";
    case HandshakeFailure::old_version:
      return "old_version";
    case HandshakeFailure::missing_flags:
      return "missing_flags";
    case HandshakeFailure::bad_name:
      return "bad_name";
    case HandshakeFailure::bad_cookie:
      return "bad_cookie";
    case HandshakeFailure::not_allowed:
      return "not_allowed";
    case HandshakeFailure::already_connecting:
      return "already_connecting";
    case HandshakeFailure::duplicate:
      return "duplicate";
    case HandshakeFailure::deadline:
      return "deadline";
    case HandshakeFailure::closed:
      return "closed";
    case HandshakeFailure::bad_certificate:
      return "bad_certificate";
  }
  check(false, "a HandshakeFailure without a name");
  return "";
}

bool is_node_name(std::string_view name) {
  const std::size_t at = name.find('@');
  return name.size() <= 255 && at != std::string_view::npos && at > 0 && at + 1 < name.size() &&
         name.find('@', at + 1) == std::string_view::npos;
}

Initiator::Initiator(HandshakeSelf self, std::string peer_name, std::string cookie, std::uint32_t challenge)
    : self_(std::move(self)), cookie_(std::move(cookie)), challenge_(challenge) {
  peer_.name = std::move(peer_name);
}

std::vector<Bytes> Initiator::start() {
  Bytes name;
  append_big_endian(name, tag_name_v6);
  append_big_endian(name, self_.flags);
  append_big_endian(name, self_.creation);
  append_name(name, self_.name);
  return {std::move(name)};
}

HandshakeStep Initiator::on_message(ByteView message) {
  switch (state_) {
    case State::awaits_status:
      return on_status(message);
    case State::awaits_challenge:
      return on_challenge(message);
    case State::awaits_ack:
      return on_ack(message);
  }
  return malformed_handshake("handshake");
}

HandshakeStep Initiator::on_status(ByteView message) {
  const auto status = read_status(message);
  if (!status) {
    return malformed_handshake("status");
  }
  if (*status == "ok" || *status == "ok_simultaneous") {
    state_ = State::awaits_challenge;
    return more({});
  }
  if (*status == "alive") {
    // We would not connect if we still had the link that the peer has: it is stale.
    state_ = State::awaits_challenge;
    return more({status_message("true")});
  }
  if (*status == "nok") {
    return failed(HandshakeFailure::already_connecting, "the peer is connecting to us itself");
  }
  if (*status == "not_allowed") {
    return failed(HandshakeFailure::not_allowed, "the peer does not allow this node");
  }
  return malformed_handshake("status");
}

HandshakeStep Initiator::on_challenge(ByteView message) {
  if (!message.empty() && std::to_integer<std::uint8_t>(message[0]) == tag_name_v5) {
    return failed(HandshakeFailure::old_version, "the peer speaks handshake version 5; version 6 came with OTP 23");
  }
  const auto fields = read_name_fields(message, true);
  if (!fields) {
    return malformed_handshake("challenge");
  }
  if (fields->name != peer_.name) {
    return failed(HandshakeFailure::bad_name, "the peer calls itself another name than " + peer_.name);
  }
  if (auto refused = refuse_flags(fields->flags)) {
    return *refused;
  }
  peer_.creation = fields->creation;
  peer_.published = (fields->flags & published) != 0;
  peer_.flags = fields->flags & self_.flags;
  Bytes reply;
  append_big_endian(reply, tag_reply);
  append_big_endian(reply, challenge_);
  const CookieDigest digest = cookie_digest(cookie_, fields->challenge);
  reply.insert(reply.end(), digest.begin(), digest.end());
  state_ = State::awaits_ack;
  return more({std::move(reply)});
}

HandshakeStep Initiator::on_ack(ByteView message) {
  FieldReader reader(message);
  if (reader.take<std::uint8_t>() != tag_ack || reader.rest().size() != sizeof(CookieDigest)) {
    return malformed_handshake("challenge acknowledge");
  }
  if (!same_digest(cookie_digest(cookie_, challenge_), reader.rest())) {
    return failed(HandshakeFailure::bad_cookie, "the peer does not know our cookie");
  }
  return connected({});
}

Acceptor::Acceptor(HandshakeSelf self, std::vector<std::string> cookies, std::uint32_t challenge,
                   std::function<NameStatus(const PeerIdentity&)> decide)
    : self_(std::move(self)), cookies_(std::move(cookies)), challenge_(challenge), decide_(std::move(decide)) {}

HandshakeStep Acceptor::on_message(ByteView message) {
  switch (state_) {
    case State::awaits_name:
      return on_name(message);
    case State::awaits_alive_answer:
      return on_alive_answer(message);
    case State::awaits_reply:
      return on_reply(message);
  }
  return malformed_handshake("handshake");
}

HandshakeStep Acceptor::on_name(ByteView message) {
  if (!message.empty() && std::to_integer<std::uint8_t>(message[0]) == tag_name_v5) {
    return failed(HandshakeFailure::old_version, "the peer speaks handshake version 5; version 6 came with OTP 23");
  }
  const auto fields = read_name_fields(message, false);
  if (!fields) {
    return malformed_handshake("name");
  }
  if (auto refused = refuse_flags(fields->flags)) {
    refused->send.push_back(status_message("not_allowed"));
    return *refused;
  }
  if (!is_node_name(fields->name) || fields->name == self_.name) {
    HandshakeStep refused = failed(HandshakeFailure::bad_name, "the peer's name is ours or no node name");
    refused.send.push_back(status_message("not_allowed"));
    return refused;
  }
  peer_ = PeerIdentity{fields->name, fields->creation, fields->flags & self_.flags, (fields->flags & published) != 0};
  const NameStatus status = decide_(peer_);
  std::vector<Bytes> send{status_message(status_text(status))};
  switch (status) {
    case NameStatus::ok:
    case NameStatus::ok_simultaneous:
      state_ = State::awaits_reply;
      send.push_back(challenge_message());
      return more(std::move(send));
    case NameStatus::alive:
      state_ = State::awaits_alive_answer;
      return more(std::move(send));
    case NameStatus::nok:
    case NameStatus::not_allowed:
      break;
  }
  HandshakeStep refused =
      failed(status == NameStatus::nok ? HandshakeFailure::already_connecting : HandshakeFailure::not_allowed,
             "answered " + std::string(status_text(status)));
  refused.send = std::move(send);
  return refused;
}

HandshakeStep Acceptor::on_alive_answer(ByteView message) {
  const auto answer = read_status(message);
  if (answer == "true") {
    state_ = State::awaits_reply;
    return more({challenge_message()});
  }
  if (answer == "false") {
    return failed(HandshakeFailure::duplicate, "the peer keeps the link that is there");
  }
  return malformed_handshake("status");
}

Bytes Acceptor::challenge_message() const {
  Bytes out;
  append_big_endian(out, tag_name_v6);
  append_big_endian(out, self_.flags);
  append_big_endian(out, challenge_);
  append_big_endian(out, self_.creation);
  append_name(out, self_.name);
  return out;
}

HandshakeStep Acceptor::on_reply(ByteView message) {
  FieldReader reader(message);
  const auto tag = reader.take<std::uint8_t>();
  const auto peer_challenge = reader.take<std::uint32_t>();
  if (tag != tag_reply || !peer_challenge || reader.rest().size() != sizeof(CookieDigest)) {
    return malformed_handshake("challenge reply");
  }
  for (const std::string& cookie : cookies_) {
    if (same_digest(cookie_digest(cookie, challenge_), reader.rest())) {
      Bytes ack;
      append_big_endian(ack, tag_ack);
      const CookieDigest digest = cookie_digest(cookie, *peer_challenge);
      ack.insert(ack.end(), digest.begin(), digest.end());
      return connected({std::move(ack)});
    }
  }
  return failed(HandshakeFailure::bad_cookie, "the peer does not know our cookie");
}

}  // namespace troupe::distribution
