#include "worker/process/gen_call.hpp"

#include "worker/term/term_node.hpp"

namespace troupe {

GenMessage unwrap_gen_message(const Term& term) {
  if (term.is_tagged("$gen_cast", 2)) {
    return {std::nullopt, {}, (*term.as_tuple())[1]};
  }
  if (term.is_tagged("$gen_call", 3)) {
    const auto call = *term.as_tuple();
    const auto from = call[1].as_tuple();
    if (from && from->size() == 2) {
      if (const auto caller = (*from)[0].as_pid()) {
        return {caller, (*from)[1], call[2]};
      }
    }
  }
  return {std::nullopt, {}, term};
}

Term gen_call(const Pid& caller, const Term& tag, const Term& request) {
  return Term::tuple({Term::atom("$gen_call"), Term::tuple({Term::pid(caller), tag}), request});
}

Term gen_reply(const Term& tag, const Term& reply) { return Term::tuple({tag, reply}); }

Term alias_tag(const Reference& reference) {
  return Term::improper_list({Term::atom("alias")}, Term::reference(reference));
}

std::optional<ReplyTag> parse_tag(const Term& tag) {
  if (const auto reference = tag.as_reference()) {
    return ReplyTag{*reference, false};
  }
  // Terms have no public view of improper lists, and this is the one that matters.
  if (tag.kind() == Term::Kind::list) {
    const auto& list = tag.node().as<Sequence>();
    if (list.tail && list.elements.size() == 1 && list.elements[0].is_atom("alias")) {
      if (const auto reference = list.tail->as_reference()) {
        return ReplyTag{*reference, true};
      }
    }
  }
  return std::nullopt;
}

}  // namespace troupe
