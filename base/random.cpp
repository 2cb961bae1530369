#include "base/random.hpp"

#include <cstring>

#include "base/check.hpp"

namespace troupe {

std::uint64_t Random::below(std::uint64_t bound) {
  check(bound != 0, "Random::below(0)");
  // Numbers under `threshold` would make the low values likelier than the rest.
  const std::uint64_t threshold = (0 - bound) % bound;
  for (;;) {
    const std::uint64_t drawn = next();
    if (drawn >= threshold) {
      return drawn % bound;
    }
  }
}

double Random::unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

void Random::fill(std::span<std::byte> out) {
  while (!out.empty()) {
    const std::uint64_t drawn = next();
    const std::size_t count = out.size() < sizeof drawn ? out.size() : sizeof drawn;
    std::memcpy(out.data(), &drawn, count);
    out = out.subspan(count);
  }
}

std::uint64_t SeededRandom::next() {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

}  // namespace troupe
