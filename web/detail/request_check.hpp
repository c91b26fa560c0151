#pragma once

#include <optional>
#include <string_view>

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include <twinlane/web/message.hpp>

namespace twinlane::web::detail {

using request_header = boost::beast::http::request_header<boost::beast::http::fields>;

/// The refusal of what Beast lets pass and RFC 9112 does not. host: the one that counts, of the target or the header.
std::optional<response> malformed_request(const request_header& h, std::string_view host);

/// The refusal of an upgrade that is none of RFC 6455.
std::optional<response> malformed_handshake(const request_header& h);

}  // namespace twinlane::web::detail
