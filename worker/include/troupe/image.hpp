// What every public header stands on: the host's function table as this image (the worker itself, or one application
// module) sees it, and the passage of terms across the C ABI. Applications have no need to name anything here.
#pragma once

#include <bit>
#include <string_view>

#include "troupe/abi.h"
#include "troupe/pid.hpp"
#include "troupe/term.hpp"

namespace troupe::abi {

/// Its address tells one image from another. Hidden visibility gives every module one of its own.
inline char image_anchor = 0;

/// Set by the loader (module) or by the first Runtime (host) before any other code of the image runs.
inline const troupe_host* host_table = nullptr;

inline const troupe_host& host() { return *host_table; }

static_assert(sizeof(troupe_pid) == sizeof(Pid) && sizeof(troupe_reference) == sizeof(Reference));
inline troupe_pid to_abi(const Pid& pid) { return {pid.node, pid.creation, pid.id, pid.serial}; }
inline Pid from_abi(const troupe_pid& pid) { return {pid.node, pid.creation, pid.id, pid.serial}; }
inline troupe_reference to_abi(const Reference& reference) { return std::bit_cast<troupe_reference>(reference); }
inline Reference from_abi(const troupe_reference& reference) { return std::bit_cast<Reference>(reference); }
inline troupe_text to_abi(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view from_abi(const troupe_text& text) { return {text.data, text.size}; }

/// Hands `term` over as this image must: itself inside the host, encoded from a module.
void give_term(const Term& term, troupe_term_sink sink);
/// Takes a term that the other side handed over. Bytes that are no term give the atom `undecodable_term`.
Term take_term(const troupe_term& term);

/// Calls `use(const troupe_term*)` with `term` in the form that crosses.
template <class Use>
void with_term(const Term& term, Use use) {
  give_term(term, {&use, [](void* context, const troupe_term* given) { (*static_cast<Use*>(context))(given); }});
}

}  // namespace troupe::abi
