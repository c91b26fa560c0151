// The server's own WebSocket sessions, with an echo for what they speak: for the Autobahn case list.
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>

#include <support/fake_port.hpp>
#include <twinlane/web/detail/core.hpp>
#include <twinlane/web/detail/http_session.hpp>

namespace {

using namespace twinlane::web;
namespace net = twinlane::web::detail;
using net::asio::ip::tcp;

constexpr std::size_t message_bytes_max = 32 * 1024 * 1024;

/// Sends each message back as it came, and reads the next one once that is written.
class echo final : public subprotocol {
 public:
  std::optional<close_reason> receive(std::string_view message, clock::time_point) override {
    return take(message, true);
  }
  std::optional<close_reason> receive_binary(std::string_view message, clock::time_point) override {
    return take(message, false);
  }
  bool wants_more() const override { return !message_; }
  bool next(frame_batch& batch, clock::time_point /*now*/) override {
    batch.clear();
    if (!message_) return false;
    batch.add({outgoing::kind::reply, 0, 0, message_, {}, 0}, 0);
    batch.seal();
    return true;
  }
  bool text() const override { return text_; }
  void wrote(const frame_batch&) override { message_.reset(); }
  bool slow() const override { return false; }
  void end() override { message_.reset(); }

 private:
  std::optional<close_reason> take(std::string_view message, bool text) {
    message_ = twinlane::shared_text(std::string(message));
    text_ = text;
    return std::nullopt;
  }

  twinlane::shared_text message_;
  bool text_ = true;
};

void accept(const std::shared_ptr<net::core>& c, net::asio::basic_socket_acceptor<tcp, net::strand>& acceptor) {
  acceptor.async_accept(net::asio::make_strand(c->io), [c, &acceptor](net::error_code ec, net::tcp_socket socket) {
    if (ec) return;
    socket.set_option(tcp::no_delay(true), ec);
    net::start_http(c, std::move(socket), nullptr);
    accept(c, acceptor);
  });
}

}  // namespace

// Takes the arguments of `serve` for the harness's sake, and listens on a free port of 127.0.0.1 whatever they say.
int main() {
  options o;
  o.frame_bytes_max = message_bytes_max;
  o.compression = true;
  const auto c =
      std::make_shared<net::core>(std::move(o), std::make_shared<twinlane::testing::fake_port>(), figures{}, true);
  c->make_subprotocol = [] { return std::make_unique<echo>(); };
  net::asio::basic_socket_acceptor<tcp, net::strand> acceptor(net::asio::make_strand(c->io),
                                                              tcp::endpoint(net::asio::ip::address_v4::loopback(), 0));
  accept(c, acceptor);
  net::asio::signal_set ends(c->io, SIGTERM, SIGINT);
  ends.async_wait([&](net::error_code, int) { c->io.stop(); });
  std::printf("ready http://127.0.0.1:%d\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  c->io.run();
  return 0;
}
