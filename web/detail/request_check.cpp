#include <twinlane/web/detail/request_check.hpp>

#include <boost/beast/core/string.hpp>

#include <twinlane/web/header_values.hpp>

namespace twinlane::web::detail {

using boost::beast::http::field;

std::optional<response> malformed_request(const request_header& h, std::string_view host) {
  const auto wrong = [](std::string_view detail) { return problem_response(problem::bad_request, detail); };
  if (h.version() != 11 && h.version() != 10) return wrong("Only HTTP/1.0 and HTTP/1.1 are spoken here.");
  const auto hosts = h.count(field::host);
  if (hosts > 1 || (hosts == 0 && h.version() == 11)) return wrong("A request has exactly one Host header.");
  if (!is_host(host)) return wrong("The host is not a name or an address.");
  if (h.count(field::transfer_encoding) > 0) {
    if (!boost::beast::iequals(h[field::transfer_encoding], "chunked"))
      return wrong("Transfer-Encoding may only be chunked.");
    if (h.count(field::content_length) > 0) return wrong("Content-Length and Transfer-Encoding exclude each other.");
    if (h.version() == 10) return wrong("HTTP/1.0 has no Transfer-Encoding.");
  }
  if (h.count(field::origin) > 1) return wrong("A request has at most one Origin header.");
  if (h.count(field::authorization) > 1) return wrong("A request has at most one Authorization header.");
  return std::nullopt;
}

std::optional<response> malformed_handshake(const request_header& h) {
  if (h[field::sec_websocket_version] != "13") {
    auto r = problem_response(426, "bad_request", "Upgrade required", "This URL speaks version 13 of WebSocket.");
    r.headers = {{"Sec-WebSocket-Version", "13"}};
    return r;
  }
  const auto key = h[field::sec_websocket_key];
  if (is_websocket_key({key.data(), key.size()})) return std::nullopt;
  return problem_response(problem::bad_request, "Sec-WebSocket-Key is not 16 bytes in base64.");
}

}  // namespace twinlane::web::detail
