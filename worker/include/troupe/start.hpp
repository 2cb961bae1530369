// Starting a process as supervisors do it: a constructor that can run again and again, and why it failed.
#pragma once

#include <functional>
#include <string>

#include "troupe/server.hpp"
#include "troupe/term.hpp"

namespace troupe {

/// The reason that the process ended with while it was constructed.
struct StartError {
  Term reason;
  [[nodiscard]] std::string text() const { return reason.text(); }
};

namespace abi {

/// Constructs an S from copies of `arguments` in the memory it is given; answers as troupe_spawn's `construct` does.
template <class S, class... Arguments>
std::function<int(void* state)> constructor_of(Arguments... arguments) {
  return [=](void* state) {
    return guarded([&] {
      new (state) process_state<S>(arguments...);
      return static_cast<int>(TROUPE_HANDLED);
    });
  };
}

}  // namespace abi
}  // namespace troupe
