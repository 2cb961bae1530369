// Kubernetes Events that say why: core/v1 Events, repeated ones counted up instead of written anew.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "kube/client.hpp"

namespace troupe::kube {

enum class EventType { normal, warning };

/// Thread-safe. Destroying it goes on sending what is queued for up to 2 s. `record` queues and returns at once; at
/// most 10 events a second are sent per object with a burst of 25, the rest is dropped and counted. Failures are
/// logged, never returned: an event is news, not state.
class EventRecorder {
 public:
  EventRecorder(std::shared_ptr<Client> client, std::string component, const Clock& clock);
  ~EventRecorder();
  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;

  /// `reason` in CamelCase, `message` a sentence for people.
  void record(const Object& about, EventType type, std::string_view reason, std::string_view message);
  /// Events that were never written: over the rate, over the queue's 1000, or refused by the server.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace troupe::kube
