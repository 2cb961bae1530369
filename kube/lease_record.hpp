// What a candidate makes of a Lease: pure. Follows client-go (tools/leaderelection/leaderelection.go): the times in the
// record are for people, a lease is over when its duration has passed since this candidate saw the record change.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "kube/object.hpp"

namespace troupe::kube {

struct LeaseRecord {
  std::string holder;  ///< "" when given back.
  std::chrono::seconds duration{0};
  std::string acquire_time;
  std::string renew_time;
  std::int64_t transitions = 0;

  bool operator==(const LeaseRecord&) const = default;
};

/// Missing or malformed fields count as empty or 0: such a lease is free.
LeaseRecord lease_record(const Object& lease);

/// A Lease document; `base` (may be empty) keeps its metadata, so that a PUT carries its resourceVersion.
nlohmann::json lease_document(const Object& base, const std::string& namespace_name, const std::string& name,
                              const LeaseRecord& record);

/// Remembers when the record last changed.
class LeaseView {
 public:
  explicit LeaseView(std::string identity) : identity_(std::move(identity)) {}

  void see(const Object& lease, Instant now);
  void forget() { lease_.reset(); }

  [[nodiscard]] const std::optional<Object>& lease() const { return lease_; }
  [[nodiscard]] bool ours() const { return lease_.has_value() && record_.holder == identity_; }
  /// Held by somebody else whose time is not over.
  [[nodiscard]] bool taken(Instant now) const;
  /// The record to write in order to take or renew the lease.
  [[nodiscard]] LeaseRecord claim(std::chrono::seconds duration, WallTime now) const;
  /// The record to write in order to give it back: free at once for the others.
  [[nodiscard]] LeaseRecord give_back(WallTime now) const;

 private:
  std::string identity_;
  std::optional<Object> lease_;
  LeaseRecord record_;
  Instant seen_at_;
};

}  // namespace troupe::kube
