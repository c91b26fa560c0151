#include <twinlane/web/detail/byte_stream.hpp>

#include <boost/asio/error.hpp>

namespace twinlane::web::detail {
namespace {

error_code error_of(tls_channel::state s) {
  if (s == tls_channel::state::closed) return asio::error::eof;
  if (s == tls_channel::state::failed) return asio::error::connection_aborted;
  return {};
}

}  // namespace

// TLS knows the descriptor alone, which may be another connection's once this one is closed.
byte_stream::state byte_stream::attempt(operation& o, std::size_t& n) {
  return socket_.is_open() ? o.attempt(n) : state::failed;
}

void byte_stream::start(std::unique_ptr<operation> o) {
  std::size_t n = 0;
  const auto s = attempt(*o, n);
  if (s == state::want_read || s == state::want_write) return go_on(std::move(o), s);
  // Not within the call that started it.
  asio::post(get_executor(), [o = std::move(o), ec = error_of(s), n] { o->complete(ec, n); });
}

void byte_stream::go_on(std::unique_ptr<operation> o, state last) {
  socket_.async_wait(last == state::want_read ? tcp_socket::wait_read : tcp_socket::wait_write,
                     [this, o = std::move(o)](error_code ec) mutable { woken(std::move(o), ec); });
}

void byte_stream::woken(std::unique_ptr<operation> o, error_code ec) {
  std::size_t n = 0;
  const auto s = ec ? state::done : attempt(*o, n);
  if (s == state::want_read || s == state::want_write) return go_on(std::move(o), s);
  o->complete(ec ? ec : error_of(s), n);
}

void byte_stream::try_write(std::string_view bytes) {
  if (!socket_.is_open()) return;
  if (tls_) {
    std::size_t put = 0;
    tls_->write(bytes.data(), bytes.size(), put);
    return;
  }
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.write_some(asio::buffer(bytes.data(), bytes.size()), ignored);
}

void byte_stream::cancel() {
  error_code ignored;
  socket_.cancel(ignored);
}

void byte_stream::finish() {
  if (!socket_.is_open()) return;
  error_code ignored;
  if (tls_) tls_->say_goodbye();
  socket_.shutdown(tcp_socket::shutdown_send, ignored);
}

void byte_stream::close() {
  if (!socket_.is_open()) return;
  error_code ignored;
  if (tls_) tls_->say_goodbye();
  socket_.close(ignored);
}

void byte_stream::reset() {
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

}  // namespace twinlane::web::detail
