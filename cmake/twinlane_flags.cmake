# How the project itself is compiled; hosts that build it as a part of theirs use their own flags.
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
