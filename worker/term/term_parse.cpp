#include "worker/term/term_parse.hpp"

#include <charconv>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "base/ascii.hpp"

namespace troupe {
namespace {

constexpr int depth_max = 200;

using ascii::is_digit;
using ascii::is_lower;
bool is_name(char c) { return ascii::is_letter(c) || is_digit(c) || c == '_' || c == '@'; }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Term> whole() {
    std::optional<Term> term = value(0);
    skip_space();
    if (term && peek() == '.') {
      ++at_;
      skip_space();
    }
    if (term && at_ < text_.size()) {
      fail("something is left over");
      term.reset();
    }
    if (!term) {
      return Error{ErrorCode::invalid_argument,
                   "not an Erlang term: " + why_ + " at position " + std::to_string(at_ + 1)};
    }
    return *std::move(term);
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool starts_with(std::string_view prefix) const { return text_.substr(at_).starts_with(prefix); }

  void skip_space() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') {
      ++at_;
    }
  }

  std::nullopt_t fail(const char* why) {
    if (why_.empty()) {
      why_ = why;
    }
    return std::nullopt;
  }

  bool take(std::string_view token) {
    skip_space();
    if (!starts_with(token)) {
      return false;
    }
    at_ += token.size();
    return true;
  }

  std::optional<Term> value(int depth) {
    skip_space();
    if (depth > depth_max) {
      return fail("nested too deeply");
    }
    const char first = peek();
    if (is_digit(first) || first == '-' || first == '+') {
      return number();
    }
    if (is_lower(first)) {
      const std::size_t start = at_;
      while (is_name(peek())) {
        ++at_;
      }
      return Term::atom(text_.substr(start, at_ - start));
    }
    switch (first) {
      case '\'': {
        const auto name = quoted('\'');
        return name ? std::optional(Term::atom(*name)) : std::nullopt;
      }
      case '"': {
        const auto content = quoted('"');
        return content ? std::optional(Term::string(*content)) : std::nullopt;
      }
      case '<':
        return binary();
      case '{':
        return tuple(depth);
      case '[':
        return list(depth);
      case '#':
        return map(depth);
      default:
        return fail(first == '\0' ? "it ends too early" : "unexpected character");
    }
  }

  std::optional<Term> number() {
    const std::size_t start = at_;
    if (peek() == '-' || peek() == '+') {
      ++at_;
    }
    bool floating = false;
    while (is_digit(peek()) || (peek() == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1])) ||
           (floating && (peek() == 'e' || peek() == 'E' ||
                         ((peek() == '-' || peek() == '+') && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E'))))) {
      floating |= peek() == '.';
      ++at_;
    }
    std::string digits(text_.substr(start, at_ - start));
    if (floating) {
      return Term::floating(std::strtod(digits.c_str(), nullptr));
    }
    if (digits.starts_with('+')) {
      digits.erase(0, 1);
    }
    std::int64_t integer = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), integer);
    if (error != std::errc() || end != digits.data() + digits.size()) {
      at_ = start;
      return fail("not a number of 64 bits");
    }
    return Term::integer(integer);
  }

  /// Text between quotes, with Erlang's escapes.
  std::optional<std::string> quoted(char quote) {
    std::string content;
    ++at_;
    while (at_ < text_.size() && peek() != quote) {
      char next = text_[at_++];
      if (next == '\\' && at_ < text_.size()) {
        next = text_[at_++];
        next = next == 'n' ? '\n' : next == 't' ? '\t' : next == 'r' ? '\r' : next == '0' ? '\0' : next;
      }
      content += next;
    }
    if (peek() != quote) {
      return fail("a quote is not closed");
    }
    ++at_;
    return content;
  }

  std::optional<Term> binary() {
    if (!take("<<")) {
      return fail("unexpected character");
    }
    skip_space();
    std::string content;
    if (peek() == '"') {
      auto inner = quoted('"');
      if (!inner) {
        return std::nullopt;
      }
      content = std::move(*inner);
    }
    return take(">>") ? std::optional(Term::binary(content)) : fail("a binary of text is <<\"...\">>");
  }

  /// Elements up to `close`; `|` ends a list's proper part and is left to the caller.
  bool elements(std::string_view close, int depth, std::vector<Term>& out) {
    if (take(close)) {
      return true;
    }
    for (;;) {
      auto element = value(depth + 1);
      if (!element) {
        return false;
      }
      out.push_back(std::move(*element));
      if (take(close)) {
        return true;
      }
      skip_space();
      if (peek() == '|') {
        return true;
      }
      if (!take(",")) {
        fail("a comma or closing bracket is missing");
        return false;
      }
    }
  }

  std::optional<Term> tuple(int depth) {
    ++at_;
    std::vector<Term> parts;
    if (!elements("}", depth, parts)) {
      return std::nullopt;
    }
    return text_[at_ - 1] == '}' ? std::optional(Term::tuple(std::move(parts))) : fail("unexpected character");
  }

  std::optional<Term> list(int depth) {
    ++at_;
    std::vector<Term> parts;
    if (!elements("]", depth, parts)) {
      return std::nullopt;
    }
    if (text_[at_ - 1] == ']') {
      return Term::list(std::move(parts));
    }
    ++at_;
    auto tail = value(depth + 1);
    if (!tail || !take("]")) {
      return fail("a list's tail is not closed");
    }
    if (const auto rest = tail->as_list()) {
      parts.insert(parts.end(), rest->begin(), rest->end());
      return Term::list(std::move(parts));
    }
    return Term::improper_list(std::move(parts), std::move(*tail));
  }

  std::optional<Term> map(int depth) {
    if (!take("#{")) {
      return fail("a map starts with #{");
    }
    std::vector<Term::Pair> pairs;
    if (take("}")) {
      return Term::map({});
    }
    do {
      auto key = value(depth + 1);
      if (!key || !take("=>")) {
        return fail("a map holds key => value");
      }
      auto mapped = value(depth + 1);
      if (!mapped) {
        return std::nullopt;
      }
      pairs.emplace_back(std::move(*key), std::move(*mapped));
    } while (take(","));
    return take("}") ? std::optional(Term::map(std::move(pairs))) : fail("a map is not closed");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string why_;
};

}  // namespace

Result<Term> parse_term(std::string_view text) { return Parser(text).whole(); }

}  // namespace troupe
