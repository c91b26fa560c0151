#pragma once

#include <functional>
#include <optional>
#include <utility>

#include <boost/beast/core/role.hpp>

#include <twinlane/web/detail/drain.hpp>

namespace twinlane::web::detail {

/// A socket on which a WebSocket ends in peace: Beast's own teardown closes after the first bytes that still come, and
/// so resets the connection of a peer that goes on sending.
class ws_socket : public tcp_socket {
 public:
  explicit ws_socket(tcp_socket s) : tcp_socket(std::move(s)) {}

  /// Since when only the peer's end is waited for, and what is told so.
  std::optional<clock::time_point> ending_since;
  std::function<void()> did_begin_ending;
};

/// Beast ends a WebSocket by this.
template <class H>
void async_teardown(boost::beast::role_type, ws_socket& s, H&& handler) {
  s.ending_since = clock::now();
  error_code ignored;
  s.shutdown(tcp_socket::shutdown_send, ignored);
  async_drain(s, std::forward<H>(handler));
  if (s.did_begin_ending) s.did_begin_ending();
}

}  // namespace twinlane::web::detail
