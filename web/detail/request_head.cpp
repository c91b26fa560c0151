#include <twinlane/web/detail/request_head.hpp>

#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include <boost/beast/core/string.hpp>

#include <twinlane/web/header_values.hpp>

namespace twinlane::web::detail {

using boost::beast::http::field;

request request_of(const request_header& h) {
  const auto text = [&](field f) {
    const auto v = h[f];
    return std::string(v.data(), v.size());
  };
  const auto maybe = [&](field f) { return h.count(f) > 0 ? std::optional(text(f)) : std::nullopt; };
  const auto named = [&](boost::beast::string_view name) {
    const auto found = h.find(name);
    return found != h.end() ? std::optional(std::string(found->value())) : std::nullopt;
  };
  request r;
  r.method = std::string(h.method_string());
  r.target = std::string(h.target());
  r.accept = text(field::accept);
  r.content_type = text(field::content_type);
  r.content_encoding = text(field::content_encoding);
  r.host = text(field::host);
  if (auto absolute = absolute_target(r.target)) std::tie(r.host, r.target) = std::move(*absolute);
  r.origin = maybe(field::origin);
  r.authorization = maybe(field::authorization);
  r.cookie = maybe(field::cookie);
  r.if_match = maybe(field::if_match);
  r.if_none_match = maybe(field::if_none_match);
  r.idempotency_key = named("Idempotency-Key");
  r.last_event_id = named("Last-Event-ID");
  return r;
}

}  // namespace twinlane::web::detail
