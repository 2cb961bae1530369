// Process groups as the runtime sees them: who may join what. Implemented with pg's protocol in worker/distribution,
// and for one node alone here.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/pid.hpp"

namespace troupe {

/// Thread-safe.
class Groups {
 public:
  virtual ~Groups() = default;
  /// A process of this node; it may join several times.
  virtual void join(std::string_view group, const Pid& process) = 0;
  /// Takes back one join. False when `process` is no member.
  virtual bool leave(std::string_view group, const Pid& process) = 0;
  /// On every connected node, once for every join.
  [[nodiscard]] virtual std::vector<Pid> members(std::string_view group) const = 0;
  /// A process of this node that had joined something has ended.
  virtual void process_ended(const Pid& process) = 0;
};

/// Groups of one node that stands alone.
std::unique_ptr<Groups> make_local_groups();

}  // namespace troupe
