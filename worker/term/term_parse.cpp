#include "worker/term/term_parse.hpp"

#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "base/ascii.hpp"
#include "worker/term/utf8.hpp"

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
      return atom(text_.substr(start, at_ - start), start);
    }
    switch (first) {
      case '\'': {
        const std::size_t start = at_;
        const auto name = quoted('\'');
        return name ? atom(*name, start) : std::nullopt;
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

  std::optional<Term> atom(std::string_view name, std::size_t start) {
    const auto characters = count_utf8_characters(name);
    if (characters && *characters <= atom_characters_max) {
      return Term::atom(name);
    }
    at_ = start;
    return fail(characters ? "an atom has at most 255 characters" : "an atom's text must be UTF-8");
  }

  std::size_t take_digits() {
    const std::size_t start = at_;
    while (is_digit(peek())) {
      ++at_;
    }
    return at_ - start;
  }

  void take_sign() {
    if (peek() == '-' || peek() == '+') {
      ++at_;
    }
  }

  std::optional<Term> number() {
    const std::size_t start = at_;
    take_sign();
    std::size_t digits = take_digits();
    const bool floating = peek() == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]);
    if (floating) {
      ++at_;
      take_digits();
      if (peek() == 'e' || peek() == 'E') {
        ++at_;
        take_sign();
        digits = take_digits();
      }
    }
    // from_chars takes no leading plus.
    const std::size_t first = start + (text_[start] == '+' ? 1 : 0);
    const std::string_view number = text_.substr(first, at_ - first);
    const auto parsed = digits == 0 || is_name(peek()) ? std::nullopt : floating ? real(number) : integer(number);
    if (!parsed) {
      at_ = start;
      return fail("not a number of 64 bits");
    }
    return parsed;
  }

  static std::optional<Term> integer(std::string_view digits) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size() ? std::optional(Term::integer(value))
                                                                        : std::nullopt;
  }

  static std::optional<Term> real(std::string_view digits) {
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size() ? std::optional(Term::floating(value))
                                                                        : std::nullopt;
  }

  /// Text between quotes, with Erlang's escapes but for numbers and control characters.
  std::optional<std::string> quoted(char quote) {
    static constexpr std::string_view escaped = "bdefnrstv0\\'\"";
    static constexpr std::string_view meant("\b\x7f\x1b\f\n\r \t\v\0\\'\"", escaped.size());
    std::string content;
    const std::size_t start = at_++;
    while (at_ < text_.size() && peek() != quote) {
      char next = text_[at_++];
      if (next == '\\' && at_ < text_.size()) {
        const std::size_t known = escaped.find(text_[at_]);
        if (known == std::string_view::npos ||
            (text_[at_] == '0' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) {
          return fail("unknown escape; known are \\b \\d \\e \\f \\n \\r \\s \\t \\v \\0 \\\\ \\' \\\"");
        }
        next = meant[known];
        ++at_;
      }
      content += next;
    }
    if (peek() != quote) {
      at_ = start;
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

  enum class ElementsEnd { closed, bar, broken };

  /// Elements up to `close`, or up to the `|` that ends a list's proper part.
  ElementsEnd elements(std::string_view close, int depth, std::vector<Term>& out) {
    if (take(close)) {
      return ElementsEnd::closed;
    }
    for (;;) {
      auto element = value(depth + 1);
      if (!element) {
        return ElementsEnd::broken;
      }
      out.push_back(std::move(*element));
      if (take(close)) {
        return ElementsEnd::closed;
      }
      if (take("|")) {
        return ElementsEnd::bar;
      }
      if (!take(",")) {
        fail("a comma or closing bracket is missing");
        return ElementsEnd::broken;
      }
    }
  }

  std::optional<Term> tuple(int depth) {
    ++at_;
    std::vector<Term> parts;
    if (elements("}", depth, parts) != ElementsEnd::closed) {
      return fail("unexpected character");
    }
    return Term::tuple(std::move(parts));
  }

  std::optional<Term> list(int depth) {
    ++at_;
    std::vector<Term> parts;
    const ElementsEnd end = elements("]", depth, parts);
    if (end == ElementsEnd::broken) {
      return std::nullopt;
    }
    if (end == ElementsEnd::closed) {
      return Term::list(std::move(parts));
    }
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
