#pragma once

#include <memory>

#include <twinlane/web/detail/core.hpp>
#include <twinlane/web/detail/tls_channel.hpp>

namespace twinlane::web::detail {

/// Serves HTTP/1.1 on a new connection, until it ends or becomes a WebSocket or an event stream.
///
/// tls      null: in the clear
/// Errors   a peer that does not shake hands, or not within header_timeout, is closed without a word
void start_http(std::shared_ptr<core> c, tcp_socket socket, std::shared_ptr<const tls_context> tls);

/// Answers 503 without reading, for a connection above the bound.
void refuse_http(std::shared_ptr<core> c, tcp_socket socket);

}  // namespace twinlane::web::detail
