#include "worker/process/envelope.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

#include "troupe/image.hpp"
#include "worker/process/block_pool.hpp"

namespace troupe {
namespace {

template <class E>
E* new_envelope(SignalKind kind, Envelope::Form form) {
  auto* const envelope = new (BlockPool::allocate(sizeof(E))) E;
  envelope->kind = kind;
  envelope->form = form;
  return envelope;
}

template <class E>
void delete_envelope(Envelope* envelope) noexcept {
  static_cast<E*>(envelope)->~E();
  BlockPool::free(envelope, sizeof(E));
}

std::uint32_t clamp_bytes(std::size_t bytes) {
  return static_cast<std::uint32_t>(std::min<std::size_t>(bytes, std::numeric_limits<std::uint32_t>::max()));
}

void count_bytes(const Term& term, std::size_t& bytes, unsigned& elements_left) {
  if (elements_left == 0) {
    return;
  }
  --elements_left;
  bytes += 32;
  if (const auto binary = term.as_binary()) {
    bytes += binary->size();
  } else if (const auto tuple = term.as_tuple()) {
    for (const Term& element : *tuple) {
      count_bytes(element, bytes, elements_left);
    }
  } else if (const auto list = term.as_list()) {
    bytes += list->size() * sizeof(Term);
    for (const Term& element : *list) {
      if (elements_left == 0) {
        break;
      }
      count_bytes(element, bytes, elements_left);
    }
  } else if (const auto map = term.as_map()) {
    for (const auto& [key, value] : *map) {
      count_bytes(key, bytes, elements_left);
      count_bytes(value, bytes, elements_left);
    }
  }
}

}  // namespace

void EnvelopeDeleter::operator()(Envelope* envelope) const noexcept {
  switch (envelope->form) {
    [[likely]] case Envelope::Form::value : ValueEnvelopeDeleter()(envelope);
    break;
    case Envelope::Form::term:
      delete_envelope<TermEnvelope>(envelope);
      break;
    case Envelope::Form::signal:
      delete_envelope<SignalEnvelope>(envelope);
      break;
    case Envelope::Form::bare:
      delete_envelope<Envelope>(envelope);
      break;
  }
}

Envelope* new_large_value_envelope(const troupe_message_type& type) {
  const std::size_t bytes = envelope_header_bytes + type.value_size;
  auto* const envelope = new (BlockPool::allocate(bytes)) Envelope;
  envelope->type = &type;
  envelope->bytes = clamp_bytes(bytes);
  return envelope;
}

EnvelopePtr make_term_envelope(SignalKind kind, Term term) {
  auto* const envelope = new_envelope<TermEnvelope>(kind, Envelope::Form::term);
  envelope->bytes = clamp_bytes(sizeof(TermEnvelope) + approximate_bytes(term));
  envelope->term = std::move(term);
  return EnvelopePtr(envelope);
}

std::unique_ptr<SignalEnvelope, EnvelopeDeleter> make_signal(SignalKind kind) {
  auto* const envelope = new_envelope<SignalEnvelope>(kind, Envelope::Form::signal);
  envelope->bytes = sizeof(SignalEnvelope);
  return std::unique_ptr<SignalEnvelope, EnvelopeDeleter>(envelope);
}

EnvelopePtr make_bare_envelope(SignalKind kind, std::uint64_t number) {
  auto* const envelope = new_envelope<Envelope>(kind, Envelope::Form::bare);
  envelope->bytes = sizeof(Envelope);
  envelope->number = number;
  return EnvelopePtr(envelope);
}

Term message_term(const Envelope& envelope) {
  switch (envelope.form) {
    case Envelope::Form::value: {
      Term term;
      envelope.type->to_term(value_of(&envelope), {&term, [](void* context, const troupe_term* given) {
                                                     *static_cast<Term*>(context) = abi::take_term(*given);
                                                   }});
      return term;
    }
    case Envelope::Form::term:
      return static_cast<const TermEnvelope&>(envelope).term;
    case Envelope::Form::signal:
      return static_cast<const SignalEnvelope&>(envelope).payload;
    case Envelope::Form::bare:
      return {};
  }
  return {};
}

EnvelopePtr term_copy(const Envelope& envelope) {
  EnvelopePtr copy = make_term_envelope(envelope.kind, message_term(envelope));
  copy->to_serial = envelope.to_serial;
  copy->from_caller = envelope.from_caller;
  copy->from_id = envelope.from_id;
  copy->from_serial = envelope.from_serial;
  copy->number = envelope.number;
  return copy;
}

EnvelopePtr to_term_envelope(EnvelopePtr envelope) {
  return envelope->form == Envelope::Form::value ? term_copy(*envelope) : std::move(envelope);
}

std::size_t approximate_bytes(const Term& term) {
  std::size_t bytes = 0;
  unsigned elements_left = 256;
  count_bytes(term, bytes, elements_left);
  return bytes;
}

}  // namespace troupe
