#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <tuple>

#include <twinlane/runtime/errors.hpp>

namespace twinlane::web {

/// A file that is read again when it changes.
///
/// Cost     looks at the file at most once a second
/// Threads  one at a time
class watched_file {
 public:
  using clock = std::chrono::steady_clock;
  explicit watched_file(std::filesystem::path file) : file_(std::move(file)) {}

  /// The file's text, the first time and when it has changed; not_ready when it cannot be read, said once a change.
  std::optional<outcome<std::string>> changed(clock::time_point now);
  const std::filesystem::path& file() const noexcept { return file_; }

 private:
  using stamp = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>;
  std::filesystem::path file_;
  std::optional<clock::time_point> looked_;
  std::optional<stamp> seen_;
};

}  // namespace twinlane::web
