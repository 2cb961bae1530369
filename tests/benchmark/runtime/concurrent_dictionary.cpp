// Savina's concurrent dictionary: 20 workers read and write one dictionary process, 10% writes, one request of each
// worker at a time. An operation is an answered request.
#include <random>
#include <unordered_map>

#include "tests/benchmark/runtime/kernel.hpp"

namespace troupe::benchmark {
namespace {

constexpr std::uint64_t workers = 20;
constexpr std::uint32_t write_percent = 10;
constexpr std::uint32_t keys = 524'287;

struct Write {
  Pid from;
  std::uint32_t key = 0;
  std::uint32_t value = 0;
};
struct Read {
  Pid from;
  std::uint32_t key = 0;
};
struct Found {
  std::uint32_t value = 0;
};
struct Worked {
  std::uint64_t right = 0;
};
struct Stop {};

class Dictionary {
 public:
  using messages = troupe::messages<Write, Read, Stop>;

  void handle(const Write& write) {
    values_.insert_or_assign(write.key, write.value);
    send(write.from, Found{write.value});
  }
  void handle(const Read& read) {
    const auto found = values_.find(read.key);
    send(read.from, Found{found == values_.end() ? 0 : found->second});
  }
  void handle(Stop /*stop*/) { stop_normally(); }

 private:
  std::unordered_map<std::uint32_t, std::uint32_t> values_;
};

class Worker {
 public:
  using messages = troupe::messages<Found>;
  Worker(const Pid& master, const Pid& dictionary, std::uint64_t requests, std::uint32_t seed)
      : master_(master), dictionary_(dictionary), left_(requests), random_(seed) {
    ask();
  }

  void handle(Found found) {
    // Every key has its own number as value, or none yet.
    right_ += found.value == key_ || (!wrote_ && found.value == 0) ? 1 : 0;
    if (--left_ > 0) {
      ask();
    } else {
      send(master_, Worked{right_});
      stop_normally();
    }
  }

 private:
  void ask() {
    wrote_ = random_() % 100 < write_percent;
    key_ = static_cast<std::uint32_t>(random_() % keys);
    if (wrote_) {
      send(dictionary_, Write{self(), key_, key_});
    } else {
      send(dictionary_, Read{self(), key_});
    }
  }

  Pid master_;
  Pid dictionary_;
  std::uint64_t left_;
  std::minstd_rand0 random_;
  std::uint32_t key_ = 0;
  bool wrote_ = false;
  std::uint64_t right_ = 0;
};

class Master {
 public:
  using messages = troupe::messages<Worked>;
  Master(std::uint64_t requests, Finish finish) : finish_(std::move(finish)), dictionary_(spawn<Dictionary>()) {
    for (std::uint32_t i = 0; i < workers; ++i) {
      spawn<Worker>(self(), dictionary_, requests, i + 1);
    }
  }

  void handle(Worked worked) {
    right_ += worked.right;
    if (++joined_ == workers) {
      send(dictionary_, Stop{});
      finish_(right_);
      stop_normally();
    }
  }

 private:
  Finish finish_;
  Pid dictionary_;
  std::uint64_t right_ = 0;
  std::uint64_t joined_ = 0;
};

}  // namespace

const Kernel concurrent_dictionary{
    "concurrent_dictionary", 1'000'000, in_equal_shares<workers>,
    [](std::uint64_t size, Finish finish) { spawn<Master>(size / workers, std::move(finish)); }};

}  // namespace troupe::benchmark
