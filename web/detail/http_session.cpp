// The one place that instantiates HTTP parsing.
#include <twinlane/web/detail/http_session.hpp>

#include <array>
#include <optional>
#include <string>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <twinlane/web/detail/byte_stream.hpp>
#include <twinlane/web/detail/growing_body.hpp>
#include <twinlane/web/detail/pace.hpp>
#include <twinlane/web/detail/request_check.hpp>
#include <twinlane/web/detail/request_head.hpp>
#include <twinlane/web/detail/stream_session.hpp>
#include <twinlane/web/detail/stream_target.hpp>
#include <twinlane/web/detail/ws_session.hpp>

namespace twinlane::web::detail {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::size_t read_ahead_bytes = 64 * 1024;
constexpr std::size_t small_body_bytes = 64 * 1024;  // does not count against bodies_bytes_max
constexpr std::size_t discarded_bytes_max = 8 * 1024 * 1024;

enum class phase : unsigned char { handshake, idle, header, body, handling, writing, lingering };

class http_session final : public session, public std::enable_shared_from_this<http_session> {
 public:
  http_session(std::shared_ptr<core> c, tcp_socket socket, std::shared_ptr<const tls_context> tls)
      : core_(std::move(c)),
        ticket_(core_),
        tls_(std::move(tls)),
        socket_(std::move(socket)),
        timer_(socket_.get_executor()),
        buffer_(core_->opt.header_bytes_max + read_ahead_bytes) {}
  ~http_session() override {
    release_body();
    core_->leave(this);
  }

  void start();
  strand executor() { return socket_.get_executor(); }
  void refuse();
  void shut_down() override;
  void cut() override {
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->end(); });
  }

 private:
  using parser = http::request_parser<growing_body>;

  void arm(phase p, clock::duration bound);
  void disarm();
  void expired();
  bool keeps_up();

  void did_shake_hands(error_code ec);
  void await_request(clock::duration bound);
  void read_header();
  void did_read_header(error_code ec);
  void open_websocket();
  void open_stream();
  void read_body();
  void read_more();
  void did_read_more(error_code ec);
  bool reserve_body();
  void fail(error_code ec);
  void handle();
  void answer(response r);
  void did_answer(error_code ec);
  void linger();
  void end();
  void release_body() {
    if (reserved_ > 0) core_->release_body(std::exchange(reserved_, 0));
  }

  std::shared_ptr<core> core_;
  core::ticket ticket_;
  std::shared_ptr<const tls_context> tls_;
  byte_stream socket_;
  strand_timer timer_;
  beast::flat_buffer buffer_;
  std::optional<parser> parser_;
  request request_;
  resource where_;
  std::optional<std::string> origin_;
  std::string head_, body_;
  std::array<char, 4096> discarded_;
  std::size_t reserved_ = 0, lingered_ = 0;
  std::uint64_t alarm_ = 0;
  clock::time_point body_began_{};
  phase phase_ = phase::idle;
  bool timed_out_ = false, keep_alive_ = true;
};

void http_session::arm(phase p, clock::duration bound) {
  phase_ = p;
  timer_.expires_after(bound);
  timer_.async_wait([self = shared_from_this(), n = ++alarm_](error_code ec) {
    if (!ec && n == self->alarm_) self->expired();
  });
}

void http_session::disarm() {
  ++alarm_;
  timer_.cancel();
}

void http_session::expired() {
  if (phase_ == phase::body && keeps_up()) return;
  if (phase_ == phase::handshake || phase_ == phase::header || phase_ == phase::body) {
    timed_out_ = true;
    socket_.cancel();
  } else if (phase_ != phase::handling) {
    end();
  }
}

// A long body may take longer than a short one, by what of it has come.
bool http_session::keeps_up() {
  const auto left = body_began_ + time_for(parser_->get().body().size(), core_->opt.body_timeout) - clock::now();
  if (left > clock::duration::zero()) arm(phase::body, left);
  return left > clock::duration::zero();
}

void http_session::start() {
  core_->enter(shared_from_this());
  if (!tls_) return await_request(core_->opt.header_timeout);
  arm(phase::handshake, core_->opt.header_timeout);
  socket_.async_handshake(*tls_, [self = shared_from_this()](error_code ec) { self->did_shake_hands(ec); });
}

void http_session::did_shake_hands(error_code ec) {
  disarm();
  if (!ec) return await_request(core_->opt.header_timeout);
  if (timed_out_)
    core_->report("tls_handshake", "a client did not shake hands in time");
  else if (!socket_.why().empty())
    core_->report("tls_handshake", "a client does not speak TLS as it should: " + std::string(socket_.why()));
  end();
}

// Without a byte nothing is allocated, and a silent connection ends without an answer.
void http_session::await_request(clock::duration bound) {
  if (core_->stopping) return end();
  if (buffer_.size() > 0) return read_header();
  buffer_.shrink_to_fit();
  arm(phase::idle, bound);
  socket_.async_wait_readable([self = shared_from_this()](error_code ec) {
    if (ec) return self->end();
    self->read_header();
  });
}

void http_session::read_header() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(core_->opt.header_bytes_max));
  parser_->body_limit(core_->opt.body_bytes_max);
  arm(phase::header, core_->opt.header_timeout);
  http::async_read_header(socket_, buffer_, *parser_,
                          [self = shared_from_this()](error_code ec, std::size_t) { self->did_read_header(ec); });
}

void http_session::did_read_header(error_code ec) {
  disarm();
  if (ec) return fail(ec);
  request_ = request_of(parser_->get());
  origin_ = request_.origin;
  if (auto wrong = malformed_request(parser_->get(), request_.host)) {
    core_->report("bad_request", "a malformed HTTP request");
    keep_alive_ = false;
    return answer(std::move(*wrong));
  }
  where_ = core_->site.locate(request_.target);
  keep_alive_ = parser_->keep_alive() && parser_->get().version() == 11;
  const bool websocket = where_.kind == resource_kind::ws;
  if (const auto why = core_->site.origins().verdict(request_, websocket)) {
    core_->report("forbidden_origin", *why);
    keep_alive_ = keep_alive_ && parser_->is_done();
    return answer(problem_response(problem::forbidden, *why));
  }
  if (auto refused = core_->site.admit(request_, where_)) {
    keep_alive_ = keep_alive_ && parser_->is_done();
    return answer(std::move(*refused));
  }
  if (websocket && parser_->is_done() && beast::websocket::is_upgrade(parser_->get())) return open_websocket();
  if (parser_->is_done()) return names_stream(request_, where_) ? open_stream() : handle();
  read_body();
}

void http_session::open_websocket() {
  if (buffer_.size() > 0) {
    keep_alive_ = false;
    return answer(problem_response(problem::bad_request, "Nothing may follow an upgrade before its answer."));
  }
  if (auto wrong = malformed_handshake(parser_->get())) return answer(std::move(*wrong));
  start_websocket(core_, std::move(ticket_), std::move(socket_), request_,
                  http_request(std::move(parser_->release().base())));
}

void http_session::open_stream() {
  auto wanted = stream_of(core_->site, request_, where_);
  if (!ok(wanted)) return answer(problem_response(std::get<error>(wanted)));
  const auto& s = std::get<stream_request>(wanted);
  response r;
  core_->site.origins().decorate(origin_, r, false);
  std::string head = "HTTP/1.1 200 OK\r\nServer: twinlane\r\nContent-Type: ";
  head += s.ndjson ? "application/x-ndjson" : "text/event-stream";
  head += "\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\nConnection: close\r\n";
  for (const auto& [name, value] : r.headers) head.append(name).append(": ").append(value).append("\r\n");
  start_stream(core_, std::move(ticket_), std::move(socket_), s, head.append("\r\n"));
}

void http_session::read_body() {
  const auto most = core_->site.body_bytes_max(where_);
  const auto declared = parser_->content_length();
  if (declared && *declared > most) return fail(http::error::body_limit);
  parser_->body_limit(most);
  if (beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
    head_ = "HTTP/1.1 100 Continue\r\n\r\n";
    // 25 bytes into an empty send buffer; a peer that makes even that impossible gets no 100 and sends anyway.
    socket_.try_write(head_);
  }
  body_began_ = clock::now();
  arm(phase::body, core_->opt.body_timeout);
  read_more();
}

void http_session::read_more() {
  http::async_read_some(socket_, buffer_, *parser_,
                        [self = shared_from_this()](error_code ec, std::size_t) { self->did_read_more(ec); });
}

void http_session::did_read_more(error_code ec) {
  if (!ec && !reserve_body()) {
    disarm();
    keep_alive_ = false;
    core_->report("bodies_refused", "bodies being read are at web.bodies_bytes_max");
    return answer(problem_response(problem::not_ready, "Too many bodies are being received. Try again."));
  }
  if (!ec && !parser_->is_done()) return read_more();
  disarm();
  if (ec) return fail(ec);
  request_.body = std::move(parser_->get().body());
  handle();
}

// By what has come, and not by what was announced: a client that announces much and sends nothing takes no room.
bool http_session::reserve_body() {
  const auto held = parser_->get().body().capacity();
  if (held <= small_body_bytes || held <= reserved_) return true;
  if (!core_->reserve_body(held - reserved_)) return false;
  reserved_ = held;
  return true;
}

void http_session::fail(error_code ec) {
  keep_alive_ = false;
  if (timed_out_) {
    const bool header = phase_ == phase::header;
    core_->report(header ? "header_timeout" : "body_timeout", "a request came too slowly");
    return answer(problem_response(408, "bad_request", "Request timeout", "The request came too slowly."));
  }
  if (ec == http::error::header_limit || ec == http::error::buffer_overflow) {
    core_->report("too_large", "a request's header is over its bound");
    return answer(problem_response(431, "too_large", "Header too large",
                                   "The header may have " + std::to_string(core_->opt.header_bytes_max) + " bytes."));
  }
  if (ec == http::error::body_limit) {
    core_->report("too_large", "a request's body is over its bound");
    const auto most = parser_->is_header_done() ? core_->site.body_bytes_max(where_) : core_->opt.body_bytes_max;
    return answer(problem_response(problem::too_large, "The body may have " + std::to_string(most) + " bytes here."));
  }
  const bool parsing = ec.category() == make_error_code(http::error::end_of_stream).category();
  if (!parsing || ec == http::error::end_of_stream) return end();
  core_->report("bad_request", "a malformed HTTP request");
  answer(problem_response(problem::bad_request, "This is not HTTP/1.1: " + ec.message() + "."));
}

void http_session::handle() {
  phase_ = phase::handling;
  core_->site.handle(std::move(request_), where_, [self = shared_from_this()](response r) {
    const auto ex = self->socket_.get_executor();
    if (ex.running_in_this_thread()) return self->answer(std::move(r));
    self->core_->post_from_outside(ex, [self, r = std::move(r)]() mutable { self->answer(std::move(r)); });
  });
}

void http_session::answer(response r) {
  release_body();
  const bool known = parser_ && parser_->is_header_done();
  if (core_->stopping) keep_alive_ = false;
  if (known) core_->site.origins().decorate(origin_, r, parser_->get().method() == http::verb::options);
  head_ = head_of(r, keep_alive_);
  body_ = known && parser_->get().method() == http::verb::head ? std::string() : std::move(r.body);
  arm(phase::writing, time_for(body_.size(), core_->opt.idle_timeout));
  const std::array<asio::const_buffer, 2> both{asio::buffer(head_), asio::buffer(body_)};
  asio::async_write(socket_, both, [self = shared_from_this()](error_code ec, std::size_t) { self->did_answer(ec); });
}

void http_session::did_answer(error_code ec) {
  disarm();
  body_ = {};
  if (ec) return end();
  if (keep_alive_) return await_request(core_->opt.idle_timeout);
  socket_.finish();
  arm(phase::lingering, core_->opt.close_timeout);
  linger();
}

// Closing with unread input would reset the connection, and the peer might lose the answer.
void http_session::linger() {
  socket_.async_read_some(asio::buffer(discarded_), [self = shared_from_this()](error_code ec, std::size_t n) {
    self->lingered_ += n;
    if (ec || self->lingered_ > discarded_bytes_max) return self->end();
    self->linger();
  });
}

void http_session::refuse() {
  keep_alive_ = false;
  core_->enter(shared_from_this());
  answer(problem_response(problem::not_ready, "The server has as many connections as it may have. Try again."));
}

void http_session::shut_down() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->keep_alive_ = false;
    if (self->phase_ == phase::idle || self->phase_ == phase::handshake) self->end();
  });
}

void http_session::end() {
  disarm();
  socket_.close();
}

}  // namespace

void start_http(std::shared_ptr<core> c, tcp_socket socket, std::shared_ptr<const tls_context> tls) {
  auto s = std::make_shared<http_session>(std::move(c), std::move(socket), std::move(tls));
  asio::dispatch(s->executor(), [s] { s->start(); });
}

void refuse_http(std::shared_ptr<core> c, tcp_socket socket) {
  auto s = std::make_shared<http_session>(std::move(c), std::move(socket), nullptr);
  asio::dispatch(s->executor(), [s] { s->refuse(); });
}

}  // namespace twinlane::web::detail
