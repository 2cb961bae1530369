// The terms of OTP's gen protocol (stdlib/src/gen.erl): {'$gen_call', {Pid, Tag}, Request}, {'$gen_cast', Message} and
// the reply {Tag, Reply}.
#pragma once

#include <optional>

#include "troupe/pid.hpp"
#include "troupe/term.hpp"

namespace troupe {

struct GenMessage {
  std::optional<Pid> caller;  ///< Of a call.
  Term tag;                   ///< Of a call; to be echoed as it is.
  Term body;                  ///< The term itself when it is neither call nor cast.
};
GenMessage unwrap_gen_message(const Term& term);

Term gen_call(const Pid& caller, const Term& tag, const Term& request);
Term gen_reply(const Term& tag, const Term& reply);

/// [alias | Reference], as OTP 24 and later use for calls.
Term alias_tag(const Reference& reference);
struct ReplyTag {
  Reference reference;
  bool alias = false;  ///< The reply goes to the reference instead of the caller's pid.
};
/// The reference inside a tag; nothing when the tag is of another kind.
std::optional<ReplyTag> parse_tag(const Term& tag);

}  // namespace troupe
