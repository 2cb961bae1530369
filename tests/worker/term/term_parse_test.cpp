#include "worker/term/term_parse.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "tests/worker/term/erlang.hpp"
#include "tests/worker/term/term_generator.hpp"
#include "worker/term/etf.hpp"

namespace troupe {
namespace {

const std::vector<std::string> samples = {"ok",
                                          "'Quoted Atom'",
                                          "'it\\'s'",
                                          "''",
                                          "a@b_1",
                                          "{}",
                                          "{add, 2}",
                                          "{ add , -2 }",
                                          "[]",
                                          "[1]",
                                          "[1, 2 | 3]",
                                          "[[] | b]",
                                          "[[1] | [2]]",
                                          "[{} | {}]",
                                          "[1 | [2 | []]]",
                                          "\"text\"",
                                          "\"a\\n\\t\\s\\e\\d\\\\\\\"\"",
                                          "<<>>",
                                          "<<\"bytes\">>",
                                          "<< \"bytes\" >>",
                                          "#{}",
                                          "#{a => 1, <<\"b\">> => [2]}",
                                          "#{a => 1, a => 2}",
                                          "0",
                                          "-0",
                                          "+7",
                                          "9223372036854775807",
                                          "-9223372036854775808",
                                          "1.5",
                                          "-2.5e3",
                                          "1.0E-2",
                                          "{1.5, [#{x => {}}]}"};

const std::vector<std::string> not_terms = {
    "",     " ",        "{",          "}",          "{1",    "{1,}",   "{1 | 2}",    "{{} | 2}", "[1,",
    "[1 |", "[1 | ]",   "[| 1]",      "[1 | 2, 3]", "'open", "\"open", "<<\"open\"", "<<",       "#{",
    "#{a}", "#{a => }", "#{a => 1,}", "1.2.3",      "1.5e",  "1.5e+",  "--1",        "-",        "12abc",
    "a b",  "{a} {b}",  "Variable",   "_",          "1e5",   "\"\\"};

std::string erlang_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    out += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  }
  return out + "\"";
}

/// What Erlang's own scanner and parser make of each text: its external form in hexadecimal, or "error".
std::vector<std::string> as_erlang_parses(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) {
    list += (list.empty() ? "" : ", ") + erlang_string(text);
  }
  std::istringstream lines(test::erlang_eval(
      "[try {ok, Tokens, _} = erl_scan:string(T ++ \" .\"), {ok, Term} = erl_parse:parse_term(Tokens), "
      "[binary:encode_hex(term_to_binary(Term, [{minor_version, 2}])), $\\n] catch _:_ -> \"error\\n\" end || T <- [" +
      list + "]]"));
  std::vector<std::string> out;
  for (std::string line; std::getline(lines, line);) {
    out.push_back(line);
  }
  return out;
}

std::string as_we_parse(const std::string& text) {
  const auto term = parse_term(text);
  if (!term.ok()) {
    EXPECT_EQ(term.error().code, ErrorCode::invalid_argument);
    return "error";
  }
  std::ostringstream hex;
  for (const std::byte byte : encode_term(*term)) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    hex << digits[std::to_integer<unsigned>(byte) >> 4] << digits[std::to_integer<unsigned>(byte) & 15U];
  }
  return hex.str();
}

TEST(TermParse, reads_what_people_type_as_erlang_does) {
  const auto expected = as_erlang_parses(samples);
  ASSERT_EQ(expected.size(), samples.size());
  for (std::size_t at = 0; at < samples.size(); ++at) {
    EXPECT_NE(expected[at], "error") << samples[at];
    EXPECT_EQ(as_we_parse(samples[at]), expected[at]) << samples[at];
  }
}

TEST(TermParse, refuses_what_erlang_refuses) {
  const auto expected = as_erlang_parses(not_terms);
  ASSERT_EQ(expected.size(), not_terms.size());
  for (std::size_t at = 0; at < not_terms.size(); ++at) {
    EXPECT_EQ(expected[at], "error") << not_terms[at];
    EXPECT_EQ(as_we_parse(not_terms[at]), "error") << not_terms[at];
  }
}

TEST(TermParse, a_full_stop_may_end_the_term) {
  EXPECT_EQ(parse_term("{add, 2}.").value(), Term::tuple({Term::atom("add"), Term::integer(2)}));
  EXPECT_FALSE(parse_term("{add, 2}. {add, 3}.").ok());
}

TEST(TermParse, atoms_that_erlang_could_not_have_are_refused_and_throw_nothing) {
  EXPECT_TRUE(parse_term(std::string(255, 'a')).ok());
  EXPECT_FALSE(parse_term(std::string(256, 'a')).ok());
  EXPECT_FALSE(parse_term("'" + std::string(256, 'a') + "'").ok());
  EXPECT_FALSE(parse_term("'\xff'").ok());
}

TEST(TermParse, nesting_is_bounded) {
  EXPECT_TRUE(parse_term(std::string(100, '[') + std::string(100, ']')).ok());
  EXPECT_FALSE(parse_term(std::string(100'000, '[')).ok());
  EXPECT_FALSE(parse_term(std::string(100'000, '{') + std::string(100'000, '}')).ok());
}

TEST(TermParse, an_error_tells_where_and_what) {
  const auto term = parse_term("{add 2}");
  ASSERT_FALSE(term.ok());
  EXPECT_EQ(term.error().message, "not an Erlang term: a comma or closing bracket is missing at position 6");
}

}  // namespace
}  // namespace troupe
