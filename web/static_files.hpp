#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <twinlane/web/embedded_pages.hpp>
#include <twinlane/web/message.hpp>

namespace twinlane::web {

/// The files of one folder, or files in the program itself, for a single-page application.
///
/// Shape    a path that names no file and looks like a page (no file extension, or HTML is accepted) gets index.html
/// Cost     reads the file on the calling thread, at most 16 MiB
/// Errors   404 for everything outside the folder, for names that begin with a dot, and for links that lead out
/// Threads  any
class static_files {
 public:
  /// The embedded files count when there is no such folder.
  static_files(const std::string& folder, std::span<const embedded_file> embedded);

  bool has_index() const;
  /// Answers a GET of the encoded path below /ui/, as `assets/app.js`.
  response get(std::string_view path, const request& r) const;

 private:
  response get_embedded(std::string_view path, const request& r) const;
  std::optional<std::filesystem::path> find(std::string_view path) const;
  response answer(const std::filesystem::path& file, const request& r) const;

  std::filesystem::path root_;
  std::span<const embedded_file> embedded_;
};

/// The Content-Type that goes with a file's name.
std::string_view content_type_of(std::string_view name);

}  // namespace twinlane::web
