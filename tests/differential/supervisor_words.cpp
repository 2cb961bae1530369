#include "tests/differential/supervisor_words.hpp"

#include <initializer_list>
#include <utility>

#include "base/check.hpp"

namespace troupe::differential {
namespace {

template <class Value>
Value meaning(const Term& word, std::initializer_list<std::pair<const char*, Value>> values) {
  for (const auto& [text, value] : values) {
    if (word.is_atom(text)) {
      return value;
    }
  }
  check(false, "a word that no program has");
  return {};
}

}  // namespace

Strategy strategy_of(const Term& word) {
  return meaning<Strategy>(word, {{"one_for_one", Strategy::one_for_one},
                                  {"one_for_all", Strategy::one_for_all},
                                  {"rest_for_one", Strategy::rest_for_one}});
}

AutoShutdown auto_shutdown_of(const Term& word) {
  return meaning<AutoShutdown>(word, {{"never", AutoShutdown::never},
                                      {"any_significant", AutoShutdown::any_significant},
                                      {"all_significant", AutoShutdown::all_significant}});
}

RestartIntensity intensity_of(const Term& restarts_max) {
  return {static_cast<std::uint32_t>(*restarts_max.as_integer()), std::chrono::seconds(100'000)};
}

ChildSpec child_of(std::span<const Term> parts) {
  ChildSpec spec;
  spec.id = parts[0].as_atom().value_or("");
  spec.restart = meaning<Restart>(
      parts[1],
      {{"permanent", Restart::permanent}, {"transient", Restart::transient}, {"temporary", Restart::temporary}});
  spec.significant = parts[2].is_atom("true");
  spec.shutdown_timeout = parts[3].is_atom("infinity")
                              ? shutdown_infinity
                              : std::chrono::milliseconds(parts[3].as_integer().value_or(0));  // 0: brutal_kill
  spec.type = parts[4].as_tuple() ? ChildType::supervisor : ChildType::worker;
  return spec;
}

}  // namespace troupe::differential
