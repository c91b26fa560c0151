#pragma once

#include <array>
#include <memory>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>

#include <twinlane/web/detail/net.hpp>

namespace twinlane::web::detail {

class drain_operation {
 public:
  explicit drain_operation(tcp_socket& s) : socket_(s) {}

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
  tcp_socket& socket_;
  std::unique_ptr<std::array<char, 4096>> bytes_ = std::make_unique<std::array<char, 4096>>();
  std::size_t dropped_ = 0;
};

/// Reads and drops what the peer still sends, until it has ended too, or has sent more than a peer that stops would
/// still have on its way; then closes. Closing with unread input would reset the connection, and the peer might lose
/// what was written last. Whoever owns the socket bounds the time. handler: void(error_code), never with an error.
template <class H>
void async_drain(tcp_socket& s, H&& handler) {
  asio::async_compose<H, void(error_code)>(drain_operation(s), handler, s);
}

}  // namespace twinlane::web::detail
