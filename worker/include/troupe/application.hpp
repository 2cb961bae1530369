// All that an application needs: include this one.
//
// In exactly one source file of a module: TROUPE_MODULE(Counter, Report) names the process classes that resources may
// start. Build with `troupe_add_module` (CMake), which hides everything but the one exported function.
#pragma once

#include "troupe/coroutine.hpp"
#include "troupe/process.hpp"
#include "troupe/server.hpp"
#include "troupe/supervisor.hpp"

namespace troupe::abi {

template <class... Classes>
const troupe_module* describe_module(const troupe_host* offered) {
  static const troupe_process_class* const classes[] = {&process_class<Classes>...};
  static const troupe_module module{TROUPE_MODULE_MAGIC, sizeof(troupe_module), TROUPE_ABI_VERSION,
                                    sizeof...(Classes),  &image_anchor,         classes};
  if (offered != nullptr && offered->abi_version == TROUPE_ABI_VERSION && offered->struct_size >= sizeof(troupe_host)) {
    host_table = offered;
  }
  return &module;
}

}  // namespace troupe::abi

#define TROUPE_MODULE(...)                                                                                             \
  extern "C" __attribute__((visibility("default"))) const troupe_module* troupe_module_open(const troupe_host* host) { \
    return troupe::abi::describe_module<__VA_ARGS__>(host);                                                            \
  }
