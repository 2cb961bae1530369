// Term -> bytes. Without recursion: a term may be deeper than the stack of the thread that sends it.
#include <bit>

#include "base/check.hpp"
#include "troupe/node_name.hpp"
#include "worker/term/etf.hpp"
#include "worker/term/etf_tags.hpp"
#include "worker/term/term_node.hpp"

namespace troupe {
namespace {

constexpr std::size_t string_length_max = 65'535;

/// A container whose elements are being written.
struct Unwritten {
  const Term* next = nullptr;
  const Term* end = nullptr;
  const Term::Pair* next_pair = nullptr;
  const Term::Pair* end_pair = nullptr;
  bool value_is_next = false;
  bool ends_with_tail = false;
  const Term* tail = nullptr;
};

class Encoder {
 public:
  Encoder(Bytes& out, const NodeIdentity* self) : out_(out), self_(self) {}

  void encode(const Term& term) {
    write(term.node());
    while (!open_.empty()) {
      if (const Term* next = take_next()) {
        write(next->node());
      } else {
        open_.pop_back();
      }
    }
  }

 private:
  const Term* take_next() {
    Unwritten& top = open_.back();
    if (top.next != top.end) {
      return top.next++;
    }
    if (top.next_pair != top.end_pair) {
      top.value_is_next = !top.value_is_next;
      return top.value_is_next ? &top.next_pair->first : &(top.next_pair++)->second;
    }
    if (top.ends_with_tail) {
      top.ends_with_tail = false;
      if (top.tail == nullptr) {
        u8(etf::nil);
      }
      return top.tail;
    }
    return nullptr;
  }

  void u8(std::uint8_t value) { out_.push_back(static_cast<std::byte>(value)); }
  void u16(std::uint16_t value) {
    u8(static_cast<std::uint8_t>(value >> 8));
    u8(static_cast<std::uint8_t>(value));
  }
  void u32(std::uint32_t value) {
    u16(static_cast<std::uint16_t>(value >> 16));
    u16(static_cast<std::uint16_t>(value));
  }
  void bytes(std::string_view data) {
    const auto* from = reinterpret_cast<const std::byte*>(data.data());
    out_.insert(out_.end(), from, from + data.size());
  }

  void write(const Term::Node& node) {
    switch (node.kind) {
      case Term::Kind::integer:
        return write_integer(node.as<std::int64_t>());
      case Term::Kind::big_integer:
        return write_big(node.as<BigInteger>());
      case Term::Kind::floating:
        return write_float(node.as<double>());
      case Term::Kind::atom:
        return write_atom(node.as<std::string>());
      case Term::Kind::reference:
        return write_reference(node.as<Reference>());
      case Term::Kind::function:
      case Term::Kind::port:
        return bytes(node.as<std::string>());
      case Term::Kind::pid:
        return write_pid(node.as<Pid>());
      case Term::Kind::tuple:
        return write_tuple(node.as<Sequence>().elements);
      case Term::Kind::map:
        return write_map(node.as<std::vector<Term::Pair>>());
      case Term::Kind::list:
        return write_list(node.as<Sequence>());
      case Term::Kind::binary:
        u8(etf::binary);
        u32(length(node.as<std::string>().size()));
        return bytes(node.as<std::string>());
      case Term::Kind::bit_string:
        u8(etf::bit_binary);
        u32(length(node.as<BitString>().bytes.size()));
        u8(static_cast<std::uint8_t>(node.as<BitString>().bits_in_last_byte));
        return bytes(node.as<BitString>().bytes);
    }
  }

  static std::uint32_t length(std::size_t size) {
    check(size <= UINT32_MAX, "a term with more than 2^32 - 1 elements or bytes has no external form");
    return static_cast<std::uint32_t>(size);
  }

  void write_integer(std::int64_t value) {
    if (value >= 0 && value <= 255) {
      u8(etf::small_integer);
      return u8(static_cast<std::uint8_t>(value));
    }
    if (value >= INT32_MIN && value <= INT32_MAX) {
      u8(etf::integer);
      return u32(static_cast<std::uint32_t>(value));
    }
    const auto bits = static_cast<std::uint64_t>(value);
    std::uint64_t magnitude = value < 0 ? 0 - bits : bits;
    const auto size = static_cast<std::uint8_t>((std::bit_width(magnitude) + 7) / 8);
    u8(etf::small_big);
    u8(size);
    u8(value < 0 ? 1 : 0);
    for (; magnitude != 0; magnitude >>= 8) {
      u8(static_cast<std::uint8_t>(magnitude));
    }
  }

  void write_big(const BigInteger& value) {
    if (value.magnitude.size() <= 255) {
      u8(etf::small_big);
      u8(static_cast<std::uint8_t>(value.magnitude.size()));
    } else {
      u8(etf::large_big);
      u32(length(value.magnitude.size()));
    }
    u8(value.negative ? 1 : 0);
    const auto* from = reinterpret_cast<const std::byte*>(value.magnitude.data());
    out_.insert(out_.end(), from, from + value.magnitude.size());
  }

  void write_float(double value) {
    u8(etf::new_float);
    const auto bits = std::bit_cast<std::uint64_t>(value);
    u32(static_cast<std::uint32_t>(bits >> 32));
    u32(static_cast<std::uint32_t>(bits));
  }

  void write_atom(std::string_view text) {
    if (text.size() <= 255) {
      u8(etf::small_atom_utf8);
      u8(static_cast<std::uint8_t>(text.size()));
    } else {
      u8(etf::atom_utf8);
      u16(static_cast<std::uint16_t>(text.size()));
    }
    bytes(text);
  }

  void write_node(NodeIndex node) {
    write_atom(node == 0 && self_ != nullptr ? std::string_view(self_->name) : node_name(node));
  }
  [[nodiscard]] std::uint32_t creation(NodeIndex node, std::uint32_t stored) const {
    if (node != 0 || stored != 0) {
      return stored;
    }
    return self_ != nullptr ? self_->creation : this_creation();
  }

  void write_pid(const Pid& pid) {
    u8(etf::new_pid);
    write_node(pid.node);
    u32(pid.id);
    u32(pid.serial);
    u32(creation(pid.node, pid.creation));
  }

  void write_reference(const Reference& reference) {
    u8(etf::newer_reference);
    u16(static_cast<std::uint16_t>(reference.word_count));
    write_node(reference.node);
    u32(creation(reference.node, reference.creation));
    for (std::uint32_t i = 0; i < reference.word_count; ++i) {
      u32(reference.words.at(i));
    }
  }

  void write_tuple(const std::vector<Term>& elements) {
    if (elements.size() <= 255) {
      u8(etf::small_tuple);
      u8(static_cast<std::uint8_t>(elements.size()));
    } else {
      u8(etf::large_tuple);
      u32(length(elements.size()));
    }
    open_.push_back({.next = elements.data(), .end = elements.data() + elements.size()});
  }

  void write_map(const std::vector<Term::Pair>& pairs) {
    u8(etf::map);
    u32(length(pairs.size()));
    open_.push_back({.next_pair = pairs.data(), .end_pair = pairs.data() + pairs.size()});
  }

  static bool is_string(const Sequence& list) {
    if (list.tail || list.elements.size() > string_length_max) {
      return false;
    }
    for (const Term& element : list.elements) {
      const auto code = element.as_integer();
      if (!code || *code < 0 || *code > 255) {
        return false;
      }
    }
    return true;
  }

  void write_list(const Sequence& list) {
    if (list.elements.empty()) {
      return u8(etf::nil);
    }
    if (is_string(list)) {
      u8(etf::string);
      u16(static_cast<std::uint16_t>(list.elements.size()));
      for (const Term& element : list.elements) {
        u8(static_cast<std::uint8_t>(*element.as_integer()));
      }
      return;
    }
    u8(etf::list);
    u32(length(list.elements.size()));
    open_.push_back({.next = list.elements.data(),
                     .end = list.elements.data() + list.elements.size(),
                     .ends_with_tail = true,
                     .tail = list.tail ? &*list.tail : nullptr});
  }

  Bytes& out_;
  const NodeIdentity* self_;  ///< Null: this program's node.
  std::vector<Unwritten> open_;
};

void append(Bytes& out, const Term& term, bool with_version, const NodeIdentity* self) {
  if (with_version) {
    out.push_back(static_cast<std::byte>(etf::version));
  }
  Encoder(out, self).encode(term);
}

}  // namespace

NodeIdentity this_node() { return NodeIdentity{std::string(node_name(0)), this_creation()}; }

Bytes encode_term(const Term& term) {
  Bytes out;
  append(out, term, true, nullptr);
  return out;
}

void append_term(Bytes& out, const Term& term, bool with_version) { append(out, term, with_version, nullptr); }

void append_term(Bytes& out, const Term& term, bool with_version, const NodeIdentity& self) {
  append(out, term, with_version, &self);
}

}  // namespace troupe
