#include "worker/supervision/supervisor.hpp"

#include <memory>
#include <set>
#include <utility>

#include "worker/supervision/supervisor_process.hpp"

namespace troupe {

Result<Pid, StartError> start_supervisor(Runtime& runtime, SupervisorSpec spec, const std::string& name) {
  std::set<std::string> ids;
  for (const ChildSpec& child : spec.children) {
    if (!ids.insert(child.id).second) {
      return StartError{Term::tuple(
          {Term::atom("bad_child_specs"), Term::tuple({Term::atom("duplicate_child_id"), Term::atom(child.id)})})};
    }
  }
  const auto outcome = std::make_shared<StartOutcome>();
  StartRequest request;
  request.process_class = &abi::process_class<SupervisorProcess>;
  request.name = name;
  request.link = true;
  request.construct = [&](void* state) {
    return abi::guarded([&] {
      new (state) SupervisorProcess(runtime, std::move(spec), outcome);
      return static_cast<int>(TROUPE_HANDLED);
    });
  };
  auto started = runtime.start(request);
  if (outcome->failure) {
    return StartError{*outcome->failure};
  }
  return started;
}

ChildSpec supervisor_child(std::string id, SupervisorSpec spec, std::string name) {
  ChildSpec child;
  child.id = std::move(id);
  child.type = ChildType::supervisor;
  child.shutdown_timeout = shutdown_infinity;
  child.start = [spec = std::move(spec), name = std::move(name)](Runtime& runtime) {
    return start_supervisor(runtime, spec, name);
  };
  return child;
}

ChildSpec process_child(std::string id, const troupe_process_class& process_class, Term arguments, std::string name) {
  ChildSpec child;
  child.id = std::move(id);
  child.start = [&process_class, arguments = std::move(arguments), name = std::move(name)](Runtime& runtime) {
    StartRequest request;
    request.process_class = &process_class;
    request.arguments = arguments;
    request.name = name;
    request.link = true;
    return runtime.start(request);
  };
  return child;
}

}  // namespace troupe
