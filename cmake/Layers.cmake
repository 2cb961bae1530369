# A layer is a folder: one static library that names the layers it may include.

# Several sources of a layer are compiled as one, which halves the time from a clone to a running cluster: most of it goes
# into parsing the same headers. The preset `release` builds each by itself, which proves that it includes what it uses.
option(TROUPE_UNITY "Compile several sources of a layer as one" ON)

# Sanitized tests likewise, where the time of the whole counts and not that of a test that was just edited.
if(TROUPE_SANITIZE)
  option(TROUPE_UNITY_TESTS "Compile several sources of a test as one" ON)
endif()

# Compiles `batch` sources of the target as one.
function(troupe_unity name batch)
  set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${batch})
  # Said of a type in an unnamed namespace whenever it is not in the main file, which here is the file of includes.
  target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endfunction()

# troupe_add_layer(troupe_base SOURCES a.cpp b.cpp LINKS other_layer lib ...)
function(troupe_add_layer name)
  cmake_parse_arguments(LAYER "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(${name} STATIC ${LAYER_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${LAYER_LINKS} Threads::Threads PRIVATE ${LAYER_PRIVATE_LINKS})
  if(TROUPE_UNITY)
    troupe_unity(${name} 8)
  endif()
endfunction()

# troupe_add_program(troupe-operator SOURCES main.cpp LINKS ...): lands in build/<preset>/bin.
function(troupe_add_program name)
  cmake_parse_arguments(PROGRAM "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${PROGRAM_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${PROGRAM_LINKS})
endfunction()

# troupe_add_test(base_test SOURCES result_test.cpp LINKS troupe_base): one GoogleTest program, one ctest entry. ALONE:
# further sources, with names that others have too.
function(troupe_add_test name)
  cmake_parse_arguments(TEST "" "TIMEOUT" "SOURCES;ALONE;LINKS;LABELS" ${ARGN})
  find_package(GTest REQUIRED)
  add_executable(${name} ${TEST_SOURCES} ${TEST_ALONE})
  set_source_files_properties(${TEST_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${TEST_LINKS} GTest::gtest GTest::gmock GTest::gtest_main)
  if(TROUPE_UNITY_TESTS)
    troupe_unity(${name} 6)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
  if("$ENV{TROUPE_NIGHTLY}" STREQUAL "1")
    set(TEST_TIMEOUT 7200)  # Thousands of seeds.
  elseif(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 300)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${TEST_TIMEOUT} LABELS "unit;${TEST_LABELS}")
endfunction()
