# An application module: a shared object that a worker loads.

set(TROUPE_MODULE_VERSION_SCRIPT ${PROJECT_SOURCE_DIR}/worker/module/exports.map)

# troupe_add_module(counter SOURCES counter.cpp [LINKS lib ...]): lands in build/<preset>/modules/counter.so.
# Exports exactly one C function, and no unique symbol: only so can two versions of a module stand side by side and leave
# memory again.
function(troupe_add_module name)
  cmake_parse_arguments(MODULE "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${name} MODULE ${MODULE_SOURCES})
  target_link_libraries(${name} PRIVATE troupe_module ${MODULE_LINKS})
  target_compile_options(${name} PRIVATE -fvisibility=hidden -fvisibility-inlines-hidden
                         $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  # Static libraries that the module links may have been compiled otherwise: the version script hides them too.
  target_link_options(${name} PRIVATE -Wl,--version-script=${TROUPE_MODULE_VERSION_SCRIPT} -Wl,--exclude-libs,ALL
                      -Wl,-z,defs)
  set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX ".so" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/modules
                        LINK_DEPENDS ${TROUPE_MODULE_VERSION_SCRIPT})
endfunction()
