#include "worker/node/reporter.hpp"

namespace troupe::node {

WorkerReport worker_report(const Membership::View& view, bool discovered, std::vector<ApplicationReport> applications) {
  WorkerReport report;
  report.joined = discovered && view.missing.empty();
  report.joined_reason = report.joined ? "AllPeersConnected" : discovered ? "PeersMissing" : "NotDiscovered";
  for (const std::string& pod : view.missing) {
    report.joined_message += (report.joined_message.empty() ? "no link to " : ", ") + pod;
  }
  report.applications = std::move(applications);
  return report;
}

}  // namespace troupe::node
