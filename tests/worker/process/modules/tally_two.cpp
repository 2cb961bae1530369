// The second version: counts in another way and holds more than fits into a process's slot.
#include <troupe/application.hpp>

#include <array>
#include <stdexcept>
#include <string>

namespace {

struct Add {
  std::int64_t amount = 0;
};
struct Read {
  using Reply = std::int64_t;
};
struct Version {
  using Reply = std::string;
};
/// How many messages Add this version has handled.
struct Added {
  using Reply = std::int64_t;
};
/// What the first version has saved.
struct Saved {
  std::int64_t total = 0;
};

class Tally {
 public:
  using messages = troupe::messages<Add, Read, Version, Added>;
  explicit Tally(std::int64_t total) { parts_[0] = total; }

  static Tally load(Saved saved, std::string_view from_version) {
    if (from_version != "1") {
      throw std::invalid_argument("knows the state of version 1 only");
    }
    return Tally(saved.total);
  }

  void handle(Add add) { parts_[++added_ % parts_.size()] += add.amount; }
  std::int64_t handle(Read) {
    std::int64_t total = 0;
    for (const std::int64_t part : parts_) {
      total += part;
    }
    return total;
  }
  std::string handle(Version) { return "two"; }
  std::int64_t handle(Added) { return static_cast<std::int64_t>(added_); }

 private:
  std::array<std::int64_t, 16> parts_{};
  std::size_t added_ = 0;
};

}  // namespace

TROUPE_MODULE(Tally)
