#include "worker/node/condition_writer.hpp"

#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "kube/resource_types.hpp"

namespace troupe::node {

using nlohmann::json;

ConditionWriter::ConditionWriter(std::shared_ptr<kube::Client> client, std::string namespace_name, std::string pod_name,
                                 std::string pod_uid, const Clock& clock)
    : client_(std::move(client)),
      namespace_(std::move(namespace_name)),
      pod_name_(std::move(pod_name)),
      pod_uid_(std::move(pod_uid)),
      clock_(clock),
      thread_([this] { run(); }) {}

ConditionWriter::~ConditionWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void ConditionWriter::report(WorkerReport report) {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = std::move(report);
  }
  wake_.notify_all();
}

void ConditionWriter::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (!wanted_ || wanted_ == written_) {
      wake_.wait(lock);
      continue;
    }
    const WorkerReport report = *wanted_;
    lock.unlock();
    const bool done = write(report);
    const Instant next = clock_.now() + interval_min;
    lock.lock();
    // What failed may have been written all the same, when only its answer was lost.
    written_ = done ? std::optional(report) : std::nullopt;
    while (!stopping_ && clock_.now() < next) {
      wake_.wait_until(lock, next);
    }
  }
}

bool ConditionWriter::write(const WorkerReport& report) {
  for (int attempt = 0; attempt < 4; ++attempt) {
    auto pod = client_->get(kube::pods, namespace_, pod_name_);
    if (!pod) {
      log_warning("cannot read the own pod", {{"error", pod.error().message}});
      return false;
    }
    if (pod->uid() != pod_uid_) {
      return true;
    }
    const json::json_pointer where("/status/conditions");
    const json conditions = pod->json().contains(where) ? pod->json().at(where) : json::array();
    const json changed = with_worker_conditions(conditions, report, clock_.wall_now());
    if (changed == conditions) {
      return true;
    }
    kube::WriteOptions options;
    options.subresource = "status";
    auto patched = client_->patch(kube::pods, namespace_, pod_name_, kube::PatchType::merge,
                                  json{{"metadata", {{"resourceVersion", pod->resource_version()}, {"uid", pod_uid_}}},
                                       {"status", {{"conditions", changed}}}},
                                  options);
    if (patched) {
      return true;
    }
    if (!patched.error().conflict()) {
      log_warning("cannot write the own pod's conditions", {{"error", patched.error().message}});
      return false;
    }
  }
  return false;
}

}  // namespace troupe::node
