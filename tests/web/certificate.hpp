#pragma once

#include <filesystem>
#include <string>

#include <twinlane/web/tls_files.hpp>

namespace twinlane::testing {

/// A folder with a certificate for localhost and 127.0.0.1 that signs itself, and its key; gone with the object.
class certificate {
 public:
  certificate();
  ~certificate();
  certificate(const certificate&) = delete;
  certificate& operator=(const certificate&) = delete;

  const web::tls_files& files() const noexcept { return files_; }
  const std::string& cert() const noexcept { return files_.cert; }
  /// Takes another's place.
  void replace(const certificate& by) const;
  const std::filesystem::path& folder() const noexcept { return folder_; }

 private:
  std::filesystem::path folder_;
  web::tls_files files_;
};

/// What the file says now.
void write_file(const std::filesystem::path& file, const std::string& text);

}  // namespace twinlane::testing
