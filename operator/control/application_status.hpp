// What the status of a TroupeApplication says, gathered from what the workers report of themselves: pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "operator/desired/owner.hpp"
#include "operator/resource/application.hpp"
#include "operator/resource/status.hpp"

namespace troupe::control {

/// One worker's word on one application, from its pod's condition troupe.dev/Applications.
struct ApplicationReport {
  std::string name;
  std::string version;
  bool ready = false;
  std::string reason;  ///< CamelCase; "" when ready.
  std::string message;
};

/// The reports in a pod. Malformed ones are left out: a worker is the outside world.
[[nodiscard]] std::vector<ApplicationReport> read_application_reports(const nlohmann::json& pod);

/// The cluster that an application names, as far as it is there.
struct ApplicationCluster {
  bool exists = false;
  desired::Owner owner;
  int replicas = 0;
  std::vector<const nlohmann::json*> pods;
};

/// Reasons of the conditions:
///  - Accepted: Accepted | InvalidSpec, ClusterNotFound;
///  - Ready: AllReady | NotAccepted, NoWorkers, WorkersMissing, Starting, or the reason of a worker that failed;
///  - Progressing: Starting | Complete, NotAccepted, NoWorkers, Failed.
[[nodiscard]] resource::ApplicationStatus report_application(const resource::Application& application,
                                                             const ApplicationCluster& cluster);
[[nodiscard]] resource::ApplicationStatus report_invalid_application(std::int64_t generation,
                                                                     const resource::FieldErrors& errors);

}  // namespace troupe::control
