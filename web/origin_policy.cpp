#include <twinlane/web/origin_policy.hpp>

#include <algorithm>
#include <charconv>

#include <twinlane/web/header_values.hpp>

namespace twinlane::web {
namespace {

bool digits(std::string_view text) { return text.find_first_not_of("0123456789") == std::string_view::npos; }

// The name in `name`, `name:port`, `[v6]:port`; all of it when what follows the name is no port.
std::string_view host_name(std::string_view host) {
  const auto colon = host.rfind(':');
  if (colon == std::string_view::npos || !digits(host.substr(colon + 1))) return host;
  return host.substr(0, colon);
}

// 127.a.b.c. A name that only begins so is somebody's domain.
bool loopback_v4(std::string_view name) {
  int parts = 0;
  for (bool more = true; more; ++parts) {
    const auto dot = name.find('.');
    const auto part = name.substr(0, dot);
    unsigned number = 256;
    if (part.empty() || part.size() > 3 || !digits(part)) return false;
    std::from_chars(part.data(), part.data() + part.size(), number);
    if (number > 255 || (parts == 0 && number != 127)) return false;
    more = dot != std::string_view::npos;
    if (more) name.remove_prefix(dot + 1);
  }
  return parts == 4;
}

bool loopback_name(std::string_view name) {
  if (name == "[::1]") return true;
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);  // the root, as in `localhost.`
  return same_ignoring_case(name, "localhost") || loopback_v4(name) ||
         (name.size() > 10 && same_ignoring_case(name.substr(name.size() - 10), ".localhost"));
}

std::string_view without_slash(std::string_view origin) {
  if (!origin.empty() && origin.back() == '/') origin.remove_suffix(1);
  return origin;
}

std::string_view after_scheme(std::string_view origin) {
  const auto at = origin.find("://");
  return at == std::string_view::npos ? std::string_view() : origin.substr(at + 3);
}

}  // namespace

origin_policy::origin_policy(std::vector<std::string> listed, bool loopback_only, bool tls)
    : listed_(std::move(listed)), loopback_only_(loopback_only), own_scheme_(tls ? "https://" : "http://") {
  for (auto& o : listed_) o = std::string(without_slash(o));
}

bool origin_policy::listed(std::string_view origin) const {
  return std::any_of(listed_.begin(), listed_.end(), [&](const auto& o) { return same_ignoring_case(o, origin); });
}

// A name with a dot is somebody's domain; an address or a bare name is not what a rebound page sends.
bool origin_policy::foreign_host(std::string_view host) const {
  if (!loopback_only_) return false;
  const auto name = host_name(host);
  if (name.find('.') == std::string_view::npos || loopback_name(name)) return false;
  return std::none_of(listed_.begin(), listed_.end(),
                      [&](const auto& o) { return same_ignoring_case(host_name(after_scheme(o)), name); });
}

std::optional<std::string> origin_policy::verdict(const request& r, bool websocket) const {
  if (foreign_host(r.host))
    return "Host '" + r.host.substr(0, 100) + "' is not a loopback name. List its origin in `origins`.";
  const bool reads = r.method == "GET" || r.method == "HEAD";
  if (!r.origin || (reads && !websocket)) return std::nullopt;
  if (listed(*r.origin)) return std::nullopt;
  const bool own = !r.host.empty() && same_ignoring_case(*r.origin, own_scheme_ + r.host) &&
                   (!loopback_only_ || loopback_name(host_name(r.host)));
  if (own) return std::nullopt;
  return "Origin '" + r.origin->substr(0, 100) + "' is neither the server's own nor listed in `origins`.";
}

void origin_policy::decorate(const std::optional<std::string>& origin, response& to, bool preflight) const {
  if (listed_.empty()) return;
  to.headers.emplace_back("Vary", "Origin");
  if (!origin || !listed(*origin)) return;
  to.headers.emplace_back("Access-Control-Allow-Origin", *origin);
  to.headers.emplace_back("Access-Control-Expose-Headers", "ETag, Retry-After");
  if (cookies_) to.headers.emplace_back("Access-Control-Allow-Credentials", "true");
  if (!preflight) return;
  to.headers.emplace_back("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  to.headers.emplace_back("Access-Control-Allow-Headers",
                          "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID");
  to.headers.emplace_back("Access-Control-Max-Age", "600");
}

}  // namespace twinlane::web
