#include "worker/supervision/supervisor.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "worker/supervision/supervisor_process.hpp"

namespace troupe {
namespace {

std::optional<Term> fault_of_all(const SupervisorSpec& spec) {
  std::set<std::string_view> ids;
  for (const ChildSpec& child : spec.children) {
    if (auto fault = fault_of(child, spec.auto_shutdown)) {
      return fault;
    }
    if (!ids.insert(child.id).second) {
      return Term::tuple({Term::atom("duplicate_child_id"), Term::atom(child.id)});
    }
  }
  return std::nullopt;
}

}  // namespace

Result<Pid, StartError> start_supervisor(Runtime& runtime, SupervisorSpec spec, const std::string& name) {
  if (auto fault = fault_of_all(spec)) {
    return StartError{Term::tuple({Term::atom("bad_child_specs"), std::move(*fault)})};
  }
  const auto outcome = std::make_shared<StartOutcome>();
  auto request = start_request<SupervisorProcess>(std::ref(runtime), std::move(spec), outcome);
  request.name = name;
  request.link = true;
  auto started = runtime.start(request);
  if (outcome->failure) {
    return StartError{*outcome->failure};
  }
  return started;
}

ChildSpec supervisor_child(std::string id, SupervisorSpec spec, std::string name) {
  return supervisor_child(std::move(id), [spec = std::move(spec), name = std::move(name)](Runtime& runtime) {
    return start_supervisor(runtime, spec, name);
  });
}

}  // namespace troupe
