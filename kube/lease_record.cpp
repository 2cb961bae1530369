#include "kube/lease_record.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json_text.hpp"
#include "kube/resource_types.hpp"
#include "kube/timestamp.hpp"

namespace troupe::kube {
namespace {

using Json = nlohmann::json;

/// Nobody's lease is waited for longer, whatever its record says.
constexpr std::int64_t duration_seconds_max = 3600;

std::int64_t number(const Json& spec, const char* key) {
  const auto found = spec.find(key);
  return found != spec.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

}  // namespace

LeaseRecord lease_record(const Object& lease) {
  const auto spec = lease.json().find("spec");
  if (spec == lease.json().end() || !spec->is_object()) {
    return {};
  }
  LeaseRecord out;
  out.holder = text_in(*spec, "holderIdentity");
  out.duration =
      std::chrono::seconds(std::clamp<std::int64_t>(number(*spec, "leaseDurationSeconds"), 0, duration_seconds_max));
  out.acquire_time = text_in(*spec, "acquireTime");
  out.renew_time = text_in(*spec, "renewTime");
  out.transitions = std::max<std::int64_t>(number(*spec, "leaseTransitions"), 0);
  return out;
}

Json lease_document(const Object& base, const std::string& namespace_name, const std::string& name,
                    const LeaseRecord& record) {
  Json document = base.json();
  document["apiVersion"] = leases.group_version();
  document["kind"] = leases.kind;
  if (!document["metadata"].is_object()) {
    document["metadata"] = Json::object();
  }
  document["metadata"]["name"] = name;
  document["metadata"]["namespace"] = namespace_name;
  document["spec"] = {{"holderIdentity", record.holder},
                      {"leaseDurationSeconds", record.duration.count()},
                      {"acquireTime", record.acquire_time},
                      {"renewTime", record.renew_time},
                      {"leaseTransitions", record.transitions}};
  return document;
}

void LeaseView::see(const Object& lease, Instant now) {
  LeaseRecord record = lease_record(lease);
  if (!lease_.has_value() || record != record_) {
    seen_at_ = now;
    record_ = std::move(record);
  }
  lease_ = lease;
}

bool LeaseView::taken(Instant now) const {
  return lease_.has_value() && !record_.holder.empty() && !ours() && now < seen_at_ + record_.duration;
}

LeaseRecord LeaseView::claim(std::chrono::seconds duration, WallTime now) const {
  LeaseRecord out;
  out.holder = identity_;
  out.duration = duration;
  out.renew_time = to_micro_time(now);
  out.acquire_time = ours() ? record_.acquire_time : out.renew_time;
  out.transitions = !lease_.has_value() ? 0 : ours() ? record_.transitions : record_.transitions + 1;
  return out;
}

LeaseRecord LeaseView::give_back(WallTime now) const {
  LeaseRecord out = record_;
  out.holder.clear();
  // The API refuses 0.
  out.duration = std::chrono::seconds(1);
  out.renew_time = out.acquire_time = to_micro_time(now);
  return out;
}

}  // namespace troupe::kube
