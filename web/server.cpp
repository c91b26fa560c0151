#include <twinlane/web/server.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <spdlog/spdlog.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include <twinlane/web/detail/core.hpp>
#include <twinlane/web/detail/http_session.hpp>
#include <twinlane/web/detail/tls_certificate.hpp>

#include <sys/resource.h>

namespace twinlane::web {
namespace {

using namespace detail;
using asio::ip::tcp;

constexpr std::size_t refusals_max = 64;
constexpr std::chrono::seconds sample_interval{2};

[[noreturn]] void fail(const options& o, const std::string& why) {
  throw std::runtime_error("listen " + o.host + ":" + std::to_string(o.port) + ": " + why);
}

tcp::endpoint endpoint_of(const options& o) {
  error_code ec;
  const auto bare = o.host.size() > 2 && o.host.front() == '[' ? o.host.substr(1, o.host.size() - 2) : o.host;
  if (const auto address = asio::ip::make_address(bare, ec); !ec) return {address, o.port};
  asio::io_context io;
  const auto found = tcp::resolver(io).resolve(tcp::v4(), o.host, std::to_string(o.port), ec);
  if (ec || found.empty()) fail(o, "the host does not resolve to an address.");
  return found.begin()->endpoint();
}

// A connection is a descriptor, and the usual soft limit is far below connections_max.
void raise_descriptor_limit(std::size_t connections) {
  rlimit l{};
  const rlim_t wanted = connections + 512;
  if (::getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur >= wanted) return;
  l.rlim_cur = l.rlim_max == RLIM_INFINITY ? wanted : std::min(wanted, l.rlim_max);
  if (::setrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur < wanted)
    spdlog::warn("web: {} descriptors are available, fewer than web.connections_max asks for", l.rlim_cur);
}

}  // namespace

struct server::parts : std::enable_shared_from_this<server::parts> {
  options opt;
  std::shared_ptr<twinlane::port> runtime;
  figures figs;

  std::shared_ptr<core> shared;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  std::optional<asio::basic_socket_acceptor<tcp, strand>> acceptor;
  std::optional<strand_timer> pause, sampler;
  std::optional<tls_certificate> certificate;
  std::vector<std::thread> threads;
  std::uint16_t port = 0;

  void listen();
  void accept();
  void accepted(error_code ec, tcp_socket socket);
  void sample();
  void stop(std::chrono::milliseconds deadline);
  void close_acceptor();
};

void server::parts::listen() {
  if (opt.tls) certificate.emplace(*opt.tls);
  const auto where = endpoint_of(opt);
  const bool loopback = where.address().is_loopback();
  if (!loopback && !opt.insecure && !(opt.access && opt.tls))
    fail(opt,
         "this address can be reached from other machines, and authentication or TLS is missing. "
         "Listen on 127.0.0.1, or set `insecure: true`.");
  shared = std::make_shared<core>(opt, runtime, figs, loopback);
  const auto ex = asio::make_strand(shared->io);
  acceptor.emplace(ex);
  error_code ec;
  acceptor->open(where.protocol(), ec);
  if (!ec) acceptor->set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec) acceptor->bind(where, ec);
  if (!ec) acceptor->listen(4096, ec);
  if (ec) fail(opt, ec.message() + ".");
  port = acceptor->local_endpoint().port();
  pause.emplace(ex);
  sampler.emplace(ex);
}

void server::parts::accept() {
  acceptor->async_accept(asio::make_strand(shared->io), [self = shared_from_this()](error_code ec, tcp_socket socket) {
    self->accepted(ec, std::move(socket));
  });
}

void server::parts::accepted(error_code ec, tcp_socket socket) {
  if (!acceptor->is_open()) return;
  if (ec) {
    // Out of descriptors or memory: the connections that are there may end meanwhile.
    shared->report("accept_failed", ec.message());
    pause->expires_after(std::chrono::milliseconds{100});
    pause->async_wait([self = shared_from_this()](error_code stopped) {
      if (!stopped && self->acceptor->is_open()) self->accept();
    });
    return;
  }
  socket.set_option(tcp::no_delay(true), ec);
  const auto open = shared->connections.load();
  if (open >= opt.connections_max) {
    shared->report("connection_refused", "the server has web.connections_max connections");
    // A handshake only to refuse would cost more than the connection.
    if (!certificate && open < opt.connections_max + refusals_max) refuse_http(shared, std::move(socket));
  } else {
    start_http(shared, std::move(socket), certificate ? certificate->context() : nullptr);
  }
  accept();
}

void server::parts::sample() {
  shared->site.rates().sample(runtime->partitions(), source_rates::clock::now());
  if (const auto problem = certificate ? certificate->refresh() : std::nullopt) shared->report("tls_reload", *problem);
  sampler->expires_after(sample_interval);
  sampler->async_wait([self = shared_from_this()](error_code ec) {
    if (!ec) self->sample();
  });
}

void server::parts::close_acceptor() {
  error_code ignored;
  acceptor->close(ignored);
  pause->cancel();
  sampler->cancel();
}

void server::parts::stop(std::chrono::milliseconds deadline) {
  const auto end = clock::now() + deadline;
  shared->site.drain();
  shared->stopping = true;
  asio::post(acceptor->get_executor(), [self = shared_from_this()] { self->close_acceptor(); });
  shared->for_each_session([](session& s) { s.shut_down(); });
  if (!shared->wait_until_empty(end)) {
    spdlog::warn("web: {} connections are cut at the stop's deadline", shared->connections.load());
    shared->for_each_session([](session& s) { s.cut(); });
    shared->wait_until_empty(clock::now() + std::chrono::milliseconds{250});
  }
  work.reset();
  shared->io.stop();
  for (auto& t : threads) t.join();
  threads.clear();
  shared->end_posts();
  // What is left are handlers of closed sockets; they hold their sessions.
  shared->io.restart();
  shared->io.poll();
}

server::server(options o, std::shared_ptr<twinlane::port> p, figures f) : parts_(std::make_shared<parts>()) {
  parts_->opt = std::move(o);
  parts_->runtime = std::move(p);
  parts_->figs = std::move(f);
}

server::~server() {
  if (!parts_->threads.empty()) stop(std::chrono::milliseconds{0});
}

void server::start() {
  raise_descriptor_limit(parts_->opt.connections_max);
  parts_->listen();
  parts_->work.emplace(parts_->shared->io.get_executor());
  parts_->sample();
  parts_->accept();
  for (unsigned i = 0; i < std::max(1u, parts_->opt.threads); ++i)
    parts_->threads.emplace_back([shared = parts_->shared] { shared->io.run(); });
}

std::uint16_t server::port() const noexcept { return parts_->port; }

void server::stop(std::chrono::milliseconds deadline) {
  if (!parts_->threads.empty()) parts_->stop(deadline);
}

std::size_t server::connections() const noexcept { return parts_->shared ? parts_->shared->connections.load() : 0; }

std::size_t server::subscriptions() const noexcept { return parts_->shared ? parts_->shared->subscriptions.load() : 0; }

std::size_t server::outbound_bytes() const {
  std::size_t sum = 0;
  if (parts_->shared) parts_->shared->for_each_session([&](session& s) { sum += s.outbound_bytes(); });
  return sum;
}

}  // namespace twinlane::web
