// Envelope: one signal on its way to a process of this node. One allocation; a message's value lies behind the header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "troupe/abi.h"
#include "troupe/pid.hpp"
#include "troupe/term.hpp"
#include "worker/process/block_pool.hpp"

namespace troupe {

enum class SignalKind : std::uint8_t {
  // Queued for the handler, in order.
  message,       ///< Value or Term; a request when `number` is not 0.
  timeout,       ///< `number` = timer
  idle_timeout,  ///< Likewise; stale unless it is the process's `idle_timer`.
  exit_message,  ///< A trapped exit.
  down_message,  ///< A monitor that fired.
  node_up,
  node_down,
  // Likewise, but looked at when fetched too.
  reply,         ///< Value or Term; `number` is the request. Becomes a response when fetched.
  failed_reply,  ///< SignalEnvelope: the request ended without an answer; payload = reason.
  // Acted upon when fetched, before any message that was not yet handled.
  link,
  unlink,
  unlink_ack,
  exit,
  exit_linked,
  monitor,
  demonitor,
  monitor_down,
  request_timeout,  ///< `number` = request
  node_lost,        ///< Links, monitors and requests of that node fire.
  resume,           ///< A sender has paused long enough.
  boundary_act,     ///< `number` = what the runtime wants done between two messages
};

constexpr bool is_queued(SignalKind kind) { return kind <= SignalKind::failed_reply; }
/// Queued, and not looked at before its turn, but by a process that waits for replies.
constexpr bool is_plainly_queued(SignalKind kind) { return kind <= SignalKind::node_down; }

struct alignas(16) Envelope {
  enum class Form : std::uint8_t { value, term, signal, bare };

  Envelope* next = nullptr;
  const troupe_message_type* type = nullptr;  ///< Form::value only.
  std::uint32_t to_serial = 0;                ///< Which life of the slot it is meant for.
  std::uint32_t bytes = 0;                    ///< What the mailbox counts it as.
  SignalKind kind = SignalKind::message;
  Form form = Form::value;
  bool from_caller = false;  ///< `from_*` and `number` name a caller on this node that awaits an answer.
  std::uint32_t from_id = 0;
  std::uint64_t number = 0;  ///< Request or timer.
  std::uint32_t from_serial = 0;

  [[nodiscard]] Pid caller() const { return {0, 0, from_id, from_serial}; }
  void set_caller(const Pid& pid, std::uint64_t request) {
    from_caller = true;
    from_id = pid.id;
    from_serial = pid.serial;
    number = request;
  }
};

struct TermEnvelope : Envelope {
  Term term;
};

struct SignalEnvelope : Envelope {
  Pid from;
  Pid to;
  Reference reference;
  std::string name;
  NodeIndex node = 0;
  std::uint64_t unlink_id = 0;
  Term payload;
};

/// Frees an envelope and destroys what it carries. Not inline, so that the many EnvelopePtrs that a message is moved
/// through, empty by the end, cost a comparison or nothing.
struct EnvelopeDeleter {
  void operator()(Envelope* envelope) const noexcept;
};
using EnvelopePtr = std::unique_ptr<Envelope, EnvelopeDeleter>;

inline constexpr std::size_t envelope_header_bytes = sizeof(Envelope);

Envelope* new_large_value_envelope(const troupe_message_type& type);
/// Room for a value of `type`, not yet constructed.
inline Envelope* new_value_envelope(const troupe_message_type& type) {
  const std::size_t bytes = envelope_header_bytes + type.value_size;
  if (bytes > BlockPool::largest_bytes) [[unlikely]] {
    return new_large_value_envelope(type);
  }
  auto* const envelope = new (BlockPool::allocate(bytes)) Envelope;
  envelope->type = &type;
  envelope->bytes = static_cast<std::uint32_t>(bytes);
  return envelope;
}
/// Frees the memory without destroying the value.
inline void discard_value_envelope(Envelope* envelope) noexcept {
  BlockPool::free(envelope, envelope_header_bytes + envelope->type->value_size);
}
inline void* value_of(Envelope* envelope) { return reinterpret_cast<std::byte*>(envelope) + envelope_header_bytes; }
inline const void* value_of(const Envelope* envelope) {
  return reinterpret_cast<const std::byte*>(envelope) + envelope_header_bytes;
}
/// As EnvelopePtr, of what is known to carry a value.
struct ValueEnvelopeDeleter {
  [[gnu::always_inline]] void operator()(Envelope* envelope) const noexcept {
    if (envelope->type->destroy != nullptr) {
      envelope->type->destroy(value_of(envelope));
    }
    discard_value_envelope(envelope);
  }
};
using ValueEnvelopePtr = std::unique_ptr<Envelope, ValueEnvelopeDeleter>;
inline Envelope* envelope_of(void* value) {
  return reinterpret_cast<Envelope*>(static_cast<std::byte*>(value) - envelope_header_bytes);
}

EnvelopePtr make_term_envelope(SignalKind kind, Term term);
/// A signal that is all said with its kind and a number: timeout, request_timeout, resume.
EnvelopePtr make_bare_envelope(SignalKind kind, std::uint64_t number);
std::unique_ptr<SignalEnvelope, EnvelopeDeleter> make_signal(SignalKind kind);

inline TermEnvelope& as_term(Envelope& envelope) { return static_cast<TermEnvelope&>(envelope); }
inline SignalEnvelope& as_signal(Envelope& envelope) { return static_cast<SignalEnvelope&>(envelope); }

/// The message as a term, whatever its form.
Term message_term(const Envelope& envelope);
/// The same signal with its value as a term: for another image. Keeps kind, caller and number. `term_copy` leaves
/// `envelope`, a value, as it is.
EnvelopePtr term_copy(const Envelope& envelope);
EnvelopePtr to_term_envelope(EnvelopePtr envelope);

/// About how much memory a term holds: texts and binaries in full, at most 256 elements walked.
std::size_t approximate_bytes(const Term& term);

}  // namespace troupe
