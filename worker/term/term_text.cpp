// Term -> text, as Erlang's shell prints it on one line.
#include <array>
#include <charconv>

#include "base/ascii.hpp"

#include "worker/term/term_node.hpp"

namespace troupe {
namespace {

/// Below this depth "..." stands: people read this, and recursion costs stack.
constexpr int text_depth_max = 200;

void append_number(std::string& out, std::uint64_t number) { out += std::to_string(number); }

std::string decimal(const BigInteger& number) {
  std::vector<std::uint32_t> groups;  // base 1e9, least first
  for (std::size_t i = number.magnitude.size(); i-- > 0;) {
    std::uint64_t carry = number.magnitude[i];
    for (std::uint32_t& group : groups) {
      carry += std::uint64_t{group} << 8;
      group = static_cast<std::uint32_t>(carry % 1'000'000'000);
      carry /= 1'000'000'000;
    }
    if (carry != 0) {
      groups.push_back(static_cast<std::uint32_t>(carry));
    }
  }
  std::string out = number.negative ? "-" : "";
  out += groups.empty() ? "0" : std::to_string(groups.back());
  for (std::size_t i = groups.size(); i-- > 1;) {
    const std::string digits = std::to_string(groups[i - 1]);
    out.append(9 - digits.size(), '0');
    out += digits;
  }
  return out;
}

/// Shortest digits that read back as the same float, in Erlang's form: always a point, `e` for large and small ones.
std::string float_text(double value) {
  std::array<char, 40> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  std::string out(buffer.data(), written.ptr);
  const std::size_t exponent = out.find('e');
  if (out.find('.') == std::string::npos) {
    out.insert(exponent == std::string::npos ? out.size() : exponent, ".0");
  }
  // to_chars pads exponents to two digits, Erlang does not: 1.0e-5.
  if (const std::size_t at = out.find('e'); at != std::string::npos) {
    std::size_t digits = at + 1;
    if (out[digits] == '+') {
      out.erase(digits, 1);
    } else if (out[digits] == '-') {
      ++digits;
    }
    while (out.size() > digits + 1 && out[digits] == '0') {
      out.erase(digits, 1);
    }
  }
  return out;
}

bool is_bare_atom(std::string_view text) {
  static constexpr std::array reserved = {"after",  "and",     "andalso", "band", "begin", "bnot", "bor",
                                          "bsl",    "bsr",     "bxor",    "case", "catch", "cond", "div",
                                          "end",    "fun",     "if",      "let",  "not",   "of",   "or",
                                          "orelse", "receive", "rem",     "try",  "when",  "xor"};
  if (text.empty() || text.front() < 'a' || text.front() > 'z') {
    return false;
  }
  for (const char c : text) {
    const bool plain = ascii::is_letter(c) || ascii::is_digit(c) || c == '_' || c == '@';
    if (!plain) {
      return false;
    }
  }
  for (const char* word : reserved) {
    if (text == word) {
      return false;
    }
  }
  return true;
}

void append_escaped(std::string& out, std::string_view text, char quote) {
  out.push_back(quote);
  for (const char c : text) {
    switch (c) {
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\\':
        out += "\\\\";
        break;
      default:
        if (c == quote) {
          out.push_back('\\');
        }
        out.push_back(c);
    }
  }
  out.push_back(quote);
}

bool is_printable(std::string_view text) {
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    const bool white = code >= 8 && code <= 13;
    if (!white && code != 27 && (code < 32 || code > 126)) {
      return false;
    }
  }
  return !text.empty();
}

class Printer {
 public:
  explicit Printer(std::string& out) : out_(out) {}

  void print(const Term& term, int depth) {
    if (depth > text_depth_max) {
      out_ += "...";
      return;
    }
    const Term::Node& node = term.node();
    switch (node.kind) {
      case Term::Kind::integer:
        out_ += std::to_string(node.as<std::int64_t>());
        return;
      case Term::Kind::big_integer:
        out_ += decimal(node.as<BigInteger>());
        return;
      case Term::Kind::floating:
        out_ += float_text(node.as<double>());
        return;
      case Term::Kind::atom:
        return print_atom(node.as<std::string>());
      case Term::Kind::reference:
        return print_reference(node.as<Reference>());
      case Term::Kind::function:
        out_ += "#Fun<external>";
        return;
      case Term::Kind::port:
        out_ += "#Port<external>";
        return;
      case Term::Kind::pid:
        return print_pid(node.as<Pid>());
      case Term::Kind::tuple:
        return print_elements('{', node.as<Sequence>(), '}', depth);
      case Term::Kind::map:
        return print_map(node.as<std::vector<Term::Pair>>(), depth);
      case Term::Kind::list:
        return print_list(term, depth);
      case Term::Kind::binary:
        return print_bits(node.as<std::string>(), 8);
      case Term::Kind::bit_string:
        return print_bits(node.as<BitString>().bytes, node.as<BitString>().bits_in_last_byte);
    }
  }

 private:
  void print_atom(std::string_view text) {
    if (is_bare_atom(text)) {
      out_ += text;
    } else {
      append_escaped(out_, text, '\'');
    }
  }

  void print_pid(const Pid& pid) {
    out_ += "<";
    append_number(out_, pid.node);
    out_ += ".";
    append_number(out_, pid.id);
    out_ += ".";
    append_number(out_, pid.serial);
    out_ += ">";
  }

  void print_reference(const Reference& reference) {
    out_ += "#Ref<";
    append_number(out_, reference.node);
    for (std::uint32_t i = reference.word_count; i-- > 0;) {
      out_ += ".";
      append_number(out_, reference.words.at(i));
    }
    out_ += ">";
  }

  void print_elements(char open, const Sequence& sequence, char close, int depth) {
    out_.push_back(open);
    bool first = true;
    for (const Term& element : sequence.elements) {
      if (!first) {
        out_.push_back(',');
      }
      first = false;
      print(element, depth + 1);
    }
    if (sequence.tail) {
      out_.push_back('|');
      print(*sequence.tail, depth + 1);
    }
    out_.push_back(close);
  }

  void print_map(const std::vector<Term::Pair>& pairs, int depth) {
    out_ += "#{";
    bool first = true;
    for (const Term::Pair& pair : pairs) {
      if (!first) {
        out_.push_back(',');
      }
      first = false;
      print(pair.first, depth + 1);
      out_ += " => ";
      print(pair.second, depth + 1);
    }
    out_.push_back('}');
  }

  void print_list(const Term& list, int depth) {
    if (const auto text = list.as_text(); text && is_printable(*text)) {
      return append_escaped(out_, *text, '"');
    }
    print_elements('[', list.node().as<Sequence>(), ']', depth);
  }

  void print_bits(std::string_view bytes, unsigned bits_in_last_byte) {
    out_ += "<<";
    if (bits_in_last_byte == 8 && is_printable(bytes)) {
      append_escaped(out_, bytes, '"');
    } else {
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i != 0) {
          out_.push_back(',');
        }
        const auto byte = static_cast<unsigned char>(bytes[i]);
        const bool partial = i + 1 == bytes.size() && bits_in_last_byte != 8;
        append_number(out_, partial ? byte >> (8 - bits_in_last_byte) : byte);
        if (partial) {
          out_.push_back(':');
          append_number(out_, bits_in_last_byte);
        }
      }
    }
    out_ += ">>";
  }

  std::string& out_;
};

}  // namespace

std::string Term::text() const {
  std::string out;
  Printer(out).print(*this, 0);
  return out;
}

}  // namespace troupe
