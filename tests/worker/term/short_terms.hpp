// Terms that tests write often.
#pragma once

#include <cstdint>
#include <string_view>

#include "troupe/term.hpp"

namespace troupe {

inline Term atom(std::string_view text) { return Term::atom(text); }
inline Term integer(std::int64_t value) { return Term::integer(value); }

}  // namespace troupe
