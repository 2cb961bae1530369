#include "worker/supervision/child_spec.hpp"

#include <exception>
#include <stdexcept>
#include <typeinfo>
#include <utility>

namespace troupe {
namespace {

Term pair(std::string_view name, Term value) { return Term::tuple({Term::atom(name), std::move(value)}); }

bool is_atom_text(const std::string& text) {
  try {
    return !text.empty() && Term::atom(text).as_atom().has_value();
  } catch (const std::invalid_argument&) {
    return false;
  }
}

}  // namespace

std::optional<Term> fault_of(const ChildSpec& spec, AutoShutdown auto_shutdown) {
  if (!is_atom_text(spec.id)) {
    return pair("invalid_child_id", Term::binary(spec.id));
  }
  if (!spec.start) {
    return pair("invalid_mfa", Term::atom("undefined"));
  }
  if (!spec.significant) {
    return std::nullopt;
  }
  const Term significant = pair("significant", Term::boolean(true));
  if (auto_shutdown == AutoShutdown::never) {
    return pair("bad_combination", Term::list({pair("auto_shutdown", Term::atom("never")), significant}));
  }
  if (spec.restart == Restart::permanent) {
    return pair("bad_combination", Term::list({pair("restart", Term::atom("permanent")), significant}));
  }
  return std::nullopt;
}

Result<Pid, StartError> start_guarded(const ChildStart& start, Runtime& runtime) {
  const auto failure = [](std::string_view what, std::string_view type) {
    return StartError{Term::tuple({Term::atom("exception"), Term::binary(what), Term::binary(type)})};
  };
  try {
    return start(runtime);
  } catch (const abi::ExitNow& exit) {
    return StartError{exit.reason};
  } catch (const std::exception& error) {
    return failure(error.what(), abi::demangled(typeid(error).name()));
  } catch (...) {
    return failure("not a std::exception", "unknown");
  }
}

namespace {

ChildSpec child_of(std::string id, StartRequest request) {
  request.link = true;
  ChildSpec child;
  child.id = std::move(id);
  child.start = [request = std::move(request)](Runtime& runtime) { return runtime.start(request); };
  return child;
}

}  // namespace

ChildSpec process_child(std::string id, const troupe_process_class& process_class, Term arguments, std::string name) {
  StartRequest request;
  request.process_class = &process_class;
  request.arguments = std::move(arguments);
  request.name = std::move(name);
  return child_of(std::move(id), std::move(request));
}

ChildSpec process_child(std::string id, const troupe_process_class& process_class,
                        std::function<int(void* state)> construct, std::string name) {
  StartRequest request;
  request.process_class = &process_class;
  request.construct = std::move(construct);
  request.name = std::move(name);
  return child_of(std::move(id), std::move(request));
}

ChildSpec supervisor_child(std::string id, ChildStart start) {
  ChildSpec child;
  child.id = std::move(id);
  child.type = ChildType::supervisor;
  child.shutdown_timeout = shutdown_infinity;
  child.start = std::move(start);
  return child;
}

}  // namespace troupe
