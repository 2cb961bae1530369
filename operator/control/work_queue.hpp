// Which keys to reconcile, and when. Pure state: time is passed in, nobody waits here (blocking_queue.hpp does).
//
// client-go's workqueue contract: a key is handed out to one worker at a time; one that is added while it is being
// worked on is handed out once more afterwards, however often it was added.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/clock.hpp"

namespace troupe::control {

/// Per-key back-off of failing keys: client-go's DefaultTypedItemBasedRateLimiter.
inline constexpr Duration retry_delay_min = std::chrono::milliseconds(5);
inline constexpr Duration retry_delay_max = std::chrono::seconds(1000);

/// Not thread-safe.
class WorkQueue {
 public:
  /// Due now.
  void add(const std::string& key);
  /// Due at `due`. Of several times for one key the earliest counts.
  void add_at(const std::string& key, Instant due);
  /// Due after the key's back-off, which doubles with each call until `forget`.
  void add_after_failure(const std::string& key, Instant now);
  /// The key has succeeded: its next failure starts the back-off anew.
  void forget(const std::string& key);

  /// The next key that is due and not being worked on; `done` must follow.
  std::optional<std::string> take(Instant now);
  void done(const std::string& key);

  /// When the next delayed key becomes due. `take` may have something before that.
  [[nodiscard]] std::optional<Instant> next_due() const;
  /// Keys that are due and wait for a worker.
  [[nodiscard]] std::size_t depth() const { return ready_.size(); }
  [[nodiscard]] std::size_t delayed() const { return due_of_.size(); }
  /// Keys with a back-off: bounded by the keys that exist, as `forget` is called for keys that are gone.
  [[nodiscard]] std::size_t failing() const { return failures_.size(); }

 private:
  void release_due(Instant now);
  void drop_delay(const std::string& key);

  std::deque<std::string> ready_;     ///< In the order of their arrival.
  std::set<std::string> dirty_;       ///< In `ready_`, or to be put there by `done`.
  std::set<std::string> processing_;  ///< Taken and not done.
  std::set<std::pair<Instant, std::string>> delayed_;
  std::map<std::string, Instant> due_of_;
  std::map<std::string, int> failures_;
};

}  // namespace troupe::control
