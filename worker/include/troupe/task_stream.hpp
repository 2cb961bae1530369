// The same function for many items, a bounded number of them at a time, the results in order: Elixir's
// Task.async_stream.
//
//   class Gallery {
//    public:
//     using messages = troupe::messages<Show, troupe::task::Response<Picture>>;
//     void handle(Show show) {
//       pictures_ = troupe::task::async_stream(show.names, [](const std::string& name) { return render(name); },
//                                              {.max_concurrency = 4});
//     }
//     void handle(troupe::task::Response<Picture> response) {
//       for (auto& picture : pictures_.take(std::move(response))) use(picture);   // in the order of the names
//       if (pictures_.done()) ...
//     }
//    private:
//     troupe::task::Stream<Picture> pictures_;
//   };
//
// The stream is part of its owner's state and starts tasks as results are taken: at most `max_concurrency` run, and at
// most `ahead_max` have been started whose results the owner has not yet been given, so that one slow item in front
// does not let results pile up. A task that takes longer than `timeout` gives the reason `timeout` and is killed
// (Elixir's on_timeout: kill_task). Tasks are linked to the owner unless `link` is false.
// Source: lib/elixir/lib/task.ex of Elixir 1.14.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "troupe/task.hpp"

namespace troupe::task {

struct StreamOptions {
  std::size_t max_concurrency = 0;  ///< 0: one for each CPU, as Elixir's default.
  std::size_t ahead_max = 0;        ///< 0: four times max_concurrency.
  bool ordered = true;              ///< Else results come as they are ready.
  bool link = true;
  std::chrono::nanoseconds timeout = timeout_default;  ///< Of each task.
};

template <class R>
class Stream {
 public:
  struct Outcome {
    std::size_t index = 0;  ///< Of the item, from 0.
    std::optional<typename troupe::Response<Run<R>>::Reply> result;
    Term reason;  ///< Without a result: why.
    [[nodiscard]] bool ok() const { return result.has_value(); }
  };

  /// Without items: done.
  Stream() = default;
  /// Starts the first tasks. `start_next` starts the task of the next item, or answers nothing when there is none.
  Stream(std::function<std::optional<Task>()> start_next, StreamOptions options)
      : start_next_(std::move(start_next)), options_(options), exhausted_(false) {
    if (options_.max_concurrency == 0) {
      options_.max_concurrency = std::max(1u, std::thread::hardware_concurrency());
    }
    if (options_.ahead_max < options_.max_concurrency) {
      options_.ahead_max = options_.ahead_max == 0 ? 4 * options_.max_concurrency : options_.max_concurrency;
    }
    start_more();
  }

  /// Whether the Response is of one of this stream's tasks.
  [[nodiscard]] bool owns(RequestId request) const { return running_.contains(request); }

  /// The outcomes that can be given now, none when the Response is not of this stream; and starts more tasks.
  std::vector<Outcome> take(Response<R> response) {
    const auto found = running_.find(response.request);
    if (found == running_.end()) {
      return {};
    }
    if (response.timed_out()) {
      unlink(found->second.task.pid);
      exit(found->second.task.pid, Term::atom("kill"));
    }
    const std::size_t index = found->second.index;
    running_.erase(found);
    ready_.emplace(index, Outcome{index, std::move(response.reply), std::move(response.reason)});
    std::vector<Outcome> given;
    while (!ready_.empty() && (!options_.ordered || ready_.begin()->first == given_)) {
      given.push_back(std::move(ready_.begin()->second));
      ready_.erase(ready_.begin());
      ++given_;
    }
    start_more();
    return given;
  }

  /// Every item's outcome has been taken.
  [[nodiscard]] bool done() const { return exhausted_ && running_.empty() && ready_.empty(); }
  [[nodiscard]] std::size_t running() const { return running_.size(); }

 private:
  struct Running {
    Task task;
    std::size_t index;
  };

  void start_more() {
    while (!exhausted_ && running_.size() < options_.max_concurrency && started_ - given_ < options_.ahead_max) {
      if (const std::optional<Task> task = start_next_()) {
        running_.emplace(task->request, Running{*task, started_++});
      } else {
        exhausted_ = true;
        start_next_ = nullptr;
      }
    }
  }

  std::function<std::optional<Task>()> start_next_;
  StreamOptions options_;
  std::map<RequestId, Running> running_;
  std::map<std::size_t, Outcome> ready_;
  std::size_t started_ = 0;
  std::size_t given_ = 0;
  bool exhausted_ = true;  ///< No item is left to start.
};

/// `next_item` gives a std::optional of an item each time, nothing at the end: items that are not all there yet, or
/// too many to hold.
template <class Source, class Function>
requires std::is_invocable_v<Source&>
auto async_stream(Source next_item, Function function, const StreamOptions& options = {}) {
  using Item = typename std::invoke_result_t<Source&>::value_type;
  using R = std::decay_t<std::invoke_result_t<Function&, Item>>;
  auto start_next = [next_item = std::move(next_item), function = std::move(function), link = options.link,
                     timeout = options.timeout]() mutable -> std::optional<Task> {
    std::optional<Item> item = next_item();
    if (!item) {
      return std::nullopt;
    }
    return async_with(
        link, [function, item = std::move(*item)]() mutable { return function(std::move(item)); }, Options{timeout});
  };
  return Stream<R>(std::move(start_next), options);
}

template <class Item, class Function>
auto async_stream(std::vector<Item> items, Function function, const StreamOptions& options = {}) {
  auto next_item = [items = std::move(items), next = std::size_t{0}]() mutable {
    return next < items.size() ? std::optional<Item>(std::move(items[next++])) : std::nullopt;
  };
  return async_stream(std::move(next_item), std::move(function), options);
}

}  // namespace troupe::task
