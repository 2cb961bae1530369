#include "troupe/run.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "platform/cgroup.hpp"
#include "platform/event_loop.hpp"
#include "platform/exit_deadline.hpp"
#include "platform/log.hpp"
#include "platform/memory_use.hpp"
#include "troupe/process.hpp"
#include "worker/process/crash_report.hpp"
#include "worker/process/exit_reasons.hpp"
#include "worker/process/spawn_guard.hpp"
#include "worker/process/threaded_scheduler.hpp"
#include "worker/run/stop_request.hpp"
#include "worker/supervision/supervisor.hpp"

namespace troupe {
namespace {

struct Stop {
  Term reason;
};

/// The root's parent: starts it, tells the main thread of its end, and passes on when it is to stop. Linked to it from
/// its first moment on, so that no end is missed.
class RootKeeper {
 public:
  static constexpr bool system_process = true;
  using messages = troupe::messages<Stop>;

  /// `failure` is set when there is no root.
  RootKeeper(Runtime& runtime, const ChildStart& start, std::shared_ptr<StopRequest> told, std::optional<Term>& failure)
      : told_(std::move(told)) {
    auto started = start_guarded(start, runtime);
    if (!started) {
      failure = started.error().reason;
    } else if (!started->valid()) {
      failure = Term::atom("ignore");
    } else {
      root_ = *started;
    }
  }
  void handle(const Stop& stop) { troupe::exit(root_, stop.reason); }
  void handle(const Exit& exit) {
    if (exit.from == root_) {
      told_->root_ended(exit.reason);
    }
  }

 private:
  std::shared_ptr<StopRequest> told_;
  Pid root_;
};

void log_to_stderr(const RunOptions& options) {
  if (options.log != RunLog::none) {
    platform::start_logging(options.log == RunLog::json ? platform::LogFormat::json : platform::LogFormat::text,
                            options.log_level);
  }
}

/// Waits for a stop or for the root's end, and holds spawns while memory is short.
StopRequest::Seen wait_while_running(StopRequest& stop, Runtime& runtime, std::uint64_t memory_limit_bytes) {
  bool held = false;
  for (;;) {
    const StopRequest::Seen seen =
        stop.wait(false, memory_limit_bytes == 0 ? std::chrono::hours(1) : spawn_guard_interval);
    if (seen.stop || seen.root_reason) {
      return seen;
    }
    if (memory_limit_bytes != 0 && hold_spawns(platform::resident_bytes(), memory_limit_bytes, held) != held) {
      held = !held;
      runtime.hold_spawns(held);
      log_warning(held ? "memory is short: no process is spawned until some has been given back"
                       : "processes are spawned again",
                  {{"limit_bytes", memory_limit_bytes}});
    }
  }
}

void stop_root(Runtime& runtime, const Pid& keeper, Term reason) {
  const RuntimeScope scope(runtime);
  troupe::send(keeper, Stop{std::move(reason)});
}

/// True when the root has ended in time.
bool drain(StopRequest& stop, Runtime& runtime, const Pid& keeper, const RunOptions& options) {
  log_info("drain: stopping", {{"timeout_milliseconds", options.drain_timeout.count()}});
  stop_root(runtime, keeper, reasons::shutdown());
  if (stop.wait(true, options.drain_timeout).root_reason) {
    log_info("drain: done");
    return true;
  }
  log_warning("drain: the root did not stop in time; killing it");
  stop_root(runtime, keeper, Term::atom("kill"));
  stop.wait(true, options.exit_grace);
  return false;
}

}  // namespace

int run(ChildSpec root, const RunOptions& options) {
  const std::shared_ptr<StopRequest>& stop = StopRequest::of_program();
  stop->begin();
  log_to_stderr(options);
  const platform::CgroupLimits limits = platform::read_cgroup_limits();
  std::unique_ptr<platform::ExitDeadline> deadline;  // Destroyed last: it covers the end of all threads.
  ThreadedScheduler scheduler(platform::real_clock(), scheduler_options(limits.cpus, options.scheduler_threads));
  Runtime runtime(scheduler);
  std::optional<Term> failure;
  const Pid keeper = runtime.spawn<RootKeeper>(std::ref(runtime), root.start, stop, std::ref(failure));
  if (failure) {
    log_error("the root process did not start", {{"root", root.id}, {"reason", text_for_log(*failure)}});
    deadline = std::make_unique<platform::ExitDeadline>(options.exit_grace);
    return 1;
  }
  const StopRequest::Seen seen = wait_while_running(*stop, runtime, limits.memory_bytes.value_or(0));
  const Duration way_out = seen.root_reason ? Duration(options.exit_grace) : options.drain_timeout + options.exit_grace;
  deadline = std::make_unique<platform::ExitDeadline>(way_out);
  if (!seen.root_reason) {
    return drain(*stop, runtime, keeper, options) ? 0 : 1;
  }
  const bool normal = *seen.root_reason == reasons::normal();
  log(normal ? LogLevel::info : LogLevel::error, "the root process has ended",
      {{"root", root.id}, {"reason", text_for_log(*seen.root_reason)}});
  return normal ? 0 : 1;
}

int run(SupervisorSpec root, const RunOptions& options) {
  return run(supervisor_child("root", std::move(root)), options);
}

}  // namespace troupe
