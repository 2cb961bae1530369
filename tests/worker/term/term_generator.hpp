// Arbitrary terms for property tests.
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <functional>
#include <utility>

#include "troupe/term.hpp"

namespace troupe::test {

/// A term of at most `depth` levels.
rc::Gen<Term> any_term(int depth);

/// Fails the current test, with the smallest counterexample and its seed, unless the property holds.
template <class Property>
void check_property(Property property) {
  EXPECT_TRUE(rc::check(property));
}

}  // namespace troupe::test

namespace rc {
template <>
struct Arbitrary<troupe::Term> {
  static Gen<troupe::Term> arbitrary() { return gen::scale(0.4, troupe::test::any_term(2)); }
};
}  // namespace rc

namespace troupe {
inline void showValue(const Term& term, std::ostream& out) { out << term.text(); }
}  // namespace troupe
