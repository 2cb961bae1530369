// Building and reading terms.
#include "troupe/term.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "base/check.hpp"
#include "worker/term/term_node.hpp"
#include "worker/term/utf8.hpp"

namespace troupe {
namespace {

Term make(Term::Kind kind, Term::Node::Value value) {
  return Term(std::make_shared<const Term::Node>(kind, std::move(value)));
}

using NodePointer = std::shared_ptr<const Term::Node>;

bool holds_terms(Term::Kind kind) {
  return kind == Term::Kind::tuple || kind == Term::Kind::list || kind == Term::Kind::map;
}

}  // namespace

/// Moves the children that only `node` keeps alive to `pending`.
struct TermReleaser {
  static void take(Term& child, std::vector<NodePointer>& pending) {
    if (child.node_ && holds_terms(child.node_->kind) && child.node_.use_count() == 1) {
      pending.push_back(std::move(child.node_));
    }
  }
  static void take_children(Term::Node& node, std::vector<NodePointer>& pending) {
    if (auto* sequence = std::get_if<Sequence>(&node.value)) {
      for (Term& element : sequence->elements) {
        take(element, pending);
      }
      if (sequence->tail) {
        take(*sequence->tail, pending);
      }
    } else if (auto* pairs = std::get_if<std::vector<Term::Pair>>(&node.value)) {
      for (Term::Pair& pair : *pairs) {
        take(pair.first, pending);
        take(pair.second, pending);
      }
    }
  }
};

Term::Node::~Node() {
  if (!holds_terms(kind)) {
    return;
  }
  std::vector<NodePointer> pending;
  TermReleaser::take_children(*this, pending);
  while (!pending.empty()) {
    const NodePointer node = std::move(pending.back());
    pending.pop_back();
    // Sole owner, so nobody reads what is moved away.
    TermReleaser::take_children(const_cast<Node&>(*node), pending);
  }
}

const Term::Node& Term::empty_list() {
  // Never destroyed, and not from the heap: an application module that holds it is unloaded without a trace.
  alignas(Node) static std::byte memory[sizeof(Node)];
  static const Node* const node = new (memory) Node(Kind::list, Sequence{});
  return *node;
}

Term Term::integer(std::int64_t value) { return make(Kind::integer, value); }

Term Term::big_integer(bool negative, std::vector<std::uint8_t> magnitude) {
  while (!magnitude.empty() && magnitude.back() == 0) {
    magnitude.pop_back();
  }
  if (magnitude.size() <= 8) {
    std::uint64_t value = 0;
    for (std::size_t i = magnitude.size(); i-- > 0;) {
      value = (value << 8) | magnitude[i];
    }
    constexpr std::uint64_t lowest = std::uint64_t{1} << 63;
    if (value < lowest || (negative && value == lowest)) {
      return integer(static_cast<std::int64_t>(negative ? 0 - value : value));
    }
  }
  return make(Kind::big_integer, BigInteger{negative, std::move(magnitude)});
}

Term Term::floating(double value) {
  if (std::isnan(value)) {
    return atom("nan");
  }
  if (std::isinf(value)) {
    return atom(value < 0 ? "-infinity" : "infinity");
  }
  return make(Kind::floating, value);
}

Term Term::atom(std::string_view utf8) {
  const auto characters = count_utf8_characters(utf8);
  if (!characters) {
    throw std::invalid_argument("an atom's text must be UTF-8");
  }
  if (*characters > atom_characters_max) {
    throw std::invalid_argument("an atom has at most 255 characters, not " + std::to_string(*characters));
  }
  return make(Kind::atom, std::string(utf8));
}

Term Term::boolean(bool value) { return atom(value ? "true" : "false"); }
Term Term::pid(const Pid& value) { return make(Kind::pid, value); }
Term Term::reference(const Reference& value) { return make(Kind::reference, value); }
Term Term::tuple(std::vector<Term> elements) { return make(Kind::tuple, Sequence{std::move(elements), std::nullopt}); }
Term Term::list(std::vector<Term> elements) {
  return elements.empty() ? Term() : make(Kind::list, Sequence{std::move(elements), std::nullopt});
}

Term Term::improper_list(std::vector<Term> elements, Term tail) {
  check(!elements.empty() && tail.kind() != Kind::list, "an improper list has elements and a tail that is no list");
  return make(Kind::list, Sequence{std::move(elements), std::move(tail)});
}

Term Term::map(std::vector<Pair> pairs) {
  const auto before = [](const Pair& left, const Pair& right) { return order(left.first, right.first) < 0; };
  std::stable_sort(pairs.begin(), pairs.end(), before);
  std::vector<Pair> unique;
  unique.reserve(pairs.size());
  for (Pair& pair : pairs) {
    if (!unique.empty() && unique.back().first == pair.first) {
      unique.back().second = std::move(pair.second);
    } else {
      unique.push_back(std::move(pair));
    }
  }
  return make(Kind::map, std::move(unique));
}

Term Term::binary(std::string_view bytes) { return make(Kind::binary, std::string(bytes)); }

Term Term::bit_string(std::string_view bytes, unsigned bits_in_last_byte) {
  check(bits_in_last_byte >= 1 && bits_in_last_byte <= 8, "bit_string: bits_in_last_byte is 1 to 8");
  if (bits_in_last_byte == 8 || bytes.empty()) {
    return binary(bytes);
  }
  std::string cleared(bytes);
  const auto mask = static_cast<unsigned char>(0xFF00U >> bits_in_last_byte);
  cleared.back() = static_cast<char>(static_cast<unsigned char>(cleared.back()) & mask);
  return make(Kind::bit_string, BitString{std::move(cleared), bits_in_last_byte});
}

Term Term::opaque(Kind function_or_port, std::string_view encoded) {
  check(function_or_port == Kind::function || function_or_port == Kind::port, "only funs and ports are opaque");
  return make(function_or_port, std::string(encoded));
}

Term Term::string(std::string_view latin1) {
  std::vector<Term> codes;
  codes.reserve(latin1.size());
  for (const char c : latin1) {
    codes.push_back(integer(static_cast<unsigned char>(c)));
  }
  return list(std::move(codes));
}

Term::Kind Term::kind() const { return node().kind; }

std::optional<std::int64_t> Term::as_integer() const {
  return kind() == Kind::integer ? std::optional(node().as<std::int64_t>()) : std::nullopt;
}

std::optional<double> Term::as_floating() const {
  return kind() == Kind::floating ? std::optional(node().as<double>()) : std::nullopt;
}

std::optional<std::string_view> Term::as_atom() const {
  return kind() == Kind::atom ? std::optional<std::string_view>(node().as<std::string>()) : std::nullopt;
}

std::optional<bool> Term::as_boolean() const {
  if (is_atom("true")) {
    return true;
  }
  return is_atom("false") ? std::optional(false) : std::nullopt;
}

std::optional<Pid> Term::as_pid() const { return kind() == Kind::pid ? std::optional(node().as<Pid>()) : std::nullopt; }

std::optional<Reference> Term::as_reference() const {
  return kind() == Kind::reference ? std::optional(node().as<Reference>()) : std::nullopt;
}

std::optional<std::string_view> Term::as_binary() const {
  return kind() == Kind::binary ? std::optional<std::string_view>(node().as<std::string>()) : std::nullopt;
}

std::optional<std::span<const Term>> Term::as_tuple() const {
  return kind() == Kind::tuple ? std::optional<std::span<const Term>>(node().as<Sequence>().elements) : std::nullopt;
}

std::optional<std::span<const Term>> Term::as_list() const {
  if (kind() != Kind::list || node().as<Sequence>().tail) {
    return std::nullopt;
  }
  return node().as<Sequence>().elements;
}

std::optional<Term::ImproperList> Term::as_improper_list() const {
  if (kind() != Kind::list || !node().as<Sequence>().tail) {
    return std::nullopt;
  }
  const auto& list = node().as<Sequence>();
  return ImproperList{list.elements, *list.tail};
}

std::optional<std::span<const Term::Pair>> Term::as_map() const {
  return kind() == Kind::map ? std::optional<std::span<const Pair>>(node().as<std::vector<Pair>>()) : std::nullopt;
}

std::optional<std::string> Term::as_text() const {
  if (const auto bytes = as_binary()) {
    return std::string(*bytes);
  }
  const auto codes = as_list();
  if (!codes) {
    return std::nullopt;
  }
  std::string text;
  text.reserve(codes->size());
  for (const Term& element : *codes) {
    const auto code = element.as_integer();
    if (!code || *code < 0 || *code > 255) {
      return std::nullopt;
    }
    text.push_back(static_cast<char>(*code));
  }
  return text;
}

bool Term::is_atom(std::string_view name) const { return kind() == Kind::atom && node().as<std::string>() == name; }

bool Term::is_tagged(std::string_view tag, std::size_t size) const {
  const auto elements = as_tuple();
  return elements && !elements->empty() && elements->size() == size && elements->front().is_atom(tag);
}

const Term* Term::find(const Term& key) const {
  const auto pairs = as_map();
  if (!pairs) {
    return nullptr;
  }
  const auto found = std::lower_bound(pairs->begin(), pairs->end(), key, [](const Pair& pair, const Term& wanted) {
    return order(pair.first, wanted) < 0;
  });
  return found != pairs->end() && found->first == key ? &found->second : nullptr;
}

}  // namespace troupe
