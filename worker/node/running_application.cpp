#include "worker/node/running_application.hpp"

#include "base/log.hpp"
#include "worker/node/command_child.hpp"
#include "worker/node/module_file.hpp"
#include "worker/node/process_upgrade.hpp"
#include "worker/process/crash_report.hpp"
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

ApplicationFailure class_not_found(const ChildDescription& child, const ModuleImage& module) {
  return {"ClassNotFound", "spec.supervisor.children[" + child.name + "].process.class: the module has no class \"" +
                               child.process_class + "\"; it has " + joined(module.class_names())};
}

/// Each start, also a restart, is of the module that is current then.
ChildSpec module_child_spec(const ChildDescription& child, std::shared_ptr<const CurrentModule> module) {
  ChildSpec spec;
  spec.id = child.name;
  spec.start = [child, module = std::move(module)](Runtime& runtime) -> Result<Pid, StartError> {
    const auto image = module->get();
    StartRequest request;
    request.process_class = image->find_class(child.process_class);
    request.arguments = child.arguments;
    request.name = child.name;
    request.link = true;
    return runtime.start(request);
  };
  return spec;
}

Result<SupervisorSpec, ApplicationFailure> build_tree(const ApplicationSpec& application,
                                                      const std::shared_ptr<const CurrentModule>& module,
                                                      const ApplicationSurroundings& surroundings) {
  SupervisorSpec tree;
  tree.strategy = application.strategy;
  tree.intensity = application.intensity;
  for (const ChildDescription& child : application.children) {
    ChildSpec spec;
    if (child.process_class.empty()) {
      spec = command_child_spec(application, child, surroundings);
    } else {
      if (module->get()->find_class(child.process_class) == nullptr) {
        return class_not_found(child, *module->get());
      }
      spec = module_child_spec(child, module);
    }
    spec.restart = child.restart;
    spec.shutdown_timeout = child.shutdown_timeout;
    tree.children.push_back(std::move(spec));
  }
  return tree;
}

}  // namespace

Result<std::unique_ptr<Application>, ApplicationFailure> Application::start(
    Runtime& runtime, const ApplicationSpec& spec, const ApplicationSurroundings& surroundings, RetiredModules& retired,
    std::function<void(const Term& reason)> on_ended, std::function<void()> on_restart) {
  for (const ChildDescription& child : spec.children) {
    if (runtime.whereis(child.name)) {
      return ApplicationFailure{"NameTaken",
                                "spec.supervisor.children[" + child.name +
                                    "].name: another application of this cluster runs a process of that name"};
    }
  }
  std::shared_ptr<CurrentModule> module;
  if (spec.module) {
    auto loaded = load_module(*spec.module, surroundings.image_root);
    if (!loaded) {
      return loaded.error();
    }
    module = std::make_shared<CurrentModule>(std::move(*loaded));
  }
  auto tree = build_tree(spec, module, surroundings);
  if (!tree) {
    if (module) {
      retired.add(module->set(nullptr));
    }
    return tree.error();
  }
  tree->on_restart = [on_restart](std::string_view, const Term&) { on_restart(); };
  auto supervisor = start_supervisor(runtime, std::move(*tree), supervisor_name(spec.name));
  if (!supervisor) {
    if (module) {
      retired.add(module->set(nullptr));
    }
    return ApplicationFailure{"StartFailed", supervisor.error().text()};
  }
  runtime.spawn<SupervisorWatch>(*supervisor, std::move(on_ended));
  return std::unique_ptr<Application>(new Application(runtime, *supervisor, spec, std::move(module), retired));
}

Application::~Application() {
  if (module_) {
    retired_.add(module_->set(nullptr));
  }
}

void Application::stop() { runtime_.exit(supervisor_, Term::atom("shutdown")); }

std::string Application::objections(const ModuleImage& from, const ModuleImage& to,
                                    const std::vector<Pid>& children) const {
  const ProcessesUpgrade tried =
      upgrade_processes(runtime_, from, to, spec_.module->version, children, /*dry_run=*/true);
  std::string all;
  for (const ProcessesUpgrade::Failure& failure : tried.failures) {
    const auto info = runtime_.process_info(failure.pid);
    all += (all.empty() ? "" : "; ") + failure.process_class + " " +
           (info && !info->name.empty() ? info->name : text_for_log(failure.pid)) + ": " + failure.why;
  }
  return all;
}

Result<Application::Upgrade, ApplicationFailure> Application::upgrade(const ApplicationSpec& spec,
                                                                      const ApplicationSurroundings& surroundings) {
  if (!spec.module || !spec_.module) {
    return Upgrade::needs_restart;
  }
  if (spec.module->path == spec_.module->path) {
    if (spec.module->version == spec_.module->version) {
      return Upgrade::done;  // A digest was added or a name changed.
    }
    return ApplicationFailure{"UpgradeRefused", "spec.module.path: version " + spec_.module->version +
                                                    " runs from this very file; a new version needs a path of its own"};
  }
  auto loaded = load_module(*spec.module, surroundings.image_root);
  if (!loaded) {
    return loaded.error();
  }
  std::shared_ptr<const ModuleImage> to = std::move(*loaded);
  const std::shared_ptr<const ModuleImage> from = module_->get();
  std::vector<Pid> children;
  for (const ChildDescription& child : spec.children) {
    if (child.process_class.empty()) {
      continue;
    }
    const troupe_process_class* const before = from->find_class(child.process_class);
    const troupe_process_class* const after = to->find_class(child.process_class);
    if (after == nullptr) {
      const ApplicationFailure failure = class_not_found(child, *to);
      retired_.add(std::move(to));
      return failure;
    }
    if (before->save == nullptr || after->load == nullptr) {
      retired_.add(std::move(to));
      return Upgrade::needs_restart;
    }
    if (const auto pid = runtime_.whereis(child.name)) {
      children.push_back(*pid);
    }
  }
  if (const std::string objected = objections(*from, *to, children); !objected.empty()) {
    retired_.add(std::move(to));
    return ApplicationFailure{"UpgradeRefused", objected};
  }
  module_->set(to);
  const ProcessesUpgrade done = upgrade_processes(runtime_, *from, *to, spec_.module->version, children, false);
  for (const ProcessesUpgrade::Failure& failure : done.failures) {
    log_warning("not upgraded, though it could be a moment ago: ended, to be restarted in the new version",
                {{"pid", text_for_log(failure.pid)}, {"class", failure.process_class}, {"error", failure.why}});
    runtime_.exit(failure.pid, Term::tuple({Term::atom("upgrade_failed"), Term::binary(failure.why)}));
  }
  log_info("application upgraded", {{"application", spec.name},
                                    {"from", spec_.module->version},
                                    {"to", spec.module->version},
                                    {"processes", static_cast<std::int64_t>(done.upgraded)}});
  retired_.add(from);
  spec_ = spec;
  return Upgrade::done;
}

}  // namespace troupe::node
