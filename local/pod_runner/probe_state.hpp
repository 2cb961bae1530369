// When a probe is due and what its results add up to: thresholds and periods as a kubelet counts them. Pure.
#pragma once

#include "base/clock.hpp"
#include "local/pod_runner/pod_spec.hpp"

namespace troupe::local {

class ProbeState {
 public:
  enum class Verdict { unknown, success, failure };

  /// `start` is when the container started (or, for readiness and liveness, when its startup probe succeeded).
  ProbeState(const ProbeSpec& spec, Instant start) : spec_(spec), due_(start + spec.initial_delay) {}

  [[nodiscard]] Instant due() const { return due_; }
  [[nodiscard]] Verdict verdict() const { return verdict_; }
  [[nodiscard]] const ProbeSpec& spec() const { return spec_; }

  void record(bool succeeded, Instant now) {
    due_ = now + spec_.period;
    in_a_row_ = succeeded == last_ ? in_a_row_ + 1 : 1;
    last_ = succeeded;
    if (succeeded && in_a_row_ >= spec_.success_threshold) {
      verdict_ = Verdict::success;
    } else if (!succeeded && in_a_row_ >= spec_.failure_threshold) {
      verdict_ = Verdict::failure;
    }
  }

 private:
  ProbeSpec spec_;
  Instant due_;
  Verdict verdict_ = Verdict::unknown;
  bool last_ = false;
  int in_a_row_ = 0;
};

}  // namespace troupe::local
