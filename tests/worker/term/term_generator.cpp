#include "tests/worker/term/term_generator.hpp"

#include <cmath>

#include "troupe/node_name.hpp"

namespace troupe::test {
namespace {

std::string text_of(const std::vector<char>& bytes) { return std::string(bytes.begin(), bytes.end()); }

rc::Gen<std::string> any_bytes() { return rc::gen::map(rc::gen::arbitrary<std::vector<char>>(), text_of); }

rc::Gen<Term> any_atom() {
  const auto letter = rc::gen::inRange<char>(' ', '~');
  return rc::gen::map(rc::gen::container<std::vector<char>>(letter),
                      [](const std::vector<char>& letters) { return Term::atom(text_of(letters).substr(0, 200)); });
}

rc::Gen<Term> any_big() {
  return rc::gen::map(rc::gen::pair(rc::gen::arbitrary<bool>(), rc::gen::arbitrary<std::vector<std::uint8_t>>()),
                      [](std::pair<bool, std::vector<std::uint8_t>> parts) {
                        return Term::big_integer(parts.first, std::move(parts.second));
                      });
}

NodeIndex some_node(std::uint8_t number) {
  return number % 3 == 0 ? 0 : intern_node_name("peer" + std::to_string(number % 3) + "@10.0.0.9").value();
}

rc::Gen<Term> any_identity() {
  using Words = std::array<std::uint32_t, 5>;
  return rc::gen::map(rc::gen::pair(rc::gen::arbitrary<std::uint8_t>(), rc::gen::arbitrary<Words>()),
                      [](const std::pair<std::uint8_t, Words>& parts) {
                        const auto& [choice, words] = parts;
                        const NodeIndex node = some_node(choice);
                        const std::uint32_t creation = node == 0 ? 0 : words[4];
                        if (choice % 2 == 0) {
                          return Term::pid(Pid{node, creation, words[0], words[1]});
                        }
                        return Term::reference(Reference{node, creation, 3, {words[0], words[1], words[2]}});
                      });
}

rc::Gen<Term> any_leaf() {
  return rc::gen::oneOf(
      rc::gen::map(rc::gen::arbitrary<std::int64_t>(), &Term::integer),
      rc::gen::map(rc::gen::inRange<std::int64_t>(-300, 300), &Term::integer),
      rc::gen::map(rc::gen::suchThat(rc::gen::arbitrary<double>(), [](double d) { return std::isfinite(d); }),
                   &Term::floating),
      any_big(), any_atom(), any_identity(),
      rc::gen::map(any_bytes(), [](const std::string& bytes) { return Term::binary(bytes); }),
      rc::gen::map(any_bytes(), [](const std::string& bytes) { return Term::string(bytes); }),
      rc::gen::map(
          rc::gen::pair(any_bytes(), rc::gen::inRange(1U, 9U)),
          [](const std::pair<std::string, unsigned>& bits) { return Term::bit_string(bits.first, bits.second); }));
}

}  // namespace

rc::Gen<Term> any_term(int depth) {
  if (depth == 0) {
    return any_leaf();
  }
  const auto inner = rc::gen::scale(0.5, rc::gen::container<std::vector<Term>>(any_term(depth - 1)));
  return rc::gen::oneOf(
      any_leaf(), rc::gen::map(inner, &Term::tuple), rc::gen::map(inner, &Term::list),
      rc::gen::map(inner,
                   [](std::vector<Term> elements) {
                     return elements.empty() ? Term() : Term::improper_list(std::move(elements), Term::atom("tail"));
                   }),
      rc::gen::map(inner, [](const std::vector<Term>& elements) {
        std::vector<Term::Pair> pairs;
        for (std::size_t i = 0; i + 1 < elements.size(); i += 2) {
          pairs.emplace_back(elements[i], elements[i + 1]);
        }
        return Term::map(std::move(pairs));
      }));
}

}  // namespace troupe::test
