#include "worker/process/exit_reasons.hpp"

namespace troupe::reasons {

namespace {

/// Its copies count no references, since every end of a process on every core copies one.
Term uncounted(const Term& kept_for_ever) {
  return Term(std::shared_ptr<const Term::Node>(std::shared_ptr<void>(), &kept_for_ever.node()));
}

}  // namespace

// Never destroyed: threads may still send signals while the program ends.
#define TROUPE_REASON(name)                                 \
  const Term& name() {                                      \
    static const Term& kept = *new Term(Term::atom(#name)); \
    static const Term& term = *new Term(uncounted(kept));   \
    return term;                                            \
  }
TROUPE_REASON(normal)
TROUPE_REASON(shutdown)
TROUPE_REASON(kill)
TROUPE_REASON(killed)
TROUPE_REASON(noproc)
TROUPE_REASON(noconnection)
TROUPE_REASON(timeout)
TROUPE_REASON(full)
TROUPE_REASON(system_limit)
#undef TROUPE_REASON

bool is_orderly(const Term& reason) {
  return reason.is_atom("normal") || reason.is_atom("shutdown") || reason.is_tagged("shutdown", 2);
}

}  // namespace troupe::reasons
