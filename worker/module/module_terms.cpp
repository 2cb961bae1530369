// How terms cross the ABI as seen from an application module: always encoded, since the host's Term is another type.
#include "troupe/image.hpp"
#include "worker/term/etf.hpp"

namespace troupe::abi {

void give_term(const Term& term, troupe_term_sink sink) {
  const Bytes encoded = encode_term(term);
  const troupe_term given{nullptr, {reinterpret_cast<const char*>(encoded.data()), encoded.size()}};
  sink.take(sink.context, &given);
}

Term take_term(const troupe_term& term) {
  const ByteView bytes(reinterpret_cast<const std::byte*>(term.etf.data), term.etf.size);
  auto decoded = decode_term(bytes);
  return decoded ? std::move(*decoded) : Term::atom("undecodable_term");
}

}  // namespace troupe::abi
