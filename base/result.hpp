// Result<T>: a value, or the reason why there is none.
//
// For what the outside world can do wrong: a peer, a file, an API server. A broken invariant of our own is `check`
// (check.hpp); a handler that throws ends its process. Nothing here throws.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.hpp"

namespace troupe {

/// What kind of thing went wrong, for callers that act on it. The message is for people.
enum class ErrorCode {
  invalid_argument,   ///< The input can never work: a malformed file, field or frame.
  not_found,          ///< What was named does not exist.
  already_exists,     ///< The name is taken.
  permission_denied,  ///< The other side knows us and says no.
  unavailable,        ///< May work later: refused connection, closed link, busy server.
  timeout,            ///< No answer within the deadline.
  limit_exceeded,     ///< A stated bound was reached.
  unsupported,        ///< Well-formed, but not something this build does.
  internal,           ///< The operating system or a library failed in a way not named above.
};

/// "invalid_argument", "not_found", ...: stable, for logs and metric labels.
[[nodiscard]] std::string_view to_string(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::internal;
  /// What was wrong, where, and what to do about it; one line without a final stop.
  std::string message;

  /// The same error with "context: " in front of its message.
  [[nodiscard]] Error in(std::string_view context) const;
};

/// Holds either a T or an E. `value()` and `error()` abort when the other one is held: ask `ok()` first.
template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  using error_type = E;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] T& value() & {
    check(ok(), "Result::value() on an error");
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& {
    check(ok(), "Result::value() on an error");
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& value() && {
    check(ok(), "Result::value() on an error");
    return std::move(*std::get_if<0>(&state_));
  }
  [[nodiscard]] const E& error() const {
    check(!ok(), "Result::error() on a value");
    return *std::get_if<1>(&state_);
  }

  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }

 private:
  std::variant<T, E> state_;
};

/// A Result without a value: `return {};` is success.
template <class E>
class [[nodiscard]] Result<void, E> {
 public:
  using value_type = void;
  using error_type = E;

  Result() = default;
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const E& error() const {
    check(!ok(), "Result::error() on a value");
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<std::monostate, E> state_;
};

}  // namespace troupe
