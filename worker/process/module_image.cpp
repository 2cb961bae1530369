#include "worker/process/module_image.hpp"

#include <dlfcn.h>

#include <algorithm>

#include "troupe/image.hpp"
#include "worker/process/current.hpp"
#include "worker/process/elf_exports.hpp"
#include "worker/process/runtime.hpp"

namespace troupe {
namespace {

Error refuse(ErrorCode code, const std::filesystem::path& file, const std::string& what) {
  return {code, file.string() + " " + what};
}

/// Nothing when the file may be loaded.
Result<void> check_exports(const std::filesystem::path& file) {
  const auto exported = exported_symbols(file);
  if (!exported) {
    return exported.error();
  }
  const auto is_entry = [](const ExportedSymbol& symbol) { return symbol.name == TROUPE_MODULE_SYMBOL; };
  if (std::none_of(exported->begin(), exported->end(), is_entry)) {
    return refuse(ErrorCode::invalid_argument, file,
                  "is no Troupe module: it does not export " TROUPE_MODULE_SYMBOL
                  "; one source file needs TROUPE_MODULE(...)");
  }
  const auto other = std::find_if_not(exported->begin(), exported->end(), is_entry);
  if (other != exported->end()) {
    return refuse(ErrorCode::invalid_argument, file,
                  "exports " + other->name + (other->unique ? " (a unique symbol)" : "") + " and " +
                      std::to_string(exported->size() - 2) +
                      " more besides " TROUPE_MODULE_SYMBOL
                      ": two versions of it could not stand side by side; build it with troupe_add_module");
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const ModuleImage>> ModuleImage::open(const std::filesystem::path& file) {
  if (const auto fit = check_exports(file); !fit) {
    return fit.error();
  }
  void* const handle = dlopen(std::filesystem::absolute(file).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* const why = dlerror();
    return refuse(ErrorCode::internal, file, std::string("cannot be loaded: ") + (why != nullptr ? why : "unknown"));
  }
  const auto open = reinterpret_cast<troupe_module_open_function>(dlsym(handle, TROUPE_MODULE_SYMBOL));
  const troupe_module* const module = open == nullptr ? nullptr : open(&module_host_table);
  if (module == nullptr || module->magic != TROUPE_MODULE_MAGIC) {
    dlclose(handle);
    return refuse(ErrorCode::invalid_argument, file, "is no Troupe module: " TROUPE_MODULE_SYMBOL " describes none");
  }
  if (module->abi_version != TROUPE_ABI_VERSION || module->struct_size < sizeof(troupe_module)) {
    const std::string version = std::to_string(module->abi_version);
    dlclose(handle);
    return refuse(ErrorCode::unsupported, file,
                  "was built for version " + version + " of the module ABI, this worker has version " +
                      std::to_string(TROUPE_ABI_VERSION) + "; rebuild it against this worker's headers");
  }
  return std::shared_ptr<const ModuleImage>(new ModuleImage(file, handle, *module));
}

Result<void> ModuleImage::unload(Runtime& runtime, const std::shared_ptr<const ModuleImage>& module) {
  if (module.use_count() > 1) {
    return refuse(ErrorCode::unavailable, module->file_, "is held elsewhere");
  }
  if (auto released = runtime.release_image(module->image()); !released) {
    return released.error().in(module->file_.string());
  }
  const void* const inside = module->image();
  dlclose(module->handle_);
  Dl_info info;
  if (dladdr(inside, &info) != 0) {
    return refuse(ErrorCode::internal, module->file_,
                  "stays in memory: it is open elsewhere, or has a thread, a thread-local with a destructor or an exit "
                  "handler");
  }
  return {};
}

const troupe_process_class* ModuleImage::find_class(std::string_view name) const {
  for (std::uint32_t at = 0; at < module_.class_count; ++at) {
    if (abi::from_abi(module_.classes[at]->name) == name) {
      return module_.classes[at];
    }
  }
  return nullptr;
}

std::vector<std::string> ModuleImage::class_names() const {
  std::vector<std::string> names;
  for (std::uint32_t at = 0; at < module_.class_count; ++at) {
    names.emplace_back(abi::from_abi(module_.classes[at]->name));
  }
  return names;
}

}  // namespace troupe
