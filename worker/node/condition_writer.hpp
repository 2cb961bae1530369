// Writes a worker's report into the conditions of its own pod: only on change, at most once a second, and with the
// resourceVersion that it read, so that nothing of the kubelet's or the operator's is lost.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "kube/client.hpp"
#include "worker/node/pod_conditions.hpp"

namespace troupe::node {

class ConditionWriter {
 public:
  static constexpr Duration interval_min = std::chrono::seconds(1);

  ConditionWriter(std::shared_ptr<kube::Client> client, std::string namespace_name, std::string pod_name,
                  std::string pod_uid, const Clock& clock);
  ~ConditionWriter();  ///< Does not wait for what was not written yet.
  ConditionWriter(const ConditionWriter&) = delete;
  ConditionWriter& operator=(const ConditionWriter&) = delete;

  /// What the conditions should say from now on. Returns at once; thread-safe.
  void report(WorkerReport report);

 private:
  void run();
  /// True when the conditions say what the report does.
  bool write(const WorkerReport& report);

  std::shared_ptr<kube::Client> client_;
  const std::string namespace_;
  const std::string pod_name_;
  const std::string pod_uid_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<WorkerReport> wanted_;
  std::optional<WorkerReport> written_;  ///< Nothing: not known.
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace troupe::node
