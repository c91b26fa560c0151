#include <twinlane/web/detail/tls_certificate.hpp>

#include <stdexcept>
#include <system_error>

namespace twinlane::web::detail {

tls_certificate::tls_certificate(tls_files files)
    : files_(std::move(files)), seen_(look()), context_(std::make_shared<const tls_context>(files_)) {}

tls_certificate::marks tls_certificate::look() const {
  const auto at = [](const std::string& file) {
    std::error_code none;
    return mark{std::filesystem::last_write_time(file, none), std::filesystem::file_size(file, none)};
  };
  return {at(files_.cert), at(files_.key)};
}

std::optional<std::string> tls_certificate::refresh() {
  // Looked at first: what changes while it is read is seen the next time.
  const auto now = look();
  if (now == seen_) return std::nullopt;
  try {
    context_ = std::make_shared<const tls_context>(files_);
    seen_ = now;
  } catch (const std::runtime_error& e) {
    return std::string(e.what()) + " The certificate that was there before stays in use.";
  }
  return std::nullopt;
}

}  // namespace twinlane::web::detail

namespace twinlane::web {

std::optional<std::string> problem_of(const tls_files& files) {
  try {
    const detail::tls_context tried(files);
    return std::nullopt;
  } catch (const std::runtime_error& e) {
    return e.what();
  }
}

}  // namespace twinlane::web
