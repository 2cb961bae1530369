// Term -> bytes. Without recursion: a term may be deeper than the stack of the thread that sends it.
#include <array>
#include <bit>
#include <memory_resource>
#include <vector>

#include "troupe/node_name.hpp"
#include "worker/term/etf.hpp"
#include "worker/term/etf_tags.hpp"
#include "worker/term/etf_writer.hpp"
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

class Encoder : private EtfWriter {
 public:
  using EtfWriter::EtfWriter;

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

  void write(const Term::Node& node) {
    switch (node.kind) {
      case Term::Kind::integer:
        return integer(node.as<std::int64_t>());
      case Term::Kind::big_integer:
        return write_big(node.as<BigInteger>());
      case Term::Kind::floating:
        return write_float(node.as<double>());
      case Term::Kind::atom:
        return atom(node.as<std::string>());
      case Term::Kind::reference:
        return reference(node.as<Reference>());
      case Term::Kind::function:
      case Term::Kind::port:
        return bytes(node.as<std::string>());
      case Term::Kind::pid:
        return pid(node.as<Pid>());
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

  void write_tuple(const std::vector<Term>& elements) {
    tuple(elements.size());
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

  /// Usual terms are nested so little that this memory is enough.
  std::array<std::byte, 16 * sizeof(Unwritten)> shallow_;
  std::pmr::monotonic_buffer_resource memory_{shallow_.data(), shallow_.size()};
  std::pmr::vector<Unwritten> open_{&memory_};
};

void append(Bytes& out, const Term& term, bool with_version, const NodeIdentity* self) {
  if (with_version) {
    out.push_back(static_cast<std::byte>(etf::version));
  }
  Encoder(out, self).encode(term);
}

}  // namespace

void EtfWriter::term(const Term& term) { Encoder(out_, self_).encode(term); }

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
