#include "worker/node/running_application.hpp"

#include "worker/node/command_child.hpp"
#include "worker/node/module_file.hpp"
#include "worker/supervision/supervisor.hpp"

namespace troupe::node {
namespace {

/// Tells the end of the supervisor to whoever keeps the application.
class SupervisorWatch {
 public:
  using messages = troupe::messages<>;
  static constexpr bool system_process = true;

  SupervisorWatch(Pid supervisor, std::function<void(const Term&)> on_ended) : on_ended_(std::move(on_ended)) {
    monitor(supervisor);
  }
  void handle(const Down& down) {
    on_ended_(down.reason);
    troupe::exit(Term::atom("normal"));
  }

 private:
  std::function<void(const Term&)> on_ended_;
};

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) {
    all += (all.empty() ? "" : ", ") + name;
  }
  return all;
}

Result<std::shared_ptr<const ModuleImage>, ApplicationFailure> load_module(const ModuleReference& reference,
                                                                           const std::string& image_root) {
  auto file = find_module_file(reference, image_root);
  if (!file) {
    return ApplicationFailure{file.error().code == ErrorCode::not_found ? "ModuleNotFound" : "ModuleInvalid",
                              file.error().message};
  }
  auto module = ModuleImage::open(*file);
  if (!module) {
    return ApplicationFailure{"ModuleInvalid", "spec.module: " + module.error().message};
  }
  return std::move(*module);
}

ChildSpec command_child_spec(const ApplicationSpec& application, const ChildDescription& child,
                             const ApplicationSurroundings& surroundings) {
  CommandSpec command{application.name, child.name, child.argv, surroundings.env};
  ChildSpec spec;
  spec.id = child.name;
  spec.start = [command, name = child.name](Runtime& runtime) {
    StartRequest request = start_request<CommandChild>(&runtime, command);
    request.name = name;
    request.link = true;
    return runtime.start(request);
  };
  return spec;
}

Result<SupervisorSpec, ApplicationFailure> build_tree(const ApplicationSpec& application, const ModuleImage* module,
                                                      const ApplicationSurroundings& surroundings) {
  SupervisorSpec tree;
  tree.strategy = application.strategy;
  tree.intensity = application.intensity;
  for (const ChildDescription& child : application.children) {
    ChildSpec spec;
    if (child.process_class.empty()) {
      spec = command_child_spec(application, child, surroundings);
    } else {
      const troupe_process_class* process_class = module->find_class(child.process_class);
      if (process_class == nullptr) {
        return ApplicationFailure{
            "ClassNotFound", "spec.supervisor.children[" + child.name + "].process.class: the module has no class \"" +
                                 child.process_class + "\"; it has " + joined(module->class_names())};
      }
      spec = process_child(child.name, *process_class, child.arguments, child.name);
    }
    spec.restart = child.restart;
    spec.shutdown_timeout = child.shutdown_timeout;
    tree.children.push_back(std::move(spec));
  }
  return tree;
}

}  // namespace

Result<std::unique_ptr<Application>, ApplicationFailure> Application::start(
    Runtime& runtime, const ApplicationSpec& spec, const ApplicationSurroundings& surroundings,
    std::function<void(const Term& reason)> on_ended, std::function<void()> on_restart) {
  std::shared_ptr<const ModuleImage> module;
  if (spec.module) {
    auto loaded = load_module(*spec.module, surroundings.image_root);
    if (!loaded) {
      return loaded.error();
    }
    module = std::move(*loaded);
  }
  for (const ChildDescription& child : spec.children) {
    if (runtime.whereis(child.name)) {
      return ApplicationFailure{"NameTaken",
                                "spec.supervisor.children[" + child.name +
                                    "].name: another application of this cluster runs a process of that name"};
    }
  }
  auto tree = build_tree(spec, module.get(), surroundings);
  if (!tree) {
    return tree.error();
  }
  tree->on_restart = [on_restart](std::string_view, const Term&) { on_restart(); };
  auto supervisor = start_supervisor(runtime, std::move(*tree), supervisor_name(spec.name));
  if (!supervisor) {
    return ApplicationFailure{"StartFailed", supervisor.error().text()};
  }
  runtime.spawn<SupervisorWatch>(*supervisor, std::move(on_ended));
  return std::unique_ptr<Application>(new Application(runtime, *supervisor, std::move(module)));
}

void Application::stop() { runtime_.exit(supervisor_, Term::atom("shutdown")); }

}  // namespace troupe::node
