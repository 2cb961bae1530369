// The state of a process as a term: what sys:get_state shows, and what a process carries over into new code.
//
//   struct Saved { std::int64_t total; };
//   class Counter {
//    public:
//     Saved save() const { return {total_}; }
//     static Counter load(Saved saved, std::string_view from_version);   // or without the version
//     ...
//
// `save() const` answers a Term, or anything that struct_term.hpp has a term for. `load` takes one of these back: that
// of an earlier version of the class, so a type that reads what each version of interest has written (or a Term, to
// look for oneself). `from_version` is the version of the application that saved. A term that is no `Saved`, and what
// `load` throws, leave the process as it was. Both run between two messages and should do nothing else: a dry run calls
// them too. Source: OTP's code_change/3 of gen_server.
#pragma once

#include <string_view>
#include <type_traits>

namespace troupe {

template <class S>
concept Saves = requires(const S& state) {
  state.save();
};
template <class S>
concept Loads = requires {
  &S::load;
};

namespace abi {

template <class S, class Saved>
std::remove_cvref_t<Saved> saved_type(S (*)(Saved));
template <class S, class Saved>
std::remove_cvref_t<Saved> saved_type(S (*)(Saved, std::string_view));

/// What `S::load` takes.
template <class S>
using SavedOf = decltype(saved_type<S>(&S::load));

}  // namespace abi
}  // namespace troupe
