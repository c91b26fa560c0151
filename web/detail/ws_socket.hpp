#pragma once

#include <array>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/beast/core/role.hpp>

#include <twinlane/web/detail/net.hpp>

namespace twinlane::web::detail {

/// A socket on which a WebSocket ends in peace: what still comes is read and dropped until the peer has ended too.
/// Closing with unread input would reset the connection, and the peer might lose our close frame; Beast's own teardown
/// closes after the first bytes.
class ws_socket : public tcp_socket {
 public:
  explicit ws_socket(tcp_socket s) : tcp_socket(std::move(s)) {}

  /// Since when only the peer's end is waited for.
  std::optional<clock::time_point> ending_since;
};

/// Reads and drops until the end, an error, or more bytes than a peer that stops would still have on their way.
class drain_operation {
 public:
  explicit drain_operation(ws_socket& s) : socket_(s) {}

  template <class Self>
  void operator()(Self& self, error_code ec = {}, std::size_t n = 0) {
    dropped_ += n;
    if (!ec && dropped_ <= bytes_max) return socket_.async_read_some(asio::buffer(*bytes_), std::move(self));
    error_code ignored;
    socket_.close(ignored);
    self.complete({});  // so that Beast tells why the WebSocket ended
  }

 private:
  static constexpr std::size_t bytes_max = 8 * 1024 * 1024;
  ws_socket& socket_;
  std::unique_ptr<std::array<char, 4096>> bytes_ = std::make_unique<std::array<char, 4096>>();
  std::size_t dropped_ = 0;
};

/// Beast ends a WebSocket by this; whoever owns it bounds the time.
template <class H>
void async_teardown(boost::beast::role_type, ws_socket& s, H&& handler) {
  s.ending_since = clock::now();
  error_code ignored;
  s.shutdown(tcp_socket::shutdown_send, ignored);
  asio::async_compose<H, void(error_code)>(drain_operation(s), handler, s);
}

}  // namespace twinlane::web::detail
