// Bytes -> Term. The input is a stranger's: nothing is read before it is known to be there, and depth costs heap, not
// stack.
#include <algorithm>
#include <array>
#include <memory_resource>
#include <optional>
#include <span>
#include <type_traits>

#include "worker/term/etf.hpp"
#include "worker/term/etf_field.hpp"
#include "worker/term/etf_reader.hpp"
#include "worker/term/etf_tags.hpp"
#include "worker/term/term_node.hpp"

namespace troupe {
namespace {

/// Funs carry their environment, which may hold funs: each level costs stack.
constexpr int fun_nesting_max = 32;
/// Elements reserved at once at most, so that a length alone takes little memory.
constexpr std::size_t reserved_max = 4'096;

/// A container whose elements are being read. A list also waits for its tail, a map for twice its pairs.
struct Unfinished {
  Term::Kind kind;
  std::size_t remaining;
  std::vector<Term> elements;
};

class Decoder : private EtfReader {
 public:
  Decoder(ByteView bytes, const EtfLimits& limits, const NodeIdentity* self)
      : EtfReader(bytes, self), limits_(limits) {}

  using EtfReader::consumed;

  Result<Term> decode_whole(bool with_version) {
    std::optional<Term> term = begin(with_version) ? decode() : std::nullopt;
    if (!term) {
      return *error();
    }
    return std::move(*term);
  }

  /// A tuple of at most as many elements as there are fields; how many it has.
  Result<std::size_t> decode_fields(bool with_version, std::span<EtfField> fields) {
    std::size_t arity = 0;
    if (!begin(with_version) || !read_arity(fields.size(), arity)) {
      return *error();
    }
    for (EtfField& field : fields.first(arity)) {
      if (!read_field(field)) {
        return *error();
      }
    }
    return arity;
  }

 private:
  bool begin(bool with_version) {
    if (left() > limits_.bytes_max) {
      fail(ErrorCode::limit_exceeded, "more than " + std::to_string(limits_.bytes_max) + " bytes");
      return false;
    }
    std::uint8_t version = 0;
    if (with_version && u8(version) && version != etf::version) {
      --at_;
      fail(ErrorCode::invalid_argument, "version byte " + std::to_string(version) + " where 131 must stand");
    }
    return !error();
  }

  bool read_arity(std::size_t arity_max, std::size_t& arity) {
    std::uint8_t tag = 0;
    std::uint8_t count = 0;
    if (!u8(tag) || (tag == etf::small_tuple && !u8(count))) {
      return false;
    }
    if (tag != etf::small_tuple || count > arity_max) {
      fail(ErrorCode::invalid_argument, "no tuple of at most " + std::to_string(arity_max) + " elements");
      return false;
    }
    arity = count;
    return true;
  }

  /// Pids, references and atoms as they are; of anything else a term is made.
  bool read_field(EtfField& field) {
    const std::uint8_t tag = left() == 0 ? std::uint8_t{0} : *at_;
    switch (tag) {
      case etf::new_pid:
        ++at_;
        return put(field, read_pid(tag));
      case etf::newer_reference:
        ++at_;
        return put(field, read_reference(tag));
      case etf::small_atom_utf8:
        ++at_;
        return put(field, read_atom_text(tag));
      case etf::small_integer:
      case etf::integer:
        ++at_;
        return put(field, read_integer(tag));
      default:
        return put(field, decode());
    }
  }

  template <class T>
  static bool put(EtfField& field, std::optional<T> value) {
    if (value) {
      field = EtfField(std::move(*value));
    }
    return value.has_value();
  }

  /// One term without its version byte; empty once `error()` is set.
  std::optional<Term> decode() {
    const std::size_t outer = open_.size();
    for (;;) {
      std::optional<Term> term = read_one();
      if (error()) {
        return std::nullopt;
      }
      while (term) {
        if (open_.size() == outer) {
          return term;
        }
        Unfinished& top = open_.back();
        top.elements.push_back(std::move(*term));
        term.reset();
        if (--top.remaining == 0) {
          term = finish(std::move(top));
          open_.pop_back();
        } else if (top.remaining == 1 && top.kind == Term::Kind::list) {
          term = read_tail();
          if (error()) {
            return std::nullopt;
          }
        }
      }
    }
  }

  static Term finish(Unfinished open) {
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
    Unfinished& top = open_.back();
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
      case etf::integer: {
        const auto value = read_integer(tag);
        return value ? std::optional(Term::integer(*value)) : std::nullopt;
      }
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
      case etf::new_pid: {
        const auto pid = read_pid(tag);
        return pid ? std::optional(Term::pid(*pid)) : std::nullopt;
      }
      case etf::reference:
      case etf::new_reference:
      case etf::newer_reference: {
        const auto reference = read_reference(tag);
        return reference ? std::optional(Term::reference(*reference)) : std::nullopt;
      }
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
      if (!closed && !error() && open_.back().remaining == 1) {
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

  /// Every term takes a byte at least.
  bool fits(std::size_t terms) { return has(terms); }

  const EtfLimits& limits_;
  /// Usual terms are nested so little that this memory is enough.
  std::array<std::byte, 8 * sizeof(Unfinished)> shallow_;
  std::pmr::monotonic_buffer_resource memory_{shallow_.data(), shallow_.size()};
  std::pmr::vector<Unfinished> open_{&memory_};
  std::size_t terms_ = 0;
  int fun_nesting_ = 0;
};

template <class Decode>
auto decode_leading_with(ByteView& bytes, const EtfLimits& limits, const NodeIdentity* self, Decode decode) {
  Decoder decoder(bytes, limits, self);
  auto decoded = decode(decoder);
  if (decoded.ok()) {
    bytes = bytes.subspan(decoder.consumed());
  }
  return decoded;
}

Result<Term> decode_leading(ByteView& bytes, const EtfLimits& limits, const NodeIdentity* self,
                            bool with_version = true) {
  return decode_leading_with(bytes, limits, self,
                             [with_version](Decoder& decoder) { return decoder.decode_whole(with_version); });
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

Result<Term> decode_leading_term(ByteView& bytes, const EtfLimits& limits, const NodeIdentity& self,
                                 bool with_version) {
  return decode_leading(bytes, limits, &self, with_version);
}

Result<std::size_t> decode_leading_fields(ByteView& bytes, const EtfLimits& limits, const NodeIdentity& self,
                                          bool with_version, std::span<EtfField> fields) {
  return decode_leading_with(bytes, limits, &self, [with_version, fields](Decoder& decoder) {
    return decoder.decode_fields(with_version, fields);
  });
}

std::optional<std::int64_t> EtfField::as_integer() const {
  if (const auto* term = std::get_if<Term>(&value_)) {
    return term->as_integer();
  }
  const auto* integer = std::get_if<std::int64_t>(&value_);
  return integer == nullptr ? std::nullopt : std::optional(*integer);
}

std::optional<Pid> EtfField::as_pid() const {
  if (const auto* term = std::get_if<Term>(&value_)) {
    return term->as_pid();
  }
  const auto* pid = std::get_if<Pid>(&value_);
  return pid == nullptr ? std::nullopt : std::optional(*pid);
}

std::optional<Reference> EtfField::as_reference() const {
  if (const auto* term = std::get_if<Term>(&value_)) {
    return term->as_reference();
  }
  const auto* reference = std::get_if<Reference>(&value_);
  return reference == nullptr ? std::nullopt : std::optional(*reference);
}

std::optional<std::string_view> EtfField::as_atom() const {
  if (const auto* term = std::get_if<Term>(&value_)) {
    return term->as_atom();
  }
  const auto* text = std::get_if<std::string_view>(&value_);
  return text == nullptr ? std::nullopt : std::optional(*text);
}

Term EtfField::as_term() const {
  return std::visit(
      [](const auto& value) {
        using Held = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Held, Term>) {
          return value;
        } else if constexpr (std::is_same_v<Held, std::int64_t>) {
          return Term::integer(value);
        } else if constexpr (std::is_same_v<Held, Pid>) {
          return Term::pid(value);
        } else if constexpr (std::is_same_v<Held, Reference>) {
          return Term::reference(value);
        } else {
          return Term::atom(value);
        }
      },
      value_);
}

}  // namespace troupe
