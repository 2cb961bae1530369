// The first version of a module that is upgraded while it runs.
#include <troupe/application.hpp>

#include <chrono>
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
/// Sends `count` messages Add{1}, as values, to `to`.
struct Feed {
  troupe::Pid to;
  std::int64_t count = 0;
};
/// The same once, in `seconds`.
struct FeedLater {
  troupe::Pid to;
  std::int64_t seconds = 0;
};
struct Ask {
  troupe::Pid other;
};
struct Saved {
  std::int64_t total = 0;
};

class Tally {
 public:
  struct Args {
    std::int64_t total = 0;
  };
  using messages = troupe::messages<Add, Read, Version, Feed, FeedLater, Ask, troupe::Response<Read>>;
  explicit Tally(Args args) : total_(args.total) {}

  [[nodiscard]] Saved save() const { return {total_}; }

  void handle(Add add) { total_ += add.amount; }
  std::int64_t handle(Read) { return total_; }
  std::string handle(Version) { return "one"; }
  void handle(Feed feed) {
    for (std::int64_t sent = 0; sent < feed.count; ++sent) {
      troupe::send(feed.to, Add{1});
    }
  }
  void handle(FeedLater feed) { troupe::send_after(std::chrono::seconds(feed.seconds), feed.to, Add{1}); }
  void handle(Ask ask) { troupe::send_request(ask.other, Read{}, std::chrono::seconds(5)); }
  void handle(troupe::Response<Read> response) { total_ += response.ok() ? *response.reply : 0; }

 private:
  std::int64_t total_;
};

}  // namespace

TROUPE_MODULE(Tally)
