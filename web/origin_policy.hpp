#pragma once

#include <optional>
#include <string>
#include <vector>

#include <twinlane/web/message.hpp>

namespace twinlane::web {

/// Which browser pages may talk to the server.
///
/// Shape    the server's own origin is `http://` or, with TLS, `https://` and the request's Host. While the server
/// listens on loopback alone,
///          Host must be a loopback name or address, so that a page whose name was pointed at 127.0.0.1 gets nothing
/// Errors   verdict() gives the reason for a 403
/// Source   RFC 6454; the Fetch standard (CORS)
class origin_policy {
 public:
  origin_policy(std::vector<std::string> listed, bool loopback_only, bool tls = false);

  /// Credentials may be a cookie, which listed origins may send then.
  void allow_cookies() noexcept { cookies_ = true; }
  /// Nothing when the request may go on.
  std::optional<std::string> verdict(const request& r, bool websocket) const;
  /// CORS headers for a listed origin; `preflight` adds what OPTIONS asks for.
  void decorate(const std::optional<std::string>& origin, response& to, bool preflight) const;

 private:
  bool listed(std::string_view origin) const;
  bool foreign_host(std::string_view host) const;

  std::vector<std::string> listed_;
  bool loopback_only_, cookies_ = false;
  std::string own_scheme_;
};

}  // namespace twinlane::web
