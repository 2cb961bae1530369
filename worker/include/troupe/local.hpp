// A value inside a message that only its own image can hold: a function, a handle, anything that has no term.
//
//   struct Update { troupe::Local<std::function<void(Stock&)>> change; };
//
// Between processes of one image it moves like any other field. To another image or node only the atom `local` goes,
// and no term can be read as a Local, so such a message is understood by nobody there.
#pragma once

#include <memory>
#include <utility>

namespace troupe {

/// Empty when default-constructed or moved from. Copies share the value; reading it from two threads is as safe as T
/// is.
template <class T>
class Local {
 public:
  Local() = default;
  explicit Local(T value) : value_(std::make_shared<T>(std::move(value))) {}

  explicit operator bool() const { return value_ != nullptr; }
  T& operator*() const { return *value_; }
  T* operator->() const { return value_.get(); }

 private:
  std::shared_ptr<T> value_;
};

}  // namespace troupe
