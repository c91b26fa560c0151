#pragma once

#include <span>
#include <string_view>

namespace twinlane::web {

/// A file that lies in the program itself.
struct embedded_file {
  std::string_view name;  // relative to /ui/, as app.js
  std::string_view content;
  std::string_view tag;  // an ETag
};

/// The generic pages (web/ui) as they were built; empty when the build had none, for want of npm.
std::span<const embedded_file> embedded_pages() noexcept;

}  // namespace twinlane::web
