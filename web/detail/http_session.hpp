#pragma once

#include <memory>

#include <twinlane/web/detail/core.hpp>

namespace twinlane::web::detail {

/// Serves HTTP/1.1 on a new connection, until it ends or becomes a WebSocket or an event stream.
void start_http(std::shared_ptr<core> c, tcp_socket socket);

/// Answers 503 without reading, for a connection above the bound.
void refuse_http(std::shared_ptr<core> c, tcp_socket socket);

}  // namespace twinlane::web::detail
