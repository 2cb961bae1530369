// The test kit: an application's processes in a test program, on virtual time and one seed. For any test framework;
// troupe/gtest.hpp makes it a fixture of GoogleTest.
//
//   #include <troupe/gtest.hpp>
//
//   class CounterTest : public troupe::test::Test {};
//
//   TEST_F(CounterTest, counts) {
//     const troupe::Pid counter = kit.start_supervised<Counter>(Counter::Args{5});
//     kit.send(counter, Add{2});
//     EXPECT_EQ(kit.call(counter, Read{}), 7);
//     kit.advance(5s);
//     kit.expect_no_message();
//   }
//
// The test is a process of its own: it has a pid, gets messages, replies and exits, and waits for them. Everything runs
// on the test's thread, and only while the test waits or advances time; which process goes next is drawn from the seed.
// A failure names it: TROUPE_SEED=N in the environment makes the same choices again. Time passes only as far as waits
// need it, so that a timeout of an hour costs nothing.
//
// The names are ExUnit's: start_supervised, and assert_receive and refute_receive as expect_message and
// expect_no_message, whose default timeout, 100 ms, is theirs too. Link with the CMake target `troupe::testkit`.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/log.hpp"
#include "troupe/child_spec.hpp"
#include "troupe/process.hpp"

namespace troupe::test {

/// What was expected did not come, or could not be done; ends the test. Tells the seed.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct LogLine {
  LogLevel level = LogLevel::info;
  std::string message;
  std::map<std::string, std::string> fields;  ///< As text: {"class", "Counter"}.

  [[nodiscard]] std::string text() const;
};

/// What has come to the test's process: a message as the term it is in Erlang, or one of the runtime's own.
struct Received {
  std::variant<Term, Exit, Down, NodeUp, NodeDown, Timeout> what;
  From from;  ///< The caller, of a request.

  [[nodiscard]] std::string text() const;
};

/// A request that the test's process has got; answered with troupe::reply(request.from, value).
template <class M>
struct Asked {
  M message;
  From from;
};

inline constexpr std::chrono::milliseconds receive_timeout_default{100};  ///< ExUnit's assert_receive_timeout.
inline constexpr std::chrono::milliseconds call_timeout_default{5'000};   ///< OTP's gen_server:call/2.

/// TROUPE_SEED when it is set, else another one each time.
std::uint64_t seed_to_use();

/// One node. One at a time in a program; not thread-safe.
class TestKit {
 public:
  explicit TestKit(std::uint64_t seed = seed_to_use());
  /// Stops what was started with start_supervised, last first, as a supervisor does.
  ~TestKit();
  TestKit(const TestKit&) = delete;
  TestKit& operator=(const TestKit&) = delete;

  // --- Processes ---

  /// Starts an S from copies of `arguments` as a child of the kit's supervisor, and returns when its constructor has
  /// run. It is permanent: what crashes starts again, under another pid. Its id is its class's name.
  template <class S, class... Arguments>
  Pid start_supervised(Arguments... arguments) {
    return start_supervised(process_child<S>(std::string(abi::class_name<S>()), std::forward<Arguments>(arguments)...));
  }
  /// Any child, a supervisor too. Fails with the reason of the start, or when the id is there already.
  Pid start_supervised(ChildSpec child);
  /// Stops a child and forgets it.
  void stop_supervised(std::string_view id);
  /// Not valid when that child does not run at the moment.
  [[nodiscard]] Pid supervised(std::string_view id);

  // --- The test as a process ---

  [[nodiscard]] Pid self() const;
  /// Runs `body` as the test's process, where troupe::link, monitor, start_timer and all others work; what it throws
  /// is thrown again here.
  void run(const std::function<void()>& body);
  template <class M>
  SendResult send(const Destination& to, M message) {
    SendResult sent = SendResult::unreachable;
    run([&] { sent = troupe::send(to, std::move(message)); });
    return sent;
  }
  /// Its Down is a message to the test.
  Reference monitor(const Destination& to);
  /// The reply; fails with the reason when there is none.
  template <class M>
  typename Response<M>::Reply call(const Destination& to, M message,
                                   std::chrono::nanoseconds timeout = call_timeout_default) {
    Response<M> response = request(to, std::move(message), timeout);
    if (!response.ok()) {
      fail("no reply to " + tag_of<M>() + ": " + response.reason.text());
    }
    return std::move(*response.reply);
  }
  /// The answer, whatever it is.
  template <class M>
  Response<M> request(const Destination& to, M message, std::chrono::nanoseconds timeout = call_timeout_default) {
    Response<M> response;
    await_response([&] { return troupe::send_request(to, std::move(message), timeout); },
                   [&](const troupe_delivery& delivery) { response = abi::make_response<M>(delivery); });
    return response;
  }

  // --- What comes to the test ---

  /// The first message that is an M, waiting for it until `timeout` of virtual time has passed; others stay. M is a
  /// struct with a term, Term for any message, or Exit, Down, NodeUp, NodeDown, Timeout.
  template <class M>
  M expect_message(std::chrono::nanoseconds timeout = receive_timeout_default) {
    std::optional<M> found;
    expect("message of type " + tag_of<M>(), timeout, [&](Received& received) {
      found = read<M>(received);
      return found.has_value();
    });
    return std::move(*found);
  }
  /// The same for a request, which the test may answer.
  template <class M>
  Asked<M> expect_request(std::chrono::nanoseconds timeout = receive_timeout_default) {
    std::optional<Asked<M>> found;
    expect("request of type " + tag_of<M>(), timeout, [&](Received& received) {
      auto message = received.from.pid.valid() ? read<M>(received) : std::nullopt;
      if (message) {
        found.emplace(Asked<M>{std::move(*message), std::move(received.from)});
      }
      return found.has_value();
    });
    return std::move(*found);
  }
  /// Fails when there is a message, or one comes within `span`.
  void expect_no_message(std::chrono::nanoseconds span = receive_timeout_default);
  /// The same for messages that are an M.
  template <class M>
  void expect_no_message(std::chrono::nanoseconds span = receive_timeout_default) {
    expect_none("message of type " + tag_of<M>(), span,
                [](Received& received) { return read<M>(received).has_value(); });
  }

  // --- Time ---

  /// Virtual time goes on by `span`, and all that is due in it happens.
  void advance(std::chrono::nanoseconds span);
  /// Everybody runs until nobody has anything to do but to wait. Fails when that never comes.
  void settle();

  // --- Logs ---

  /// What was logged since the kit began: the newest 10,000 lines.
  [[nodiscard]] std::vector<LogLine> logs() const;
  /// The first line whose message or one of whose fields holds `text`, waiting for it.
  LogLine expect_log(std::string_view text, std::chrono::nanoseconds timeout = receive_timeout_default);

  // --- Replay ---

  [[nodiscard]] std::uint64_t seed() const;
  /// "TROUPE_SEED=7 makes the same choices again", then the log's lines.
  [[nodiscard]] std::string replay_hint() const;
  /// Throws a Failure with `why`, what waits for the test, and the seed.
  [[noreturn]] void fail(const std::string& why) const;

 private:
  using Match = std::function<bool(Received&)>;

  template <class M>
  static constexpr bool is_event = std::is_same_v<M, Exit> || std::is_same_v<M, Down> || std::is_same_v<M, NodeUp> ||
                                   std::is_same_v<M, NodeDown> || std::is_same_v<M, Timeout>;
  template <class M>
  static std::string tag_of() {
    if constexpr (is_event<M> || std::is_same_v<M, Term>) {
      return std::string(abi::class_name<M>());
    } else {
      return std::string(std::string_view(tag_name<M>()));
    }
  }
  template <class M>
  static std::optional<M> read(const Received& received) {
    if constexpr (is_event<M>) {
      const M* const event = std::get_if<M>(&received.what);
      return event == nullptr ? std::nullopt : std::optional<M>(*event);
    } else {
      const Term* const term = std::get_if<Term>(&received.what);
      if constexpr (std::is_same_v<M, Term>) {
        return term == nullptr ? std::nullopt : std::optional<M>(*term);
      } else {
        if (term == nullptr || abi::tag_of(*term) != std::string_view(tag_name<M>())) {
          return std::nullopt;
        }
        auto message = from_term<M>(*term);
        return message ? std::optional<M>(std::move(*message)) : std::nullopt;
      }
    }
  }

  void expect(const std::string& what, std::chrono::nanoseconds timeout, const Match& take);
  void expect_none(const std::string& what, std::chrono::nanoseconds span, const Match& matches);
  void await_response(const std::function<RequestId()>& ask, const std::function<void(const troupe_delivery&)>& take);

  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace troupe::test
