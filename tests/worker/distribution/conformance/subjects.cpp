#include "tests/worker/distribution/conformance/subjects.hpp"

#include "worker/supervision/supervisor.hpp"

namespace troupe::conformance {

Result<void> start_subjects(Runtime& runtime) {
  SupervisorSpec spec;
  spec.intensity = {.restarts_max = 1'000, .window = std::chrono::seconds(1)};
  spec.children = {named_child<Counter>("counter"), named_child<Door>("door")};
  if (auto started = start_supervisor(runtime, std::move(spec), "tree"); !started) {
    return Error{ErrorCode::internal, started.error().text()};
  }
  return {};
}

}  // namespace troupe::conformance
