#include "worker/supervision/dynamic_supervisor.hpp"

#include <functional>
#include <utility>

#include "worker/supervision/dynamic_supervisor_process.hpp"

namespace troupe {

ChildTemplate process_template(const troupe_process_class& process_class, Term arguments) {
  return [&process_class, arguments = std::move(arguments)](Runtime& runtime,
                                                            const Term& extra) -> Result<Pid, StartError> {
    std::vector<Term::Pair> fields;
    const auto lay_over = [&](const Term& map) {
      const auto pairs = map.as_map();
      if (pairs) {
        fields.insert(fields.end(), pairs->begin(), pairs->end());
      }
      return pairs.has_value();
    };
    bool good = lay_over(arguments) && extra.as_list().has_value();
    for (std::size_t at = 0; good && at < extra.as_list()->size(); ++at) {
      good = lay_over((*extra.as_list())[at]);
    }
    if (!good) {
      return StartError{Term::tuple(
          {Term::atom("bad_arguments"), Term::binary("expected a list of maps from field names to values")})};
    }
    StartRequest request;
    request.process_class = &process_class;
    request.arguments = Term::map(std::move(fields));
    request.link = true;
    return runtime.start(request);
  };
}

Result<Pid, StartError> start_dynamic_supervisor(Runtime& runtime, DynamicSupervisorSpec spec,
                                                 const std::string& name) {
  ChildSpec child;
  child.id = "undefined";
  child.restart = spec.restart;
  child.significant = spec.significant;
  if (spec.start) {
    child.start = [](Runtime&) -> Result<Pid, StartError> { return Pid{}; };
  }
  if (auto fault = fault_of(child, spec.auto_shutdown)) {
    return StartError{Term::tuple({Term::atom("bad_start_spec"), std::move(*fault)})};
  }
  auto request = start_request<DynamicSupervisorProcess>(std::ref(runtime), std::move(spec));
  request.name = name;
  request.link = true;
  return runtime.start(request);
}

ChildSpec dynamic_supervisor_child(std::string id, DynamicSupervisorSpec spec, std::string name) {
  return supervisor_child(std::move(id), [spec = std::move(spec), name = std::move(name)](Runtime& runtime) {
    return start_dynamic_supervisor(runtime, spec, name);
  });
}

}  // namespace troupe
