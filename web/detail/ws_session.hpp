#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <twinlane/web/detail/byte_stream.hpp>
#include <twinlane/web/detail/core.hpp>

namespace twinlane::web::detail {

using http_request = boost::beast::http::request<boost::beast::http::string_body>;

/// asked: the same request as the site sees it. Answers the upgrade and speaks docs/protocol.md's WebSocket from then
/// on.
void start_websocket(std::shared_ptr<core> c, core::ticket t, byte_stream socket, const request& asked,
                     http_request upgrade);

}  // namespace twinlane::web::detail
