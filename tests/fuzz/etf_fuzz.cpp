// Any bytes as an external term: decoding must not crash, and what decodes must encode and decode to the same.
#include <cstdint>
#include <cstdlib>

#include "worker/term/etf.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const troupe::ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto term = troupe::decode_term(bytes);
  if (!term) {
    return 0;
  }
  (void)term->text();
  const auto again = troupe::decode_term(troupe::encode_term(*term));
  if (!again || !(*again == *term)) {
    std::abort();
  }
  return 0;
}
