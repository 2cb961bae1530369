#include "kube/lease.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "base/check.hpp"
#include "base/log.hpp"
#include "kube/lease_record.hpp"
#include "kube/resource_types.hpp"

namespace troupe::kube {
namespace {

/// client-go's JitterFactor.
constexpr double jitter = 1.2;

enum class Attempt { held, taken, failed };

/// The requests of one candidate. Used by one thread at a time.
class Candidate {
 public:
  Candidate(std::shared_ptr<Client> client, const LeaderElector::Options& options, const Clock& clock)
      : client_(std::move(client)), options_(options), clock_(clock), view_(options.identity) {}

  Attempt take_or_renew() {
    // The holder writes first and reads only when somebody else has written: half the requests.
    if (view_.ours()) {
      const auto written = write(view_.claim(duration(), clock_.wall_now()));
      if (written.ok() || !(written.error().conflict() || written.error().not_found())) {
        return written.ok() ? Attempt::held : failed(written.error());
      }
    }
    const auto read = client_->get(leases, options_.namespace_name, options_.name);
    if (!read.ok() && !read.error().not_found()) {
      return failed(read.error());
    }
    if (!read.ok()) {
      view_.forget();
      return create();
    }
    view_.see(*read, clock_.now());
    if (view_.taken(clock_.now())) {
      return Attempt::taken;
    }
    const auto written = write(view_.claim(duration(), clock_.wall_now()));
    return written.ok() ? Attempt::held : failed(written.error());
  }

  void give_back() {
    if (!view_.ours()) {
      return;
    }
    const auto written = write(view_.give_back(clock_.wall_now()));
    if (!written.ok()) {
      log_warning("could not give the lease back; it runs out by itself",
                  {{"lease", options_.name}, {"error", written.error().message}});
    }
  }

 private:
  [[nodiscard]] std::chrono::seconds duration() const {
    return std::max(std::chrono::ceil<std::chrono::seconds>(options_.lease_duration), std::chrono::seconds(1));
  }

  Attempt create() {
    const auto made = client_->create_object(
        leases, options_.namespace_name,
        lease_document(Object(), options_.namespace_name, options_.name, view_.claim(duration(), clock_.wall_now())));
    if (!made.ok()) {
      return failed(made.error());
    }
    view_.see(*made, clock_.now());
    return Attempt::held;
  }

  ApiResult<Object> write(const LeaseRecord& record) {
    auto written = client_->replace(leases, options_.namespace_name, options_.name,
                                    lease_document(*view_.lease(), options_.namespace_name, options_.name, record));
    if (written.ok()) {
      view_.see(*written, clock_.now());
    }
    return written;
  }

  Attempt failed(const ApiError& error) {
    if (error.conflict() || error.already_exists()) {
      return Attempt::failed;
    }
    log_warning("the lease could not be read or written", {{"lease", options_.name}, {"error", error.message}});
    return Attempt::failed;
  }

  const std::shared_ptr<Client> client_;
  const LeaderElector::Options& options_;
  const Clock& clock_;
  LeaseView view_;
};

}  // namespace

/// Two threads: one asks the API, which may hang for as long as a request may last; the other keeps time, so that a
/// hanging API never lets a leader act past its lease.
class LeaderElector::Impl {
 public:
  Impl(std::shared_ptr<Client> client, Options options, const Clock& clock, Random& random,
       std::function<void()> on_started, std::function<void()> on_lost)
      : options_(std::move(options)),
        clock_(clock),
        random_(random),
        on_started_(std::move(on_started)),
        on_lost_(std::move(on_lost)),
        candidate_(std::move(client), options_, clock) {
    check(options_.renew_deadline < options_.lease_duration && options_.retry_period < options_.renew_deadline,
          "a lease needs retry_period < renew_deadline < lease_duration");
    asker_ = std::thread([this] { ask_when_told(); });
    elector_ = std::thread([this] { run(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    elector_.join();
    asker_.join();
    // Also when the answer that gave it to us came too late to be used.
    candidate_.give_back();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] bool leading() const {
    const std::lock_guard lock(mutex_);
    return held_ && clock_.now() < renewed_at_ + options_.renew_deadline;
  }

 private:
  struct Answer {
    Attempt attempt;
    Instant asked_at;  ///< Counted from here, since the API may have taken the write at once and answered late.
  };

  void ask_when_told() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return stopping_ || asked_; });
      if (stopping_) {
        return;
      }
      lock.unlock();
      const Instant asked_at = clock_.now();
      const Attempt attempt = candidate_.take_or_renew();
      lock.lock();
      asked_ = false;
      answer_ = Answer{attempt, asked_at};
      changed_.notify_all();
    }
  }

  void run() {
    std::unique_lock lock(mutex_);
    if (!acquire(lock)) {
      return;
    }
    lock.unlock();
    log_info("leading", {{"lease", options_.name}, {"identity", options_.identity}});
    on_started_();
    lock.lock();
    if (keep(lock)) {
      return;
    }
    held_ = false;
    lock.unlock();
    log_error("no longer leading", {{"lease", options_.name}, {"identity", options_.identity}});
    on_lost_();
  }

  /// False when stopped first.
  bool acquire(std::unique_lock<std::mutex>& lock) {
    for (;;) {
      ask();
      changed_.wait(lock, [this] { return stopping_ || answer_.has_value(); });
      if (answer_.has_value() && answer_->attempt == Attempt::held &&
          clock_.now() < answer_->asked_at + options_.renew_deadline) {
        renewed_at_ = answer_->asked_at;
        held_ = true;
        return !stopping_;
      }
      if (stopping_ || wait(lock, clock_.now() + pause())) {
        return false;
      }
    }
  }

  /// True when stopped, false when the lease is lost.
  bool keep(std::unique_lock<std::mutex>& lock) {
    for (;;) {
      const Instant deadline = renewed_at_ + options_.renew_deadline;
      if (wait(lock, std::min(deadline, clock_.now() + pause()))) {
        return true;
      }
      ask();
      while (!stopping_ && !answer_.has_value() && clock_.now() < deadline) {
        changed_.wait_for(lock, deadline - clock_.now());
      }
      if (stopping_) {
        return true;
      }
      if (answer_.has_value() && answer_->attempt == Attempt::held) {
        renewed_at_ = answer_->asked_at;
      }
      const bool another = answer_.has_value() && answer_->attempt == Attempt::taken;
      if (another || clock_.now() >= renewed_at_ + options_.renew_deadline) {
        return false;
      }
    }
  }

  void ask() {
    answer_.reset();
    asked_ = true;
    changed_.notify_all();
  }

  /// True when stopped before `until`.
  bool wait(std::unique_lock<std::mutex>& lock, Instant until) {
    while (!stopping_ && clock_.now() < until) {
      changed_.wait_for(lock, until - clock_.now());
    }
    return stopping_;
  }

  Duration pause() {
    const double factor = 1.0 + (jitter - 1.0) * random_.unit();
    return std::chrono::duration_cast<Duration>(options_.retry_period * factor);
  }

  const Options options_;
  const Clock& clock_;
  Random& random_;
  const std::function<void()> on_started_;
  const std::function<void()> on_lost_;
  Candidate candidate_;  ///< Of the asker, and of the destructor once that has ended.

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool asked_ = false;
  std::optional<Answer> answer_;
  bool held_ = false;
  Instant renewed_at_;
  std::thread asker_;
  std::thread elector_;
};

LeaderElector::LeaderElector(std::shared_ptr<Client> client, Options options, const Clock& clock, Random& random,
                             std::function<void()> on_started, std::function<void()> on_lost)
    : impl_(std::make_unique<Impl>(std::move(client), std::move(options), clock, random, std::move(on_started),
                                   std::move(on_lost))) {}
LeaderElector::~LeaderElector() = default;

bool LeaderElector::leading() const { return impl_->leading(); }

}  // namespace troupe::kube
