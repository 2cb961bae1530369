// Erlang's External Term Format (erts/doc erl_ext_dist): Term <-> bytes.
//
// Decoding trusts nothing: every length is checked before memory is taken, depth and size are bounded, and no input
// can abort the program. Pids and references of this node carry its name and creation on the wire.
#pragma once

#include <cstddef>

#include "base/network.hpp"
#include "base/result.hpp"
#include "troupe/term.hpp"

namespace troupe {

struct EtfLimits {
  std::size_t bytes_max = 128 * 1024 * 1024;
  std::size_t depth_max = 10'000;
  std::size_t terms_max = 64 * 1024 * 1024;
};

/// With the version byte 131 in front.
[[nodiscard]] Bytes encode_term(const Term& term);
/// Appends to `out`, with or without the version byte.
void append_term(Bytes& out, const Term& term, bool with_version);

/// One whole term with its version byte; bytes left over are an error. `invalid_argument` names offset and tag.
Result<Term> decode_term(ByteView bytes, const EtfLimits& limits = {});
/// One term with its version byte from the front of `bytes`, which is moved past it.
Result<Term> decode_leading_term(ByteView& bytes, const EtfLimits& limits = {});

}  // namespace troupe
