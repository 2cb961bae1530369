#include "troupe/term.hpp"
#include "tests/worker/term/short_terms.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <thread>

#include "troupe/node_name.hpp"

namespace troupe {
namespace {

TEST(Term, the_default_and_what_was_moved_from_are_the_empty_list) {
  Term moved = Term::tuple({atom("ok")});
  const Term taken = std::move(moved);
  EXPECT_EQ(Term().kind(), Term::Kind::list);
  EXPECT_EQ(moved, Term::list({}));  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(taken.text(), "{ok}");
}

TEST(Term, integers_and_floats_of_one_value_differ_as_with_exact_equality) {
  EXPECT_FALSE(integer(1) == Term::floating(1.0));
  EXPECT_TRUE(order(integer(1), Term::floating(1.0)) < 0);
  EXPECT_TRUE(order(Term::floating(1.0), integer(2)) < 0);
}

TEST(Term, a_big_integer_that_fits_becomes_an_integer) {
  EXPECT_EQ(Term::big_integer(false, {1, 0, 0}), integer(1));
  EXPECT_EQ(Term::big_integer(true, {0, 0, 0, 0, 0, 0, 0, 0x80}), integer(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(Term::big_integer(false, {0, 0, 0, 0, 0, 0, 0, 0x80}).kind(), Term::Kind::big_integer);
  EXPECT_EQ(Term::big_integer(false, {0, 0, 0, 0, 0, 0, 0, 0, 1}).text(), "18446744073709551616");
}

TEST(Term, big_integers_and_floats_compare_by_their_exact_value) {
  const Term two_to_64 = Term::big_integer(false, {0, 0, 0, 0, 0, 0, 0, 0, 1});
  const Term above = Term::big_integer(false, {1, 0, 0, 0, 0, 0, 0, 0, 1});
  const Term same_float = Term::floating(18446744073709551616.0);
  EXPECT_TRUE(order(two_to_64, same_float) < 0);  // equal value: the integer comes first
  EXPECT_TRUE(order(same_float, above) < 0);
  EXPECT_TRUE(order(integer(std::numeric_limits<std::int64_t>::max()), Term::floating(9.3e18)) < 0);
  EXPECT_TRUE(order(Term::floating(-1e300), Term::big_integer(true, std::vector<std::uint8_t>(100, 0xFF))) < 0);
}

TEST(Term, kinds_stand_in_erlangs_order) {
  const std::vector<Term> ascending = {
      integer(5),    atom("a"), Term::reference({0, 0, 1, {1}}), Term::pid({0, 0, 1, 1}), Term::tuple({}),
      Term::map({}), Term(),    Term::list({integer(1)}),        Term::binary(""),
  };
  for (std::size_t i = 0; i + 1 < ascending.size(); ++i) {
    EXPECT_TRUE(order(ascending[i], ascending[i + 1]) < 0) << i;
  }
}

TEST(Term, tuples_compare_by_size_and_lists_by_element) {
  EXPECT_TRUE(order(Term::tuple({integer(9)}), Term::tuple({integer(1), integer(1)})) < 0);
  EXPECT_TRUE(order(Term::list({integer(1), integer(1)}), Term::list({integer(9)})) < 0);
  EXPECT_TRUE(order(Term::list({integer(1)}), Term::list({integer(1), integer(0)})) < 0);
}

TEST(Term, the_last_of_equal_keys_wins_and_find_sees_it) {
  const Term map = Term::map({{atom("k"), integer(1)}, {atom("j"), integer(2)}, {atom("k"), integer(3)}});
  ASSERT_EQ(map.as_map()->size(), 2U);
  EXPECT_EQ(*map.find(atom("k")), integer(3));
  EXPECT_EQ(map.find(atom("x")), nullptr);
}

TEST(Term, unused_bits_of_a_bit_string_do_not_count) {
  EXPECT_EQ(Term::bit_string("\xFF", 3), Term::bit_string("\xE0", 3));
  EXPECT_EQ(Term::bit_string("ab", 8).kind(), Term::Kind::binary);
  EXPECT_TRUE(order(Term::bit_string("\xE0", 3), Term::binary("\xE0")) < 0);
}

TEST(Term, prints_as_erlangs_shell_does) {
  const Term term = Term::tuple({atom("ok"), Term::list({integer(1), integer(2)}),
                                 Term::map({{atom("a"), Term::binary("x")}}), Term::pid({0, 0, 5, 1})});
  EXPECT_EQ(term.text(), "{ok,[1,2],#{a => <<\"x\">>},<0.5.1>}");
  EXPECT_EQ(atom("Hello world").text(), "'Hello world'");
  EXPECT_EQ(atom("end").text(), "'end'");
  EXPECT_EQ(Term::string("hi").text(), "\"hi\"");
  EXPECT_EQ(Term::floating(1).text(), "1.0");
  EXPECT_EQ(Term::floating(1e-5).text(), "1.0e-5");
  EXPECT_EQ(Term::binary(std::string_view("\0\1", 2)).text(), "<<0,1>>");
  EXPECT_EQ(Term::bit_string("\xA0", 3).text(), "<<5:3>>");
  EXPECT_EQ(Term::improper_list({integer(1)}, integer(2)).text(), "[1|2]");
}

TEST(Term, an_atom_is_utf8_of_at_most_255_characters) {
  EXPECT_THROW(atom(std::string(256, 'a')), std::invalid_argument);
  EXPECT_THROW(atom("\xFF"), std::invalid_argument);
  EXPECT_THROW(atom("\xC0\x80"), std::invalid_argument);
  std::string umlauts;
  for (int i = 0; i < 255; ++i) {
    umlauts += "ä";
  }
  EXPECT_EQ(atom(umlauts).as_atom(), umlauts);
}

TEST(Term, a_very_deep_term_is_freed_without_recursion) {
  Term deep;
  for (int i = 0; i < 1'000'000; ++i) {
    deep = Term::tuple({std::move(deep)});
  }
  EXPECT_EQ(deep.as_tuple()->size(), 1U);
}

TEST(NodeNames, interning_is_stable_and_thread_safe) {
  std::vector<std::thread> threads;
  std::vector<NodeIndex> indexes(4);
  for (std::size_t i = 0; i < indexes.size(); ++i) {
    threads.emplace_back([&indexes, i] {
      for (int n = 0; n < 100; ++n) {
        indexes[i] = intern_node_name("n" + std::to_string(n) + "@10.0.0.1").value();
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const NodeIndex index : indexes) {
    EXPECT_EQ(index, indexes.front());
    EXPECT_EQ(node_name(index), "n99@10.0.0.1");
  }
}

}  // namespace
}  // namespace troupe
