#include "worker/term/etf.hpp"
#include "tests/worker/term/short_terms.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/worker/term/erlang.hpp"
#include "tests/worker/term/term_generator.hpp"
#include "troupe/node_name.hpp"
#include "worker/term/etf_tags.hpp"

namespace troupe {
namespace {

constexpr std::uint32_t creation = 77;

struct Named : testing::Environment {
  void SetUp() override { name_this_node("etf@127.0.0.1", creation); }
};
const auto* const named = testing::AddGlobalTestEnvironment(new Named);

std::string hex(ByteView bytes) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const std::byte byte : bytes) {
    out.push_back(digits[std::to_integer<unsigned>(byte) >> 4]);
    out.push_back(digits[std::to_integer<unsigned>(byte) & 15U]);
  }
  return out;
}

Bytes unhex(std::string_view text) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out.push_back(static_cast<std::byte>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

Bytes raw(std::initializer_list<int> values) {
  Bytes out;
  for (const int value : values) {
    out.push_back(static_cast<std::byte>(value));
  }
  return out;
}

struct Golden {
  std::string erlang;
  Term term;
};

std::vector<Golden> golden() {
  std::string umlaut_atom;
  for (int i = 0; i < 200; ++i) {
    umlaut_atom += "ä";
  }
  std::vector<Term> three_hundred;
  for (int i = 0; i < 300; ++i) {
    three_hundred.push_back(atom("x"));
  }
  return {
      {"0", integer(0)},
      {"255", integer(255)},
      {"256", integer(256)},
      {"-1", integer(-1)},
      {"2147483647", integer(2147483647)},
      {"2147483648", integer(2147483648)},
      {"-2147483648", integer(-2147483648LL)},
      {"-2147483649", integer(-2147483649LL)},
      {"-9223372036854775808", integer(INT64_MIN)},
      {"1 bsl 64", Term::big_integer(false, {0, 0, 0, 0, 0, 0, 0, 0, 1})},
      {"-(1 bsl 2400)", Term::big_integer(true,
                                          [] {
                                            std::vector<std::uint8_t> magnitude(301, 0);
                                            magnitude.back() = 1;
                                            return magnitude;
                                          }())},
      {"1.5", Term::floating(1.5)},
      {"-0.1", Term::floating(-0.1)},
      {"ok", atom("ok")},
      {"''", atom("")},
      {"list_to_atom(lists:duplicate(200, 16#e4))", atom(umlaut_atom)},
      {"[]", Term()},
      {"\"abc\"", Term::string("abc")},
      {"[1000, a]", Term::list({integer(1000), atom("a")})},
      {"[a | b]", Term::improper_list({atom("a")}, atom("b"))},
      {"[1, 2 | 3]", Term::improper_list({integer(1), integer(2)}, integer(3))},
      {"{}", Term::tuple({})},
      {"{a, {b, 1}}", Term::tuple({atom("a"), Term::tuple({atom("b"), integer(1)})})},
      {"list_to_tuple(lists:duplicate(300, x))", Term::tuple(three_hundred)},
      {"lists:duplicate(300, x)", Term::list(three_hundred)},
      {"#{}", Term::map({})},
      {"#{1 => a, b => [c]}", Term::map({{atom("b"), Term::list({atom("c")})}, {integer(1), atom("a")}})},
      {"<<>>", Term::binary("")},
      {"<<1, 2, 3>>", Term::binary("\1\2\3")},
      {"<<1, 5:3>>", Term::bit_string("\1\xA0", 2 + 1)},
  };
}

TEST(Etf, encodes_byte_for_byte_as_erlang_does) {
  std::string script = "lists:map(fun(T) -> [binary:encode_hex(term_to_binary(T, [{minor_version, 2}])), $\\n] end, [";
  const auto samples = golden();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    script += (i == 0 ? "" : ", ") + samples[i].erlang;
  }
  std::istringstream lines(test::erlang_eval(script + "])"));
  for (const Golden& sample : samples) {
    std::string line;
    ASSERT_TRUE(std::getline(lines, line)) << sample.erlang;
    // OTP 25 writes atoms that fit Latin-1 with the older tags; OTP 26 and later as we do. Those of ASCII and of
    // Latin-1 are compared after decoding.
    const auto decoded = decode_term(unhex(line));
    ASSERT_TRUE(decoded.ok()) << sample.erlang << ": " << decoded.error().message;
    EXPECT_EQ(decoded.value(), sample.term) << sample.erlang << ": " << decoded->text();
    if (line.find("64") == std::string::npos && line.find("73") == std::string::npos) {
      EXPECT_EQ(hex(encode_term(sample.term)), line) << sample.erlang;
    }
  }
}

TEST(Etf, erlang_reads_back_what_we_encode) {
  std::string script = "lists:map(fun({H, T}) -> true = (binary_to_term(binary:decode_hex(H)) =:= T), $. end, [";
  const auto samples = golden();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    script += std::string(i == 0 ? "" : ", ") + "{<<\"" + hex(encode_term(samples[i].term)) + "\">>, " +
              samples[i].erlang + "}";
  }
  EXPECT_EQ(test::erlang_eval(script + "])"), std::string(samples.size(), '.'));
}

TEST(Etf, erlang_and_we_agree_on_the_order_of_terms) {
  const auto samples = golden();
  std::string list = "[";
  for (std::size_t i = 0; i < samples.size(); ++i) {
    list += (i == 0 ? "" : ", ") + samples[i].erlang;
  }
  list += "]";
  std::string ours;
  for (const Golden& left : samples) {
    for (const Golden& right : samples) {
      const auto ordering = order(left.term, right.term);
      ours.push_back(ordering < 0 ? '<' : ordering > 0 ? '>' : '=');
    }
  }
  EXPECT_EQ(test::erlang_eval("(fun(L) -> [if A < B -> $<; A > B -> $>; true -> $= end || A <- L, B <- L] end)(" +
                              list + ")"),
            ours);
}

TEST(Etf, funs_and_ports_of_erlang_are_carried_through_unchanged) {
  std::istringstream lines(test::erlang_eval(
      "(fun(X) -> [[binary:encode_hex(term_to_binary(T)), $\\n] || T <- [fun lists:map/2, fun(Y) -> {X, Y} end, "
      "hd(erlang:ports()), fun() -> fun() -> X end end, self(), make_ref()]] end)({a, [1]})"));
  std::string line;
  int read = 0;
  while (std::getline(lines, line)) {
    const auto term = decode_term(unhex(line));
    ASSERT_TRUE(term.ok()) << line << term.error().message;
    EXPECT_EQ(decode_term(encode_term(*term)).value(), term.value());
    ++read;
    if (term->kind() == Term::Kind::function || term->kind() == Term::Kind::port) {
      EXPECT_EQ(hex(encode_term(*term)), line);
    }
    for (std::size_t size = 0; size < line.size() / 2; ++size) {
      EXPECT_FALSE(decode_term(ByteView(unhex(line)).first(size)).ok());
    }
  }
  EXPECT_EQ(read, 6);
}

TEST(Etf, reads_the_older_tags) {
  EXPECT_EQ(decode_term(raw({131, 100, 0, 2, 'o', 'k'})).value(), atom("ok"));
  EXPECT_EQ(decode_term(raw({131, 115, 1, 0xE4})).value(), atom("ä"));
  Bytes old_float = raw({131, 99});
  std::string digits = "1.50000000000000000000e+00";
  digits.resize(31, '\0');
  for (const char c : digits) {
    old_float.push_back(static_cast<std::byte>(c));
  }
  EXPECT_EQ(decode_term(old_float).value(), Term::floating(1.5));
  const auto pid = decode_term(raw({131, 103, 119, 3, 'a', '@', 'b', 0, 0, 0, 9, 0, 0, 0, 1, 2}));
  ASSERT_TRUE(pid.ok());
  EXPECT_EQ(pid->as_pid()->creation, 2U);
  EXPECT_EQ(node_name(pid->as_pid()->node), "a@b");
  const auto old_reference = decode_term(raw({131, 101, 119, 3, 'a', '@', 'b', 0, 0, 0, 9, 2}));
  EXPECT_EQ(old_reference->as_reference()->word_count, 1U);
  const auto reference = decode_term(raw({131, 114, 0, 2, 119, 3, 'a', '@', 'b', 2, 0, 0, 0, 9, 0, 0, 0, 8}));
  EXPECT_EQ(reference->as_reference()->words[1], 8U);
}

TEST(Etf, pids_of_this_node_carry_its_name_and_creation) {
  const Term mine = Term::pid(Pid{0, 0, 3, 4});
  const Bytes bytes = encode_term(mine);
  EXPECT_EQ(hex(bytes), "8358770D65746640" + std::string("3132372E302E302E31") + "00000003" + "00000004" + "0000004D");
  EXPECT_EQ(decode_term(bytes)->as_pid(), (Pid{0, 0, 3, 4}));
  EXPECT_TRUE(decode_term(bytes)->as_pid()->local());
}

TEST(Etf, a_pid_of_an_earlier_incarnation_of_this_node_is_not_local) {
  Bytes bytes = encode_term(Term::pid(Pid{0, 0, 3, 4}));
  bytes.back() = static_cast<std::byte>(creation + 1);
  const auto pid = decode_term(bytes)->as_pid();
  EXPECT_FALSE(pid->local());
  EXPECT_EQ(encode_term(Term::pid(*pid)), bytes);
}

TEST(Etf, refuses_what_is_malformed_and_says_where) {
  EXPECT_EQ(decode_term(raw({130, 106})).error().message,
            "external term, byte 0: version byte 130 where 131 must stand");
  EXPECT_EQ(decode_term(raw({131, 106, 0})).error().message, "external term, byte 2: 1 bytes follow the term");
  EXPECT_EQ(decode_term(raw({131, 80, 0, 0, 0, 1})).error().code, ErrorCode::unsupported);
  EXPECT_EQ(decode_term(raw({131, 121, 0})).error().code, ErrorCode::unsupported);
  const Bytes not_finite = raw({131, 70, 0x7F, 0xF0, 0, 0, 0, 0, 0, 0});
  const Bytes bad_utf8 = raw({131, 119, 1, 0xFF});
  const Bytes bits = raw({131, 77, 0, 0, 0, 1, 9, 0});
  const Bytes reference = raw({131, 90, 0, 6, 119, 1, 'a', 0, 0, 0, 0});
  const Bytes empty = raw({131});
  for (const Bytes& bad : {not_finite, bad_utf8, bits, reference, empty, Bytes{}}) {
    EXPECT_EQ(decode_term(bad).error().code, ErrorCode::invalid_argument);
  }
}

TEST(Etf, a_length_alone_takes_no_memory) {
  for (const int tag : {105, 108, 109, 111, 116}) {
    EXPECT_FALSE(decode_term(raw({131, tag, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0})).ok()) << tag;
  }
}

TEST(Etf, bounds_depth_terms_and_bytes) {
  Bytes nested = raw({131});
  for (int i = 0; i < 20'000; ++i) {
    nested.push_back(std::byte{104});
    nested.push_back(std::byte{1});
  }
  nested.push_back(std::byte{106});
  EXPECT_EQ(decode_term(nested).error().code, ErrorCode::limit_exceeded);
  const auto deep = decode_term(nested, EtfLimits{.depth_max = 30'000});
  ASSERT_TRUE(deep.ok());
  EXPECT_EQ(encode_term(*deep), nested);
  EXPECT_EQ(decode_term(raw({131, 104, 2, 106, 106}), EtfLimits{.terms_max = 2}).error().code,
            ErrorCode::limit_exceeded);
  EXPECT_EQ(decode_term(raw({131, 106}), EtfLimits{.bytes_max = 1}).error().code, ErrorCode::limit_exceeded);
}

TEST(Etf, lists_in_the_tail_of_lists_are_one_list) {
  // [a | [b | "c"]]
  const auto list = decode_term(raw({131, 108, 0, 0, 0, 1, 119, 1, 'a', 108, 0, 0, 0, 1, 119, 1, 'b', 107, 0, 1, 'c'}));
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(list.value(), Term::list({atom("a"), atom("b"), integer('c')}));
  EXPECT_EQ(decode_term(raw({131, 108, 0, 0, 0, 0, 106})).value(), Term());
  EXPECT_FALSE(decode_term(raw({131, 108, 0, 0, 0, 0, 97, 1})).ok());
}

TEST(Etf, decode_leading_term_moves_past_one_term) {
  const Bytes two = raw({131, 97, 1, 131, 97, 2});
  ByteView rest = two;
  EXPECT_EQ(decode_leading_term(rest).value(), integer(1));
  EXPECT_EQ(decode_leading_term(rest).value(), integer(2));
  EXPECT_TRUE(rest.empty());
  EXPECT_FALSE(decode_leading_term(rest).ok());
}

TEST(Etf, several_nodes_in_one_program_each_have_their_own_identity) {
  const NodeIdentity here{"here@10.0.0.1", 5};
  const NodeIdentity there{"there@10.0.0.2", 6};
  Bytes bytes;
  append_term(bytes, Term::pid(Pid{0, 0, 1, 2}), true, here);
  ByteView rest = bytes;
  const auto seen_there = decode_leading_term(rest, {}, there)->as_pid();
  EXPECT_EQ(node_name(seen_there->node), "here@10.0.0.1");
  EXPECT_EQ(seen_there->creation, 5U);
  rest = bytes;
  EXPECT_TRUE(decode_leading_term(rest, {}, here)->as_pid()->local());
}

TEST(EtfProperties, every_term_survives_the_round_trip) {
  test::check_property([](const Term& term) {
    const auto back = decode_term(encode_term(term));
    RC_ASSERT(back.ok());
    RC_ASSERT(back.value() == term);
  });
}

TEST(EtfProperties, every_truncation_fails_cleanly) {
  test::check_property([](const Term& term) {
    const Bytes bytes = encode_term(term);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      RC_ASSERT(!decode_term(ByteView(bytes).first(size)).ok());
    }
  });
}

TEST(EtfProperties, order_is_total_and_agrees_with_equality) {
  test::check_property([](const Term& left, const Term& right, const Term& third) {
    RC_ASSERT((order(left, right) < 0) == (order(right, left) > 0));
    RC_ASSERT((order(left, right) == 0) == (left == right));
    if (order(left, right) <= 0 && order(right, third) <= 0) {
      RC_ASSERT((order(left, third) <= 0));
    }
  });
}

TEST(EtfProperties, a_changed_byte_never_crashes_and_what_decodes_encodes_again) {
  test::check_property([](const Term& term, std::uint16_t where, std::uint8_t value) {
    Bytes bytes = encode_term(term);
    bytes[where % bytes.size()] = static_cast<std::byte>(value);
    if (const auto changed = decode_term(bytes)) {
      RC_ASSERT(decode_term(encode_term(*changed)).value() == *changed);
    }
  });
}

}  // namespace
}  // namespace troupe
