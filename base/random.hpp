// The randomness seam: jitter, cookies, challenges and simulated schedules all draw from a Random.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace troupe {

/// The platform's implementation (platform/os_random.hpp) is thread-safe and fit for secrets.
class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;

  /// Uniform in [0, bound). `bound` must not be 0.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1).
  double unit();
  void fill(std::span<std::byte> out);
};

/// The same numbers from the same seed, on every machine: SplitMix64 (Steele, Lea, Flood 2014). Not thread-safe, not
/// for secrets.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override;

 private:
  std::uint64_t state_;
};

}  // namespace troupe
