#include "worker/distribution/net_kernel.hpp"

namespace troupe::distribution {
namespace {

/// The alias in a tag [alias|Ref], or in [[alias|Ref]|_] as request collections make them.
std::optional<Reference> alias_in(const Term& tag) {
  const auto list = tag.as_improper_list();
  if (list && list->elements.size() == 1 && list->elements[0].is_atom("alias")) {
    return list->tail.as_reference();
  }
  const auto elements = list ? std::optional(list->elements) : tag.as_list();
  if (elements && !elements->empty() && (*elements)[0].as_improper_list()) {
    return alias_in((*elements)[0]);
  }
  return std::nullopt;
}

}  // namespace

bool is_for_net_kernel(const RemoteSignal& signal) { return signal.to_name == "net_kernel"; }

std::optional<RemoteSignal> net_kernel_answer(const RemoteSignal& signal) {
  if (signal.kind != RemoteSignal::Kind::send_name || !signal.payload.is_tagged("$gen_call", 3)) {
    return std::nullopt;
  }
  const auto call = *signal.payload.as_tuple();
  const auto from = call[1].as_tuple();
  if (!from || from->size() != 2 || !(*from)[0].as_pid() || !call[2].is_tagged("is_auth", 2)) {
    return std::nullopt;
  }
  const Term& tag = (*from)[1];
  RemoteSignal answer;
  answer.to = *(*from)[0].as_pid();
  answer.payload = Term::tuple({tag, Term::atom("yes")});
  if (const auto reference = alias_in(tag)) {
    answer.kind = RemoteSignal::Kind::send_alias;
    answer.reference = *reference;
  }
  return answer;
}

}  // namespace troupe::distribution
