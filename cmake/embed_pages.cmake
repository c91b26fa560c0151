# Writes the files of a folder as a C++ source, so that a program brings its pages along wherever it is run:
#   cmake -D FOLDER=web/ui/dist -D OUT=embedded_pages.cpp -P embed_pages.cmake
# A folder that is not there gives a program without pages.
get_filename_component(FOLDER ${FOLDER} ABSOLUTE)
file(GLOB names RELATIVE ${FOLDER} ${FOLDER}/*)
list(LENGTH names count)
set(files "")
foreach(name ${names})
  file(READ ${FOLDER}/${name} hex HEX)
  file(SHA256 ${FOLDER}/${name} digest)
  string(SUBSTRING ${digest} 0 16 tag)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" text "${hex}")
  string(APPEND files "    {\"${name}\", \"${text}\"sv, \"\\\"${tag}\\\"\"},\n")
endforeach()

file(WRITE ${OUT} "#include <twinlane/web/embedded_pages.hpp>

#include <array>

namespace twinlane::web {

using namespace std::string_view_literals;

std::span<const embedded_file> embedded_pages() noexcept {
  static constexpr std::array<embedded_file, ${count}> files{{
${files}  }};
  return files;
}

}  // namespace twinlane::web
")
