#pragma once

#include <string>

#include <twinlane/web/detail/core.hpp>

namespace twinlane::web::detail {

/// Sends one entity's snapshot and diffs as server-sent events until the peer goes.
///
/// Shape    `head` is the response's status line and headers
/// Errors   a subscription that the runtime refuses is answered with a problem document instead
void start_sse(std::shared_ptr<core> c, core::ticket t, tcp_socket socket, const subscribe_request& what,
               std::string head);

}  // namespace twinlane::web::detail
