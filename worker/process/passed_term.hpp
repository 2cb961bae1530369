// A term in the form in which an image may take it: itself inside the host, encoded for a module.
#pragma once

#include "base/network.hpp"
#include "troupe/image.hpp"
#include "worker/term/etf.hpp"

namespace troupe {

class PassedTerm {
 public:
  /// Borrows `term`.
  PassedTerm(const Term& term, const void* image) {
    if (image == &abi::image_anchor) {
      passed_.native = &term;
    } else {
      encoded_ = encode_term(term);
      passed_.etf = {reinterpret_cast<const char*>(encoded_.data()), encoded_.size()};
    }
  }
  PassedTerm(const PassedTerm&) = delete;
  PassedTerm& operator=(const PassedTerm&) = delete;
  [[nodiscard]] const troupe_term& get() const { return passed_; }

 private:
  Bytes encoded_;
  troupe_term passed_{};
};

}  // namespace troupe
