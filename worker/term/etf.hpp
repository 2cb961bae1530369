// Erlang's External Term Format (erts/doc erl_ext_dist): Term <-> bytes.
//
// Decoding trusts nothing: every length is checked before memory is taken, depth and size are bounded, and no input
// can abort the program. Pids and references of this node carry its name and creation on the wire; one that comes back
// with another creation is of an earlier incarnation: its `node` is 0 and its `creation` is not.
//
// Also decoded: the older tags that OTP 25 and later still read. Refused: compressed terms (tag 80) and LOCAL_EXT
// (121).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/network.hpp"
#include "base/result.hpp"
#include "troupe/term.hpp"

namespace troupe {

struct EtfLimits {
  std::size_t bytes_max = 128 * 1024 * 1024;
  std::size_t depth_max = 10'000;
  std::size_t terms_max = 64 * 1024 * 1024;
};

/// Who "this node" is on the wire. Several nodes in one program, as in a simulation, each pass their own.
struct NodeIdentity {
  std::string name;
  std::uint32_t creation = 0;
};
/// This program's own node, as named by name_this_node().
[[nodiscard]] NodeIdentity this_node();

/// With the version byte 131 in front.
[[nodiscard]] Bytes encode_term(const Term& term);
/// Appends to `out`, with or without the version byte.
void append_term(Bytes& out, const Term& term, bool with_version);
void append_term(Bytes& out, const Term& term, bool with_version, const NodeIdentity& self);

/// One whole term with its version byte; bytes left over are an error. `invalid_argument` names the offset,
/// `unsupported` a tag that is not read, `limit_exceeded` the bound that was reached.
Result<Term> decode_term(ByteView bytes, const EtfLimits& limits = {});
/// One term with its version byte from the front of `bytes`, which is moved past it.
Result<Term> decode_leading_term(ByteView& bytes, const EtfLimits& limits = {});
/// As `with_version` says, terms behind a distribution header have none.
Result<Term> decode_leading_term(ByteView& bytes, const EtfLimits& limits, const NodeIdentity& self,
                                 bool with_version = true);

}  // namespace troupe
