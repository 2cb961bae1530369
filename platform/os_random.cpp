#include "platform/os_random.hpp"

#include <sys/random.h>

#include <cerrno>

#include "base/check.hpp"

namespace troupe::platform {
namespace {

class OsRandom final : public Random {
 public:
  std::uint64_t next() override {
    std::uint64_t drawn = 0;
    // Requests of up to 256 bytes are never cut short once the pool is ready; before that a signal may interrupt.
    ssize_t got = 0;
    do {
      got = ::getrandom(&drawn, sizeof drawn, 0);
    } while (got < 0 && errno == EINTR);
    check(got == static_cast<ssize_t>(sizeof drawn), "getrandom failed: the kernel has no randomness for us");
    return drawn;
  }
};

}  // namespace

Random& os_random() {
  static OsRandom random;
  return random;
}

}  // namespace troupe::platform
