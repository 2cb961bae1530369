// How terms cross the ABI as seen from the host's own image. Modules link module/module_terms.cpp instead.
#include "troupe/image.hpp"
#include "worker/term/etf.hpp"

namespace troupe::abi {

void give_term(const Term& term, troupe_term_sink sink) {
  const troupe_term given{&term, {nullptr, 0}};
  sink.take(sink.context, &given);
}

Term take_term(const troupe_term& term) {
  if (term.native != nullptr) {
    return *static_cast<const Term*>(term.native);
  }
  const ByteView bytes(reinterpret_cast<const std::byte*>(term.etf.data), term.etf.size);
  auto decoded = decode_term(bytes);
  return decoded ? std::move(*decoded) : Term::atom("undecodable_term");
}

}  // namespace troupe::abi
