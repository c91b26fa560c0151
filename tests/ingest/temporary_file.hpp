#pragma once

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>

namespace twinlane::ingest {

/// A file with this content for as long as the object lives.
class temporary_file {
 public:
  explicit temporary_file(const std::string& content, const std::string& suffix = ".txt") {
    static std::atomic<int> count{0};
    path_ = std::filesystem::temp_directory_path() /
            ("twinlane-ingest-" + std::to_string(getpid()) + "-" + std::to_string(count++) + suffix);
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~temporary_file() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;

  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace twinlane::ingest
