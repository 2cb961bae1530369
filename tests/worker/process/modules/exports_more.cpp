// A module that was not built with troupe_add_module.
#include "troupe/abi.h"

extern "C" int answer() { return 42; }
extern "C" const troupe_module* troupe_module_open(const troupe_host* /*host*/) { return nullptr; }
