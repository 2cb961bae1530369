// A module as a user would write it; built twice, so that two images of one source stand side by side.
#include <troupe/application.hpp>

#include <stdexcept>
#include <string>

namespace {

struct Add {
  std::int64_t amount = 0;
};
struct Read {
  using Reply = std::int64_t;
};
struct Image {
  using Reply = std::string;
};
struct Ask {
  troupe::Pid other;
};
struct LastAnswer {
  using Reply = std::int64_t;
};
struct Fail {
  std::string why;
};

int counters_made = 0;

class Counter {
 public:
  struct Args {
    std::int64_t initial = 0;
  };
  using messages = troupe::messages<Add, Read, Image, Ask, LastAnswer, Fail, troupe::Response<Read>>;

  explicit Counter(Args args) : total_(args.initial) {
    if (args.initial < 0) {
      throw std::invalid_argument("initial must be >= 0");
    }
    ++counters_made;
  }
  void handle(Add add) { total_ += add.amount; }
  std::int64_t handle(Read) { return total_; }
  std::string handle(Image) { return "made " + std::to_string(counters_made); }
  void handle(Ask ask) { troupe::send_request(ask.other, Read{}, std::chrono::seconds(5)); }
  void handle(troupe::Response<Read> response) { last_answer_ = response.ok() ? *response.reply : -1; }
  std::int64_t handle(LastAnswer) { return last_answer_; }
  void handle(Fail fail) { throw std::runtime_error(fail.why); }

 private:
  std::int64_t total_;
  std::int64_t last_answer_ = 0;
};

}  // namespace

TROUPE_MODULE(Counter)
