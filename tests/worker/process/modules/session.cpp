// A module whose process is a coroutine, as a user would write it.
#include <troupe/application.hpp>

#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;

struct Login {
  std::string user;
};
struct Say {
  std::string text;
};
struct History {
  using Reply = std::string;
};
struct Ask {
  troupe::Pid other;
};
struct Read {
  using Reply = std::int64_t;
};
struct Fail {
  std::string why;
};

struct SessionArgs {
  std::int64_t words_max = 0;
};

troupe::Coroutine<std::string> next_words() {
  auto say = co_await troupe::receive<Say>();
  co_return say.text;
}

troupe::Coroutine<> session(SessionArgs arguments) {
  auto login = co_await troupe::receive<Login>();
  std::string history = login.user;
  for (std::int64_t i = 0; i < arguments.words_max; ++i) {
    history += ' ';
    history += co_await next_words();
  }
  for (;;) {
    auto next = co_await troupe::receive<troupe::Call<History>, Ask, Fail>();
    if (const auto* asked = std::get_if<troupe::Call<History>>(&next)) {
      asked->reply(history);
    } else if (const auto* ask = std::get_if<Ask>(&next)) {
      const auto answer = co_await troupe::call(ask->other, Read{}, 5s);
      history += answer.ok() ? " read " + std::to_string(*answer.reply) : " no reply " + answer.reason.text();
    } else {
      throw std::runtime_error(std::get<Fail>(next).why);
    }
  }
}

}  // namespace

TROUPE_MODULE(troupe::CoroutineProcess<session>)
