#include <twinlane/web/origin_policy.hpp>

#include <algorithm>

#include <twinlane/web/header_values.hpp>

namespace twinlane::web {
namespace {

// The name in `name`, `name:port`, `[v6]:port`.
std::string_view host_name(std::string_view host) {
  if (!host.empty() && host.front() == '[') return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.rfind(':'));
}

bool loopback_name(std::string_view name) {
  return same_ignoring_case(name, "localhost") || name == "[::1]" || name.substr(0, 4) == "127." ||
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

origin_policy::origin_policy(std::vector<std::string> listed, bool loopback_only)
    : listed_(std::move(listed)), loopback_only_(loopback_only) {
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
  const bool own = !r.host.empty() && same_ignoring_case(*r.origin, "http://" + r.host) &&
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
  if (!preflight) return;
  to.headers.emplace_back("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  to.headers.emplace_back("Access-Control-Allow-Headers",
                          "Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID");
  to.headers.emplace_back("Access-Control-Max-Age", "600");
}

}  // namespace twinlane::web
