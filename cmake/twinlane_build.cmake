# How every target of the project is built: standard, warnings, linker, cache, include layout.
option(TWINLANE_TESTS "Build the tests" OFF)
option(TWINLANE_PERF "Build the benchmarks" OFF)
option(TWINLANE_FUZZ "Build the fuzz targets (needs clang)" OFF)
set(TWINLANE_SANITIZE "" CACHE STRING "Sanitizers for all targets, as in address,undefined")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(TWINLANE_CCACHE ccache)
if(TWINLANE_CCACHE)
  # Paths relative to the source, so that one build directory or clone profits from another.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_NOHASHDIR=1
                                  CCACHE_BASEDIR=${CMAKE_CURRENT_SOURCE_DIR} ${TWINLANE_CCACHE})
endif()
find_program(TWINLANE_MOLD mold)
if(TWINLANE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports false positives of these in optimized standard and Boost headers.
  add_compile_options(-Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread
                      -Wno-array-bounds -Wno-dangling-pointer)
endif()
if(TWINLANE_SANITIZE)
  add_compile_options(-fsanitize=${TWINLANE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TWINLANE_SANITIZE})
  add_compile_definitions(TWINLANE_SANITIZED=1)
  if(TWINLANE_SANITIZE MATCHES "thread")
    add_compile_options(-Wno-tsan)
  endif()
endif()
if(TWINLANE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -Wno-unused-command-line-argument)
  add_link_options(-fsanitize=address,undefined)
endif()

# One spelling of includes everywhere: <twinlane/lanes/map_lane.hpp>, as it will be when installed.
set(TWINLANE_INCLUDE ${CMAKE_CURRENT_SOURCE_DIR}/build/include)
file(MAKE_DIRECTORY ${TWINLANE_INCLUDE}/twinlane)
foreach(module lanes agents runtime ingest web)
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${module} ${TWINLANE_INCLUDE}/twinlane/${module} SYMBOLIC)
endforeach()
file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/runtime/twinlane.hpp ${TWINLANE_INCLUDE}/twinlane/twinlane.hpp SYMBOLIC)

# twinlane_module(name SOURCES … LINKS …): a module's library, twinlane::name.
function(twinlane_module name)
  cmake_parse_arguments(M "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(twinlane_${name} STATIC ${M_SOURCES})
  add_library(twinlane::${name} ALIAS twinlane_${name})
  target_include_directories(twinlane_${name} PUBLIC ${TWINLANE_INCLUDE})
  target_link_libraries(twinlane_${name} PUBLIC ${M_LINKS} PRIVATE ${M_PRIVATE_LINKS})
endfunction()
