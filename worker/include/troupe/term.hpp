// Term: an Erlang value. What crosses between nodes, between module images and between versions of one module.
//
// Immutable and cheap to copy (shared); safe to read from any thread. Built with the named constructors, read with
// `as_...` (null or empty when it is of another kind), compared by Erlang's exact equality (=:=).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "troupe/pid.hpp"

namespace troupe {

class Term {
 public:
  enum class Kind : std::uint8_t {
    integer,      ///< Fits std::int64_t.
    big_integer,  ///< Any other integer.
    floating,
    atom,
    reference,
    function,  ///< Opaque: carried through, compared by bytes.
    port,      ///< Opaque likewise.
    pid,
    tuple,
    map,
    list,  ///< Proper or improper; the empty list too.
    binary,
    bit_string,  ///< A binary whose last byte is not whole.
  };
  using Pair = std::pair<Term, Term>;

  Term() = default;  ///< The empty list, as is a term that was moved from.

  static Term integer(std::int64_t value);
  /// `magnitude` little-endian, without leading zeros at its end; becomes `integer` when it fits.
  static Term big_integer(bool negative, std::vector<std::uint8_t> magnitude);
  /// Erlang has no infinities and no NaN: they become the atoms `infinity`, `'-infinity'` and `nan`.
  static Term floating(double value);
  /// Throws std::invalid_argument for more than 255 characters or for text that is not UTF-8, as Erlang raises
  /// system_limit: check what strangers sent first.
  static Term atom(std::string_view utf8);
  static Term boolean(bool value);
  static Term pid(const Pid& value);
  static Term reference(const Reference& value);
  static Term tuple(std::vector<Term> elements);
  static Term list(std::vector<Term> elements);
  /// `tail` is not a list; `elements` is not empty.
  static Term improper_list(std::vector<Term> elements, Term tail);
  static Term map(std::vector<Pair> pairs);  ///< The last of equal keys wins.
  static Term binary(std::string_view bytes);
  /// `bits_in_last_byte` is 1 to 8, its unused low bits are cleared; 8 makes a binary.
  static Term bit_string(std::string_view bytes, unsigned bits_in_last_byte);
  /// A fun or a port as its bytes in the external format, without version byte; the caller has checked them.
  static Term opaque(Kind function_or_port, std::string_view encoded);
  /// A list of character codes, as Erlang's "text".
  static Term string(std::string_view latin1);

  [[nodiscard]] Kind kind() const;
  [[nodiscard]] std::optional<std::int64_t> as_integer() const;
  [[nodiscard]] std::optional<double> as_floating() const;
  [[nodiscard]] std::optional<std::string_view> as_atom() const;
  [[nodiscard]] std::optional<bool> as_boolean() const;
  [[nodiscard]] std::optional<Pid> as_pid() const;
  [[nodiscard]] std::optional<Reference> as_reference() const;
  [[nodiscard]] std::optional<std::string_view> as_binary() const;
  /// Elements of a tuple; nothing when it is none.
  [[nodiscard]] std::optional<std::span<const Term>> as_tuple() const;
  /// Elements of a proper list; nothing when it is none.
  [[nodiscard]] std::optional<std::span<const Term>> as_list() const;
  /// Elements and tail of an improper list; nothing when it is none. Refers into this term.
  struct ImproperList {
    std::span<const Term> elements;
    const Term& tail;
  };
  [[nodiscard]] std::optional<ImproperList> as_improper_list() const;
  /// Pairs in Erlang's term order of their keys; nothing when it is no map.
  [[nodiscard]] std::optional<std::span<const Pair>> as_map() const;
  /// Text of a binary or of a list of character codes below 256.
  [[nodiscard]] std::optional<std::string> as_text() const;

  [[nodiscard]] bool is_atom(std::string_view name) const;
  /// Tuple of `size` whose first element is the atom `tag`.
  [[nodiscard]] bool is_tagged(std::string_view tag, std::size_t size) const;
  /// Value of a key in a map; null when absent.
  [[nodiscard]] const Term* find(const Term& key) const;

  /// As Erlang's shell prints it (~0p): {ok,[1,2],#{a => <<"x">>},<0.5.1>}.
  [[nodiscard]] std::string text() const;

  friend bool operator==(const Term& left, const Term& right);
  /// Erlang's term order (number < atom < reference < fun < port < pid < tuple < map < list < bit string). Numbers
  /// compare by value; an integer stands before the float of the same value, so that only equal terms are equivalent.
  friend std::strong_ordering order(const Term& left, const Term& right);

  struct Node;  ///< Representation: worker/term.
  explicit Term(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  [[nodiscard]] const Node& node() const { return node_ ? *node_ : empty_list(); }

 private:
  static const Node& empty_list();
  friend struct TermReleaser;
  std::shared_ptr<const Node> node_;
};

}  // namespace troupe
