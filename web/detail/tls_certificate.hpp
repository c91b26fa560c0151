#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <twinlane/web/detail/tls_channel.hpp>

namespace twinlane::web::detail {

/// The server's certificate, as its files have it.
///
/// Cost     refresh() looks at two files, and reads them when one has changed
/// Threads  one
/// Errors   the constructor throws as tls_context does
class tls_certificate {
 public:
  explicit tls_certificate(tls_files files);

  const std::shared_ptr<const tls_context>& context() const noexcept { return context_; }
  /// Takes changed files for new connections. What is wrong with them, when they are: the former certificate stays,
  /// and they are read again with each call.
  std::optional<std::string> refresh();

 private:
  struct mark {
    std::filesystem::file_time_type at{};
    std::uintmax_t size = 0;
    bool operator==(const mark&) const = default;
  };
  using marks = std::array<mark, 2>;
  marks look() const;

  tls_files files_;
  marks seen_;
  std::shared_ptr<const tls_context> context_;
};

}  // namespace twinlane::web::detail
