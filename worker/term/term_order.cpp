// Erlang's term order, made total: see `order` in troupe/term.hpp.
#include <algorithm>
#include <cmath>
#include <compare>

#include "troupe/node_name.hpp"
#include "worker/term/term_node.hpp"

namespace troupe {
namespace {

using Ordering = std::strong_ordering;

int rank(Term::Kind kind) {
  switch (kind) {
    case Term::Kind::integer:
    case Term::Kind::big_integer:
    case Term::Kind::floating:
      return 0;
    case Term::Kind::atom:
      return 1;
    case Term::Kind::reference:
      return 2;
    case Term::Kind::function:
      return 3;
    case Term::Kind::port:
      return 4;
    case Term::Kind::pid:
      return 5;
    case Term::Kind::tuple:
      return 6;
    case Term::Kind::map:
      return 7;
    case Term::Kind::list:
      return 8;
    case Term::Kind::binary:
    case Term::Kind::bit_string:
      return 9;
  }
  return 10;
}

BigInteger big(std::uint64_t magnitude, bool negative) {
  BigInteger out{negative, {}};
  for (; magnitude != 0; magnitude >>= 8) {
    out.magnitude.push_back(static_cast<std::uint8_t>(magnitude));
  }
  return out;
}

/// The whole part of a finite double, exactly.
BigInteger whole_part(double value) {
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(std::trunc(value)), &exponent);
  if (exponent <= 64) {
    return big(static_cast<std::uint64_t>(std::ldexp(fraction, exponent)), value < 0);
  }
  const auto mantissa = static_cast<std::uint64_t>(std::ldexp(fraction, 64));
  const auto shift = static_cast<std::size_t>(exponent - 64);
  BigInteger out{value < 0, std::vector<std::uint8_t>(shift / 8, 0)};
  const unsigned bits = shift % 8;
  unsigned carry = 0;
  for (unsigned i = 0; i < 8; ++i) {
    const unsigned byte = static_cast<std::uint8_t>(mantissa >> (8 * i));
    const unsigned shifted = (byte << bits) | carry;
    out.magnitude.push_back(static_cast<std::uint8_t>(shifted));
    carry = shifted >> 8;
  }
  if (carry != 0) {
    out.magnitude.push_back(static_cast<std::uint8_t>(carry));
  }
  return out;
}

BigInteger whole_of(const Term::Node& number) {
  if (number.kind == Term::Kind::integer) {
    const auto value = number.as<std::int64_t>();
    const auto bits = static_cast<std::uint64_t>(value);
    return big(value < 0 ? 0 - bits : bits, value < 0);
  }
  return number.kind == Term::Kind::floating ? whole_part(number.as<double>()) : number.as<BigInteger>();
}

Ordering compare_magnitudes(const std::vector<std::uint8_t>& left, const std::vector<std::uint8_t>& right) {
  if (left.size() != right.size()) {
    return left.size() <=> right.size();
  }
  return std::lexicographical_compare_three_way(left.rbegin(), left.rend(), right.rbegin(), right.rend());
}

Ordering compare_wholes(const BigInteger& left, const BigInteger& right) {
  const bool left_below = left.negative && !left.magnitude.empty();
  const bool right_below = right.negative && !right.magnitude.empty();
  if (left_below != right_below) {
    return left_below ? Ordering::less : Ordering::greater;
  }
  const Ordering sizes = compare_magnitudes(left.magnitude, right.magnitude);
  return left_below ? 0 <=> sizes : sizes;
}

Ordering compare_doubles(double left, double right) {
  return left < right ? Ordering::less : right < left ? Ordering::greater : Ordering::equal;
}

Ordering compare_numbers(const Term::Node& left, const Term::Node& right) {
  const bool left_floats = left.kind == Term::Kind::floating;
  const bool right_floats = right.kind == Term::Kind::floating;
  if (left.kind == Term::Kind::integer && right.kind == Term::Kind::integer) {
    return left.as<std::int64_t>() <=> right.as<std::int64_t>();
  }
  if (left_floats && right_floats) {
    return compare_doubles(left.as<double>(), right.as<double>());
  }
  if (const Ordering wholes = compare_wholes(whole_of(left), whole_of(right)); wholes != 0) {
    return wholes;
  }
  const auto fraction = [](const Term::Node& node) {
    return node.kind == Term::Kind::floating ? node.as<double>() - std::trunc(node.as<double>()) : 0.0;
  };
  if (const Ordering fractions = compare_doubles(fraction(left), fraction(right)); fractions != 0) {
    return fractions;
  }
  return left_floats <=> right_floats;
}

/// By name, as Erlang does: indexes depend on who was met first.
Ordering compare_nodes(NodeIndex left, NodeIndex right) {
  return left == right ? Ordering::equal : node_name(left).compare(node_name(right)) <=> 0;
}

Ordering compare_pids(const Pid& left, const Pid& right) {
  for (const Ordering step : {left.serial <=> right.serial, left.id <=> right.id, compare_nodes(left.node, right.node),
                              left.creation <=> right.creation}) {
    if (step != 0) {
      return step;
    }
  }
  return left.node <=> right.node;
}

Ordering compare_references(const Reference& left, const Reference& right) {
  for (const Ordering step : {compare_nodes(left.node, right.node), left.creation <=> right.creation,
                              left.word_count <=> right.word_count, left.node <=> right.node}) {
    if (step != 0) {
      return step;
    }
  }
  return std::lexicographical_compare_three_way(left.words.rbegin(), left.words.rend(), right.words.rbegin(),
                                                right.words.rend());
}

Ordering compare_tuples(const Sequence& left, const Sequence& right) {
  if (left.elements.size() != right.elements.size()) {
    return left.elements.size() <=> right.elements.size();
  }
  for (std::size_t i = 0; i < left.elements.size(); ++i) {
    if (const Ordering step = order(left.elements[i], right.elements[i]); step != 0) {
      return step;
    }
  }
  return Ordering::equal;
}

Ordering compare_lists(const Sequence& left, const Sequence& right) {
  const std::size_t shared = std::min(left.elements.size(), right.elements.size());
  for (std::size_t i = 0; i < shared; ++i) {
    if (const Ordering step = order(left.elements[i], right.elements[i]); step != 0) {
      return step;
    }
  }
  const bool left_ends = left.elements.size() == shared;
  const bool right_ends = right.elements.size() == shared;
  static constexpr int list_rank = 8;
  const auto tail_rank = [](const Sequence& list) { return list.tail ? rank(list.tail->kind()) : list_rank; };
  if (left_ends && right_ends) {
    if (left.tail && right.tail) {
      return order(*left.tail, *right.tail);
    }
    return tail_rank(left) <=> tail_rank(right);
  }
  // One list goes on where the other has its tail: [] is the least list, any other tail goes by its kind.
  if (left_ends) {
    return left.tail ? tail_rank(left) <=> list_rank : Ordering::less;
  }
  return right.tail ? list_rank <=> tail_rank(right) : Ordering::greater;
}

Ordering compare_maps(const std::vector<Term::Pair>& left, const std::vector<Term::Pair>& right);

/// Keys of a map compare with every integer before every float.
Ordering compare_keys(const Term& left, const Term& right) {
  const bool left_floats = left.kind() == Term::Kind::floating;
  const bool right_floats = right.kind() == Term::Kind::floating;
  if (left_floats != right_floats && rank(left.kind()) == 0 && rank(right.kind()) == 0) {
    return left_floats <=> right_floats;
  }
  return order(left, right);
}

std::vector<const Term::Pair*> in_key_order(const std::vector<Term::Pair>& pairs) {
  std::vector<const Term::Pair*> sorted;
  sorted.reserve(pairs.size());
  for (const Term::Pair& pair : pairs) {
    sorted.push_back(&pair);
  }
  std::sort(sorted.begin(), sorted.end(), [](const Term::Pair* left, const Term::Pair* right) {
    return compare_keys(left->first, right->first) < 0;
  });
  return sorted;
}

Ordering compare_maps(const std::vector<Term::Pair>& left, const std::vector<Term::Pair>& right) {
  if (left.size() != right.size()) {
    return left.size() <=> right.size();
  }
  const auto left_sorted = in_key_order(left);
  const auto right_sorted = in_key_order(right);
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (const Ordering step = compare_keys(left_sorted[i]->first, right_sorted[i]->first); step != 0) {
      return step;
    }
  }
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (const Ordering step = order(left_sorted[i]->second, right_sorted[i]->second); step != 0) {
      return step;
    }
  }
  return Ordering::equal;
}

std::pair<std::string_view, unsigned> bits_of(const Term::Node& node) {
  if (node.kind == Term::Kind::binary) {
    return {node.as<std::string>(), 8};
  }
  const auto& bits = node.as<BitString>();
  return {bits.bytes, bits.bits_in_last_byte};
}

Ordering compare_bits(const Term::Node& left, const Term::Node& right) {
  const auto [left_bytes, left_bits] = bits_of(left);
  const auto [right_bytes, right_bits] = bits_of(right);
  if (left_bits == 8 && right_bits == 8) {
    return left_bytes.compare(right_bytes) <=> 0;
  }
  // Unused bits are zero, so whole bytes decide; when they are equal, the shorter in bits comes first.
  const auto length = [](std::string_view bytes, unsigned bits) { return bytes.size() * 8 - 8 + bits; };
  const std::size_t left_length = left_bytes.empty() ? 0 : length(left_bytes, left_bits);
  const std::size_t right_length = right_bytes.empty() ? 0 : length(right_bytes, right_bits);
  const std::size_t shared = std::min(left_length, right_length);
  const auto bit = [](std::string_view bytes, std::size_t at) {
    return (static_cast<unsigned char>(bytes[at / 8]) >> (7 - at % 8)) & 1U;
  };
  const std::size_t whole = shared / 8;
  if (const int step = left_bytes.substr(0, whole).compare(right_bytes.substr(0, whole)); step != 0) {
    return step <=> 0;
  }
  for (std::size_t at = whole * 8; at < shared; ++at) {
    if (bit(left_bytes, at) != bit(right_bytes, at)) {
      return bit(left_bytes, at) <=> bit(right_bytes, at);
    }
  }
  return left_length <=> right_length;
}

Ordering compare_within_rank(const Term::Node& left, const Term::Node& right) {
  switch (left.kind) {
    case Term::Kind::integer:
    case Term::Kind::big_integer:
    case Term::Kind::floating:
      return compare_numbers(left, right);
    case Term::Kind::atom:
    case Term::Kind::function:
    case Term::Kind::port:
      return left.as<std::string>().compare(right.as<std::string>()) <=> 0;
    case Term::Kind::reference:
      return compare_references(left.as<Reference>(), right.as<Reference>());
    case Term::Kind::pid:
      return compare_pids(left.as<Pid>(), right.as<Pid>());
    case Term::Kind::tuple:
      return compare_tuples(left.as<Sequence>(), right.as<Sequence>());
    case Term::Kind::map:
      return compare_maps(left.as<std::vector<Term::Pair>>(), right.as<std::vector<Term::Pair>>());
    case Term::Kind::list:
      return compare_lists(left.as<Sequence>(), right.as<Sequence>());
    case Term::Kind::binary:
    case Term::Kind::bit_string:
      return compare_bits(left, right);
  }
  return Ordering::equal;
}

}  // namespace

Ordering order(const Term& left, const Term& right) {
  if (&left.node() == &right.node()) {
    return Ordering::equal;
  }
  const int left_rank = rank(left.kind());
  const int right_rank = rank(right.kind());
  return left_rank != right_rank ? left_rank <=> right_rank : compare_within_rank(left.node(), right.node());
}

bool operator==(const Term& left, const Term& right) { return left.kind() == right.kind() && order(left, right) == 0; }

}  // namespace troupe
