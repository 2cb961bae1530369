// What a reflector does next: list, watch or wait. Pure: what happened goes in, the next step comes out; the time is
// passed in, only the jitter of waits is drawn from a Random.
//
// The rules are those of client-go (tools/cache/reflector.go):
//   - the first list takes any cached version ("0"), a later one none older than what is known;
//   - a version that has expired, or that the server's cache has not reached yet, is given up: list the most recent;
//   - a refused, throttled or broken watch goes on from where it was, never by listing again;
//   - a watch that ends within a second without an event is a failure, or a broken server would be asked in a loop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "kube/client.hpp"
#include "kube/reflector.hpp"

namespace troupe::kube {

/// Ask for one page. An empty `continue_token` starts anew: pages collected so far are void.
struct ListStep {
  std::string resource_version;
  std::int64_t limit = 0;
  std::string continue_token;
};
/// Start a watch. Coming from `page_listed`, the list is complete: the store takes it first.
struct WatchStep {
  std::string resource_version;
};
struct WaitStep {
  Duration delay;
};
using ReflectorStep = std::variant<ListStep, WatchStep, WaitStep>;

class ReflectorState {
 public:
  ReflectorState(const Reflector::Options& options, Random& random);

  [[nodiscard]] ReflectorStep start();
  [[nodiscard]] ReflectorStep page_listed(const std::string& resource_version, const std::string& continue_token);
  [[nodiscard]] ReflectorStep list_failed(const ApiError& error, Instant now);

  void watch_opened(Instant now);
  /// What to do with an event of the stream.
  enum class Verdict {
    apply,    ///< Change the store.
    advance,  ///< Only the version is newer.
    end,      ///< Stop the watch, then call `watch_ended` without an error.
  };
  [[nodiscard]] Verdict watch_event(const WatchEvent& event);
  [[nodiscard]] ReflectorStep watch_ended(const std::optional<ApiError>& error, Instant now);

  [[nodiscard]] ReflectorStep waited();

  [[nodiscard]] const Reflector::Counts& counts() const { return counts_; }
  [[nodiscard]] const std::string& last_error() const { return last_error_; }

 private:
  ReflectorStep list(std::string resource_version);
  ReflectorStep watch();
  ReflectorStep after_failure(const ApiError& error, ReflectorStep then, Instant now);
  ReflectorStep expired(const ApiError& error, bool was_healthy, Instant now);
  Duration next_delay(Instant now);

  const std::int64_t page_size_;
  const Duration backoff_min_;
  const Duration backoff_max_;
  const Duration backoff_reset_after_;
  Random& random_;

  Reflector::Counts counts_;
  std::string last_error_;
  std::string resource_version_ = "0";  ///< Of the newest list, event or bookmark.
  ListStep listing_;                    ///< The page that is being asked for.
  ReflectorStep postponed_;             ///< What follows the wait.
  std::optional<Instant> opened_at_;    ///< Of the running watch; empty before its answer.
  std::uint64_t events_ = 0;            ///< Of the running watch.
  std::optional<ApiError> stream_error_;
  Duration backoff_{0};
  std::optional<Instant> last_failure_;
};

}  // namespace troupe::kube
