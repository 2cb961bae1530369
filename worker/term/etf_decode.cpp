// Bytes -> Term. The input is a stranger's: nothing is read before it is known to be there, and depth costs heap, not
// stack.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "troupe/node_name.hpp"
#include "worker/term/etf.hpp"
#include "worker/term/etf_tags.hpp"
#include "worker/term/term_node.hpp"
#include "worker/term/utf8.hpp"

namespace troupe {
namespace {

/// Funs carry their environment, which may hold funs: each level costs stack.
constexpr int fun_nesting_max = 32;
constexpr std::size_t old_float_size = 31;
/// Elements reserved at once at most, so that a length alone takes little memory.
constexpr std::size_t reserved_max = 4'096;

/// A container whose elements are being read. A list also waits for its tail, a map for twice its pairs.
struct Open {
  Term::Kind kind;
  std::size_t remaining;
  std::vector<Term> elements;
};

class Decoder {
 public:
  Decoder(ByteView bytes, const EtfLimits& limits, const NodeIdentity* self)
      : begin_(reinterpret_cast<const std::uint8_t*>(bytes.data())),
        at_(begin_),
        end_(begin_ + bytes.size()),
        limits_(limits),
        self_(self) {}

  Result<Term> decode_versioned() {
    if (left() > limits_.bytes_max) {
      fail(ErrorCode::limit_exceeded, "more than " + std::to_string(limits_.bytes_max) + " bytes");
      return *error_;
    }
    std::uint8_t version = 0;
    if (u8(version) && version != etf::version) {
      --at_;
      fail(ErrorCode::invalid_argument, "version byte " + std::to_string(version) + " where 131 must stand");
    }
    std::optional<Term> term = error_ ? std::nullopt : decode();
    if (!term) {
      return *error_;
    }
    return std::move(*term);
  }

  [[nodiscard]] std::size_t consumed() const { return static_cast<std::size_t>(at_ - begin_); }

 private:
  /// One term without its version byte; empty once `error_` is set.
  std::optional<Term> decode() {
    const std::size_t outer = open_.size();
    for (;;) {
      std::optional<Term> term = read_one();
      if (error_) {
        return std::nullopt;
      }
      while (term) {
        if (open_.size() == outer) {
          return term;
        }
        Open& top = open_.back();
        top.elements.push_back(std::move(*term));
        term.reset();
        if (--top.remaining == 0) {
          term = finish(std::move(top));
          open_.pop_back();
        } else if (top.remaining == 1 && top.kind == Term::Kind::list) {
          term = read_tail();
          if (error_) {
            return std::nullopt;
          }
        }
      }
    }
  }

  static Term finish(Open open) {
    if (open.kind == Term::Kind::tuple) {
      return Term::tuple(std::move(open.elements));
    }
    if (open.kind == Term::Kind::map) {
      std::vector<Term::Pair> pairs;
      pairs.reserve(open.elements.size() / 2);
      for (std::size_t i = 0; i + 1 < open.elements.size(); i += 2) {
        pairs.emplace_back(std::move(open.elements[i]), std::move(open.elements[i + 1]));
      }
      return Term::map(std::move(pairs));
    }
    Term tail = std::move(open.elements.back());
    open.elements.pop_back();
    return Term::improper_list(std::move(open.elements), std::move(tail));
  }

  /// At the tail of a list: closes it when the tail is a list, goes on with it when that is a list too, else leaves the
  /// tail to be read as the last element.
  std::optional<Term> read_tail() {
    Open& top = open_.back();
    for (;;) {
      if (left() == 0) {
        fail_short(1);
        return std::nullopt;
      }
      const std::uint8_t tag = *at_;
      if (tag == etf::list) {
        ++at_;
        std::uint32_t more = 0;
        if (!u32(more) || !fits(more)) {
          return std::nullopt;
        }
        top.remaining += more;
        if (more != 0) {
          return std::nullopt;
        }
      } else if (tag == etf::string) {
        ++at_;
        read_string(top.elements);
        return close_list();
      } else if (tag == etf::nil) {
        ++at_;
        return close_list();
      } else {
        return std::nullopt;
      }
    }
  }

  std::optional<Term> close_list() {
    Term list = Term::list(std::move(open_.back().elements));
    open_.pop_back();
    return list;
  }

  /// A whole term, or nothing when a container was opened or the input is wrong.
  std::optional<Term> read_one() {
    if (++terms_ > limits_.terms_max) {
      fail(ErrorCode::limit_exceeded, "more than " + std::to_string(limits_.terms_max) + " terms");
      return std::nullopt;
    }
    const std::uint8_t* const tag_at = at_;
    std::uint8_t tag = 0;
    if (!u8(tag)) {
      return std::nullopt;
    }
    switch (tag) {
      case etf::small_integer:
      case etf::integer:
        return read_integer(tag);
      case etf::small_big:
      case etf::large_big:
        return read_big(tag);
      case etf::new_float:
      case etf::old_float:
        return read_float(tag);
      case etf::atom:
      case etf::small_atom:
      case etf::atom_utf8:
      case etf::small_atom_utf8:
        return read_atom(tag);
      case etf::binary:
      case etf::bit_binary:
        return read_binary(tag);
      case etf::pid:
      case etf::new_pid:
        return read_pid(tag);
      case etf::reference:
      case etf::new_reference:
      case etf::newer_reference:
        return read_reference(tag);
      case etf::port:
      case etf::new_port:
      case etf::v4_port:
        return read_port(tag, tag_at);
      case etf::export_fun:
      case etf::new_fun:
        return read_fun(tag, tag_at);
      case etf::nil:
        return Term();
      case etf::string: {
        std::vector<Term> codes;
        read_string(codes);
        return Term::list(std::move(codes));
      }
      case etf::small_tuple:
      case etf::large_tuple:
      case etf::list:
      case etf::map:
        return open_container(tag);
      default:
        at_ = tag_at;
        fail(ErrorCode::unsupported, "tag " + std::to_string(tag) + " is not read");
        return std::nullopt;
    }
  }

  std::optional<Term> open_container(std::uint8_t tag) {
    std::uint32_t count = 0;
    if (tag == etf::small_tuple) {
      std::uint8_t arity = 0;
      if (!u8(arity)) {
        return std::nullopt;
      }
      count = arity;
    } else if (!u32(count)) {
      return std::nullopt;
    }
    if (tag == etf::list) {
      return open(Term::Kind::list, count, std::size_t{count} + 1);
    }
    return tag == etf::map ? open(Term::Kind::map, count, std::size_t{count} * 2)
                           : open(Term::Kind::tuple, count, count);
  }

  std::optional<Term> open(Term::Kind kind, std::size_t count, std::size_t elements) {
    if (!fits(elements)) {
      return std::nullopt;
    }
    if (count == 0 && kind != Term::Kind::list) {
      return kind == Term::Kind::map ? Term::map({}) : Term::tuple({});
    }
    if (open_.size() >= limits_.depth_max) {
      fail(ErrorCode::limit_exceeded, "terms nested deeper than " + std::to_string(limits_.depth_max));
      return std::nullopt;
    }
    open_.push_back({kind, elements, {}});
    if (count == 0) {
      // LIST_EXT of length 0 is its tail: a list closes at once, anything else is refused as Erlang does.
      std::optional<Term> closed = read_tail();
      if (!closed && !error_ && open_.back().remaining == 1) {
        fail(ErrorCode::invalid_argument, "an empty list with a tail");
      }
      return closed;
    }
    open_.back().elements.reserve(std::min(elements, reserved_max));
    return std::nullopt;
  }

  void read_string(std::vector<Term>& codes) {
    std::uint16_t size = 0;
    if (!u16(size) || !has(size)) {
      return;
    }
    codes.reserve(codes.size() + size);
    for (std::uint16_t i = 0; i < size; ++i) {
      codes.push_back(Term::integer(*at_++));
    }
  }

  std::optional<Term> read_integer(std::uint8_t tag) {
    if (tag == etf::small_integer) {
      std::uint8_t value = 0;
      return u8(value) ? std::optional(Term::integer(value)) : std::nullopt;
    }
    std::uint32_t value = 0;
    return u32(value) ? std::optional(Term::integer(static_cast<std::int32_t>(value))) : std::nullopt;
  }

  std::optional<Term> read_big(std::uint8_t tag) {
    std::uint32_t size = 0;
    std::uint8_t sign = 0;
    if (!(tag == etf::large_big ? u32(size) : small(size)) || !u8(sign) || !has(size)) {
      return std::nullopt;
    }
    std::vector<std::uint8_t> magnitude(at_, at_ + size);
    at_ += size;
    return Term::big_integer(sign != 0, std::move(magnitude));
  }

  std::optional<Term> read_float(std::uint8_t tag) {
    double value = 0;
    if (tag == etf::new_float) {
      std::uint32_t high = 0;
      std::uint32_t low = 0;
      if (!u32(high) || !u32(low)) {
        return std::nullopt;
      }
      value = std::bit_cast<double>((std::uint64_t{high} << 32) | low);
    } else {
      if (!has(old_float_size)) {
        return std::nullopt;
      }
      const std::string text(reinterpret_cast<const char*>(at_), old_float_size);
      char* parsed_to = nullptr;
      value = std::strtod(text.c_str(), &parsed_to);
      if (parsed_to == text.c_str() || *parsed_to != '\0') {
        fail(ErrorCode::invalid_argument, "a FLOAT_EXT that is no number");
        return std::nullopt;
      }
      at_ += old_float_size;
    }
    if (!std::isfinite(value)) {
      fail(ErrorCode::invalid_argument, "a float that is not finite");
      return std::nullopt;
    }
    return Term::floating(value);
  }

  /// The text of an atom whose tag has been read.
  std::optional<std::string> atom_text(std::uint8_t tag) {
    const bool wide = tag == etf::atom || tag == etf::atom_utf8;
    std::uint16_t size = 0;
    std::uint32_t small_size = 0;
    if (!(wide ? u16(size) : small(small_size))) {
      return std::nullopt;
    }
    const std::size_t bytes = wide ? size : small_size;
    if (!has(bytes)) {
      return std::nullopt;
    }
    std::string text(reinterpret_cast<const char*>(at_), bytes);
    if (tag == etf::atom || tag == etf::small_atom) {
      text = utf8_from_latin1(text);
    }
    const auto characters = count_utf8_characters(text);
    if (!characters || *characters > atom_characters_max) {
      fail(ErrorCode::invalid_argument, "an atom that is not UTF-8 or longer than 255 characters");
      return std::nullopt;
    }
    at_ += bytes;
    return text;
  }

  std::optional<Term> read_atom(std::uint8_t tag) {
    const auto text = atom_text(tag);
    return text ? std::optional(Term::atom(*text)) : std::nullopt;
  }

  std::optional<std::string> required_atom() {
    std::uint8_t tag = 0;
    if (!u8(tag)) {
      return std::nullopt;
    }
    if (tag != etf::atom && tag != etf::small_atom && tag != etf::atom_utf8 && tag != etf::small_atom_utf8) {
      fail(ErrorCode::invalid_argument, "tag " + std::to_string(tag) + " where an atom must stand");
      return std::nullopt;
    }
    return atom_text(tag);
  }

  std::optional<Term> read_binary(std::uint8_t tag) {
    std::uint32_t size = 0;
    std::uint8_t bits = 8;
    if (!u32(size) || (tag == etf::bit_binary && !u8(bits)) || !has(size)) {
      return std::nullopt;
    }
    if (bits < 1 || bits > 8 || (size == 0 && tag == etf::bit_binary && bits != 8)) {
      fail(ErrorCode::invalid_argument, "a bit string with " + std::to_string(bits) + " bits in its last byte");
      return std::nullopt;
    }
    const std::string_view data(reinterpret_cast<const char*>(at_), size);
    at_ += size;
    return Term::bit_string(data, bits);
  }

  struct Owner {
    NodeIndex node = 0;
    bool is_self = false;
  };

  std::optional<Owner> read_owner() {
    const auto name = required_atom();
    if (!name) {
      return std::nullopt;
    }
    if (*name == (self_ != nullptr ? std::string_view(self_->name) : node_name(0))) {
      return Owner{0, true};
    }
    const auto index = intern_node_name(*name);
    if (!index) {
      fail(ErrorCode::limit_exceeded, "more than " + std::to_string(node_names_max) + " node names");
      return std::nullopt;
    }
    // Another node of this program may hold index 0 when several share it.
    return Owner{*index, false};
  }

  [[nodiscard]] std::uint32_t creation_of(const Owner& owner, std::uint32_t sent) const {
    const std::uint32_t own = self_ != nullptr ? self_->creation : this_creation();
    return owner.is_self && sent == own ? 0 : sent;
  }

  bool creation(std::uint8_t tag, std::uint8_t old_tag, std::uint32_t& out) {
    return tag == old_tag ? small(out) : u32(out);
  }

  std::optional<Term> read_pid(std::uint8_t tag) {
    const auto owner = read_owner();
    Pid pid;
    if (!owner || !u32(pid.id) || !u32(pid.serial) || !creation(tag, etf::pid, pid.creation)) {
      return std::nullopt;
    }
    pid.node = owner->node;
    pid.creation = creation_of(*owner, pid.creation);
    return Term::pid(pid);
  }

  std::optional<Term> read_reference(std::uint8_t tag) {
    Reference reference;
    std::uint16_t words = 1;
    if (tag != etf::reference && !u16(words)) {
      return std::nullopt;
    }
    if (words < 1 || words > reference.words.size()) {
      fail(ErrorCode::invalid_argument, "a reference of " + std::to_string(words) + " words");
      return std::nullopt;
    }
    const auto owner = read_owner();
    if (!owner) {
      return std::nullopt;
    }
    // REFERENCE_EXT has its creation after the id, the others before.
    const bool creation_last = tag == etf::reference;
    if (!creation_last && !creation(tag, etf::new_reference, reference.creation)) {
      return std::nullopt;
    }
    for (std::uint16_t i = 0; i < words; ++i) {
      if (!u32(reference.words.at(i))) {
        return std::nullopt;
      }
    }
    if (creation_last && !small(reference.creation)) {
      return std::nullopt;
    }
    reference.word_count = words;
    reference.node = owner->node;
    reference.creation = creation_of(*owner, reference.creation);
    return Term::reference(reference);
  }

  std::optional<Term> opaque(Term::Kind kind, const std::uint8_t* from) {
    return Term::opaque(kind,
                        std::string_view(reinterpret_cast<const char*>(from), static_cast<std::size_t>(at_ - from)));
  }

  std::optional<Term> read_port(std::uint8_t tag, const std::uint8_t* tag_at) {
    if (!required_atom()) {
      return std::nullopt;
    }
    const std::size_t rest = tag == etf::port ? 4 + 1 : tag == etf::new_port ? 4 + 4 : 8 + 4;
    if (!has(rest)) {
      return std::nullopt;
    }
    at_ += rest;
    return opaque(Term::Kind::port, tag_at);
  }

  std::optional<Term> read_fun(std::uint8_t tag, const std::uint8_t* tag_at) {
    if (tag == etf::export_fun) {
      std::uint8_t arity_tag = 0;
      std::uint8_t arity = 0;
      if (!required_atom() || !required_atom() || !u8(arity_tag)) {
        return std::nullopt;
      }
      if (arity_tag != etf::small_integer) {
        fail(ErrorCode::invalid_argument, "an EXPORT_EXT whose arity is no small integer");
        return std::nullopt;
      }
      return u8(arity) ? opaque(Term::Kind::function, tag_at) : std::nullopt;
    }
    return read_new_fun(tag_at) ? opaque(Term::Kind::function, tag_at) : std::nullopt;
  }

  /// Size:4 Arity:1 Uniq:16 Index:4 NumFree:4 Module OldIndex OldUniq Pid Free...
  bool read_new_fun(const std::uint8_t* tag_at) {
    constexpr std::size_t arity_uniq_index = 1 + 16 + 4;
    std::uint32_t size = 0;
    std::uint32_t free_variables = 0;
    if (!u32(size) || !has(arity_uniq_index)) {
      return false;
    }
    at_ += arity_uniq_index;
    if (!u32(free_variables) || !fits(free_variables) || !required_atom()) {
      return false;
    }
    if (++fun_nesting_ > fun_nesting_max) {
      fail(ErrorCode::limit_exceeded, "funs nested deeper than " + std::to_string(fun_nesting_max));
      return false;
    }
    constexpr std::array head = {Term::Kind::integer, Term::Kind::integer, Term::Kind::pid};
    for (const Term::Kind wanted : head) {
      const auto term = decode();
      if (!term) {
        return false;
      }
      if (term->kind() != wanted) {
        fail(ErrorCode::invalid_argument, "a fun whose old index, old uniq or pid is of another type");
        return false;
      }
    }
    for (std::uint32_t i = 0; i < free_variables; ++i) {
      if (!decode()) {
        return false;
      }
    }
    --fun_nesting_;
    if (static_cast<std::size_t>(at_ - tag_at) != std::size_t{size} + 1) {
      fail(ErrorCode::invalid_argument, "a fun that is not as long as it says");
      return false;
    }
    return true;
  }

  [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  bool has(std::size_t bytes) {
    if (left() < bytes) {
      fail_short(bytes);
      return false;
    }
    return true;
  }
  /// Every term takes a byte at least.
  bool fits(std::size_t terms) { return has(terms); }

  bool u8(std::uint8_t& out) {
    if (!has(1)) {
      return false;
    }
    out = *at_++;
    return true;
  }
  bool small(std::uint32_t& out) {
    std::uint8_t byte = 0;
    const bool read = u8(byte);
    out = byte;
    return read;
  }
  bool u16(std::uint16_t& out) {
    if (!has(2)) {
      return false;
    }
    out = static_cast<std::uint16_t>((at_[0] << 8) | at_[1]);
    at_ += 2;
    return true;
  }
  bool u32(std::uint32_t& out) {
    if (!has(4)) {
      return false;
    }
    out = (std::uint32_t{at_[0]} << 24) | (std::uint32_t{at_[1]} << 16) | (std::uint32_t{at_[2]} << 8) | at_[3];
    at_ += 4;
    return true;
  }

  void fail_short(std::size_t wanted) {
    fail(ErrorCode::invalid_argument,
         "the input ends: " + std::to_string(wanted) + " bytes wanted, " + std::to_string(left()) + " left");
  }
  void fail(ErrorCode code, std::string_view what) {
    if (!error_) {
      error_ = Error{code, "external term, byte " + std::to_string(consumed()) + ": " + std::string(what)};
    }
  }

  const std::uint8_t* begin_;
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  const EtfLimits& limits_;
  const NodeIdentity* self_;  ///< Null: this program's node.
  std::vector<Open> open_;
  std::size_t terms_ = 0;
  int fun_nesting_ = 0;
  std::optional<Error> error_;
};

Result<Term> decode_leading(ByteView& bytes, const EtfLimits& limits, const NodeIdentity* self) {
  Decoder decoder(bytes, limits, self);
  Result<Term> term = decoder.decode_versioned();
  if (term.ok()) {
    bytes = bytes.subspan(decoder.consumed());
  }
  return term;
}

}  // namespace

Result<Term> decode_term(ByteView bytes, const EtfLimits& limits) {
  ByteView rest = bytes;
  Result<Term> term = decode_leading(rest, limits, nullptr);
  if (term.ok() && !rest.empty()) {
    return Error{ErrorCode::invalid_argument, "external term, byte " + std::to_string(bytes.size() - rest.size()) +
                                                  ": " + std::to_string(rest.size()) + " bytes follow the term"};
  }
  return term;
}

Result<Term> decode_leading_term(ByteView& bytes, const EtfLimits& limits) {
  return decode_leading(bytes, limits, nullptr);
}

Result<Term> decode_leading_term(ByteView& bytes, const EtfLimits& limits, const NodeIdentity& self) {
  return decode_leading(bytes, limits, &self);
}

}  // namespace troupe
