#include "worker/distribution/peer_link.hpp"

#include "base/log.hpp"
#include "worker/distribution/control_message.hpp"
#include "worker/distribution/wire.hpp"

namespace troupe::distribution {

PeerLink::PeerLink(EventLoop& loop, PeerLinkOwner& owner, std::unique_ptr<Connection> connection,
                   std::unique_ptr<Handshake> handshake, unsigned length_bytes, const LinkLimits& limits)
    : loop_(loop),
      owner_(&owner),
      connection_(std::move(connection)),
      handshake_(std::move(handshake)),
      length_bytes_(length_bytes),
      limits_(limits),
      reader_(length_bytes, handshake_bytes_max) {}

PeerLink::~PeerLink() {
  // An ended link may outlive its loop, in a task that never ran.
  if (!ended_) {
    loop_.cancel(timer_);
  }
}

void PeerLink::start() {
  const std::weak_ptr<PeerLink> weak = weak_from_this();
  timer_ = loop_.run_after(limits_.handshake_timeout, [weak] {
    if (const auto self = weak.lock()) {
      self->reject(HandshakeFailure::deadline, "the handshake took too long");
    }
  });
  connection_->start({.on_data =
                          [weak](ByteView data) {
                            if (const auto self = weak.lock()) {
                              self->on_data(data);
                            }
                          },
                      .on_close =
                          [weak](const std::optional<Error>& error) {
                            if (const auto self = weak.lock()) {
                              self->on_close(error);
                            }
                          },
                      .on_drained =
                          [weak] {
                            if (const auto self = weak.lock(); self && self->up()) {
                              self->owner_->link_drained(*self);
                            }
                          }});
  send_handshake(handshake_->start());
}

void PeerLink::write(Bytes frames) {
  if (ended_) {
    return;
  }
  bytes_written_ += frames.size();
  connection_->write(std::move(frames));
}

void PeerLink::abandon() { end(); }

void PeerLink::fail(LinkEnd reason) {
  if (ended_) {
    return;
  }
  if (!up_) {
    return reject(HandshakeFailure::closed, to_string(reason));
  }
  end();
  owner_->link_closed(*this, reason);
}

void PeerLink::on_data(ByteView data) {
  const auto keep = shared_from_this();
  bytes_read_ += data.size();
  reader_.append(data);
  while (!ended_) {
    const auto frame = reader_.next();
    if (!frame) {
      return up_ ? fail_on_frame(frame.error().message) : reject(HandshakeFailure::malformed, frame.error().message);
    }
    if (!*frame) {
      return;
    }
    if (up_) {
      on_frame(**frame);
    } else {
      on_handshake(**frame);
    }
  }
}

void PeerLink::on_close(const std::optional<Error>& error) {
  if (ended_) {
    return;
  }
  if (up_) {
    return fail(LinkEnd::connection_closed);
  }
  if (error && error->code == ErrorCode::permission_denied) {
    return reject(HandshakeFailure::bad_certificate, error->message);
  }
  if (handshake_->awaits_verdict()) {
    return reject(HandshakeFailure::bad_cookie, "the peer hung up when it saw our proof of the cookie");
  }
  reject(HandshakeFailure::closed, error ? error->message : "the peer hung up during the handshake");
}

void PeerLink::on_handshake(ByteView message) {
  HandshakeStep step = handshake_->on_message(message);
  if (const std::string& name = peer().name; !name.empty() && !connection_->peer_is(host_of(name))) {
    return reject(HandshakeFailure::bad_certificate,
                  "the peer's certificate is not one for " + name + ": its address must be a name of the certificate");
  }
  send_handshake(std::move(step.send));
  switch (step.progress) {
    case HandshakeStep::Progress::more:
      return;
    case HandshakeStep::Progress::failed:
      return reject(step.failure, step.message);
    case HandshakeStep::Progress::connected:
      up_ = true;
      reader_.switch_to(4, limits_.frame_bytes_max);
      loop_.cancel(timer_);
      schedule_quarter();
      return owner_->link_up(*this);
  }
}

void PeerLink::on_frame(ByteView frame) {
  if (frame.empty()) {
    return;  // a tick: it has been counted as input
  }
  if (const auto reason = owner_->link_frame(*this, frame)) {
    fail(*reason);
  }
}

void PeerLink::fail_on_frame(const std::string& message) {
  log_warning("malformed frame ends the link", {{"node", peer().name}, {"reason", message}});
  fail(LinkEnd::protocol_error);
}

void PeerLink::schedule_quarter() {
  timer_ = loop_.run_after(limits_.tick_time / TickState::quarters, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->on_quarter();
    }
  });
}

void PeerLink::on_quarter() {
  if (ended_) {
    return;
  }
  switch (tick_.on_quarter(bytes_read_, bytes_written_)) {
    case TickState::Action::peer_is_silent:
      return fail(LinkEnd::net_tick_timeout);
    case TickState::Action::send_tick:
      // Unsent output wakes the peer by itself once it goes out.
      if (connection_->buffered() == 0) {
        connection_->write(tick_frame());
        owner_->link_ticked();
      }
      break;
    case TickState::Action::nothing:
      break;
  }
  schedule_quarter();
}

void PeerLink::send_handshake(std::vector<Bytes> messages) {
  for (const Bytes& message : messages) {
    Bytes framed;
    if (length_bytes_ == 2) {
      append_big_endian(framed, static_cast<std::uint16_t>(message.size()));
    } else {
      append_big_endian(framed, static_cast<std::uint32_t>(message.size()));
    }
    framed.insert(framed.end(), message.begin(), message.end());
    write(std::move(framed));
  }
}

void PeerLink::reject(HandshakeFailure failure, std::string_view message) {
  if (ended_) {
    return;
  }
  end();
  owner_->link_rejected(*this, failure, message);
}

void PeerLink::end() {
  if (ended_) {
    return;
  }
  ended_ = true;
  loop_.cancel(timer_);
  connection_->close();
}

}  // namespace troupe::distribution
