#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>

#include <twinlane/web/detail/drain.hpp>
#include <twinlane/web/detail/net.hpp>
#include <twinlane/web/detail/tls_channel.hpp>

namespace twinlane::web::detail {

/// A connection's bytes, over TCP or over TLS on it: one type, so that what reads and writes is compiled once.
///
/// Shape    Asio's AsyncReadStream and AsyncWriteStream; one read and one write at a time
/// Cost     without TLS that of the socket alone
/// Threads  its strand, on which all handlers run
class byte_stream {
 public:
  using executor_type = strand;

  explicit byte_stream(tcp_socket s) : socket_(std::move(s)) {}

  executor_type get_executor() { return socket_.get_executor(); }
  int native_handle() { return socket_.native_handle(); }
  tcp_socket& socket() noexcept { return socket_; }
  bool secure() const noexcept { return tls_ != nullptr; }

  /// Speaks TLS from now on; handler: void(error_code).
  template <class H>
  void async_handshake(const tls_context& context, H handler) {
    tls_ = std::make_unique<tls_channel>(context, native_handle());
    run([this](std::size_t&) { return tls_->handshake(); },
        [h = std::move(handler)](error_code ec, std::size_t) mutable { h(ec); });
  }
  /// What the peer did wrong, as far as TLS knows.
  std::string_view why() const noexcept { return tls_ ? std::string_view(tls_->why()) : std::string_view(); }

  template <class B, class H>
  void async_read_some(const B& buffers, H&& handler) {
    if (!tls_) {
      socket_.async_read_some(buffers, std::forward<H>(handler));
      return;
    }
    run([this,
         to = first_of<asio::mutable_buffer>(buffers)](std::size_t& n) { return tls_->read(to.data(), to.size(), n); },
        std::forward<H>(handler));
  }

  template <class B, class H>
  void async_write_some(const B& buffers, H&& handler) {
    if (!tls_) {
      socket_.async_write_some(buffers, std::forward<H>(handler));
      return;
    }
    run([this, buffers](std::size_t& n) { return write(buffers, n); }, std::forward<H>(handler));
  }

  /// Something can be read, or the connection has ended; handler: void(error_code).
  template <class H>
  void async_wait_readable(H&& handler) {
    if (tls_ && tls_->pending())
      asio::post(get_executor(), [h = std::forward<H>(handler)]() mutable { h(error_code()); });
    else
      socket_.async_wait(tcp_socket::wait_read, std::forward<H>(handler));
  }

  /// Writes at once what can be written at once.
  void try_write(std::string_view bytes);
  void cancel();
  /// Nothing more is sent.
  void finish();
  void close();
  /// Closes; what the peer did not read is dropped with the connection.
  void reset();

  /// Of a WebSocket: since when only the peer's end is waited for, and what is told so.
  std::optional<clock::time_point> ending_since;
  std::function<void()> did_begin_ending;

 private:
  using state = tls_channel::state;

  template <class Buffer, class B>
  static Buffer first_of(const B& buffers) {
    const auto end = asio::buffer_sequence_end(buffers);
    for (auto at = asio::buffer_sequence_begin(buffers); at != end; ++at)
      if (const Buffer b(*at); b.size() > 0) return b;
    return {};
  }

  // Short pieces share a record. The same pieces make the same bytes again, which OpenSSL asks of a repeated write.
  template <class B>
  state write(const B& buffers, std::size_t& n) {
    const auto first = first_of<asio::const_buffer>(buffers);
    if (first.size() >= tls_channel::record_bytes_max / 2 || first.size() == asio::buffer_size(buffers))
      return tls_->write(first.data(), first.size(), n);
    std::array<char, tls_channel::record_bytes_max> record;
    const auto size = asio::buffer_copy(asio::buffer(record), buffers);
    return tls_->write(record.data(), size, n);
  }

  /// What is tried until it need not wait for the socket. Erased, or each handler of Beast would bring all of Asio's
  /// waiting along.
  struct operation {
    virtual ~operation() = default;
    virtual state attempt(std::size_t& n) = 0;
    virtual void complete(error_code ec, std::size_t n) = 0;
  };
  state attempt(operation& o, std::size_t& n);
  void start(std::unique_ptr<operation> o);
  void go_on(std::unique_ptr<operation> o, state last);
  void woken(std::unique_ptr<operation> o, error_code ec);

  template <class Step, class H>
  void run(Step step, H&& handler) {
    using handler_type = std::decay_t<H>;
    struct typed final : operation {
      typed(Step s, handler_type h) : step(std::move(s)), then(std::move(h)) {}
      state attempt(std::size_t& n) override { return step(n); }
      void complete(error_code ec, std::size_t n) override { then(ec, n); }
      Step step;
      handler_type then;
    };
    start(std::make_unique<typed>(std::move(step), std::forward<H>(handler)));
  }

  tcp_socket socket_;
  std::unique_ptr<tls_channel> tls_;
};

/// Beast ends a connection by this.
inline void beast_close_socket(byte_stream& s) { s.close(); }

/// Beast ends a WebSocket by this. Its own way closes after the first bytes that still come, and so resets the
/// connection of a peer that goes on sending.
template <class H>
void async_teardown(boost::beast::role_type, byte_stream& s, H&& handler) {
  s.ending_since = clock::now();
  s.finish();
  async_drain(s.socket(), std::forward<H>(handler));
  if (s.did_begin_ending) s.did_begin_ending();
}

}  // namespace twinlane::web::detail
