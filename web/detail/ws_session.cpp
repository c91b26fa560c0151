// The one place that instantiates websocket::stream.
#include <twinlane/web/detail/ws_session.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <twinlane/web/conversation.hpp>
#include <twinlane/web/detail/byte_stream.hpp>
#include <twinlane/web/detail/kernel_queue.hpp>
#include <twinlane/web/detail/stall_watch.hpp>
#include <twinlane/web/header_values.hpp>

namespace twinlane::web::detail {
namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;

constexpr std::size_t inbound_kept_bytes = 4 * 1024;
constexpr std::string_view json_subprotocol = "twinlane.v1.json", cbor_subprotocol = "twinlane.v1.cbor";

// A buffer sequence that is cheap to copy, as Beast copies it several times per write.
struct pieces {
  using value_type = asio::const_buffer;
  using const_iterator = const asio::const_buffer*;
  const asio::const_buffer* first{};
  const asio::const_buffer* last{};
  const_iterator begin() const { return first; }
  const_iterator end() const { return last; }
};

// Windows of 4 KiB: about 40 KB a connection that compresses, where the largest would take 300.
websocket::permessage_deflate deflate_of(const options& o) {
  websocket::permessage_deflate d;
  d.server_enable = o.compression;
  d.server_max_window_bits = d.client_max_window_bits = 12;
  d.compLevel = 4;
  d.memLevel = 4;
  d.msg_size_threshold = 512;
  return d;
}

std::string_view view_of(close_reason r) {
  switch (r) {
    case close_reason::going_away:
      return "going away";
    case close_reason::bad_message:
      return "bad message";
    case close_reason::unauthorized:
      return "unauthorized";
    case close_reason::slow:
      return "slow consumer";
    case close_reason::too_many:
      return "too many requests";
  }
  return {};
}

class ws_session final : public session, public std::enable_shared_from_this<ws_session> {
 public:
  ws_session(std::shared_ptr<core> c, core::ticket t, byte_stream socket)
      : core_(std::move(c)), ticket_(std::move(t)), ws_(std::move(socket)), timer_(ws_.get_executor()) {}
  ~ws_session() override { core_->leave(this); }

  void start(const request& asked, http_request upgrade);
  strand executor() { return ws_.get_executor(); }
  void shut_down() override {
    asio::post(ws_.get_executor(), [self = shared_from_this()] { self->close(close_reason::going_away); });
  }
  void cut() override {
    asio::post(ws_.get_executor(), [self = shared_from_this()] { self->drop(); });
  }
  std::size_t outbound_bytes() const override { return outbox_ ? outbox_->bytes() : 0; }

 private:
  int descriptor() { return ws_.next_layer().native_handle(); }
  void set_up(const http_request& upgrade);
  void opened(error_code ec);
  std::unique_ptr<subprotocol> begin_talk();
  void read();
  void did_read(error_code ec);
  void pump();
  void await_due();
  void write();
  void did_write(error_code ec);
  void report_dropped();
  void report_fault(error_code ec);
  void tick();
  void did_tick();
  void ping();
  void close(close_reason why);
  void send_close();
  void drop();

  std::shared_ptr<core> core_;
  core::ticket ticket_;
  websocket::stream<byte_stream, true> ws_;
  strand_timer timer_;
  std::unique_ptr<strand_timer> due_timer_;  // once there is something to await
  beast::flat_buffer in_;
  std::shared_ptr<outbox> outbox_;
  outcome<std::shared_ptr<const caller>> caller_;  // as the upgrade has shown
  std::unique_ptr<subprotocol> talk_;
  frame_batch batch_;
  std::vector<asio::const_buffer> buffers_;
  stall_watch stall_;
  clock::time_point heard_ = clock::now(), pinged_ = clock::now(), closing_since_{};
  std::optional<clock::time_point> peer_closed_;
  std::optional<close_reason> closing_;
  wire_format format_ = wire_format::json;
  bool open_ = false, reading_ = false, writing_ = false, pinging_ = false, close_sent_ = false, dropped_ = false;
};

void ws_session::start(const request& asked, http_request upgrade) {
  // The outbox outlives the connection in the runtime's hands, so it must not keep the connection alive.
  auto wake = [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->core_->post_from_outside(self->executor(), [weak] {
      if (const auto there = weak.lock()) there->pump();
    });
  };
  outbox_ = std::make_shared<outbox>(core_->opt.outbound_bytes_max, std::move(wake));
  core_->enter(shared_from_this());
  set_up(upgrade);
  const auto offered = upgrade[beast::http::field::sec_websocket_protocol];
  caller_ = core_->site.gate().admit_websocket(asked, {offered.data(), offered.size()});
  auto held = std::make_shared<http_request>(std::move(upgrade));
  ws_.async_accept(*held, [self = shared_from_this(), held](error_code ec) { self->opened(ec); });
}

void ws_session::set_up(const http_request& upgrade) {
  auto timeout = websocket::stream_base::timeout{core_->opt.close_timeout, websocket::stream_base::none(), false};
  ws_.set_option(timeout);
  const auto offered = upgrade[boost::beast::http::field::sec_websocket_protocol];
  const auto names = split_list({offered.data(), offered.size()});
  const auto chosen = std::find_if(
      names.begin(), names.end(), [](const auto name) { return name == json_subprotocol || name == cbor_subprotocol; });
  if (chosen != names.end() && *chosen == cbor_subprotocol) format_ = wire_format::cbor;
  const std::string echoed(chosen != names.end() ? *chosen : std::string_view());
  ws_.set_option(websocket::stream_base::decorator([echoed](websocket::response_type& r) {
    r.set(beast::http::field::server, "twinlane");
    if (!echoed.empty()) r.set(beast::http::field::sec_websocket_protocol, echoed);
  }));
  ws_.read_message_max(core_->opt.frame_bytes_max);
  ws_.auto_fragment(false);
  ws_.next_layer().did_begin_ending = [this] { tick(); };  // sooner than it would be
  ws_.set_option(deflate_of(core_->opt));
  ws_.control_callback([this](websocket::frame_type f, beast::string_view) {
    heard_ = clock::now();
    if (f == websocket::frame_type::close) peer_closed_ = heard_;
  });
}

void ws_session::opened(error_code ec) {
  if (ec) return drop();
  open_ = true;
  limit_unsent(descriptor());
  if (closing_) return send_close();
  talk_ = begin_talk();
  // A page sees the close code, but would not see the status of a refused upgrade.
  if (!ok(caller_)) return close(close_reason::unauthorized);
  tick();
  read();
}

std::unique_ptr<subprotocol> ws_session::begin_talk() {
  if (core_->make_subprotocol) return core_->make_subprotocol();
  auto talk = std::make_unique<conversation>(core_->opt, std::shared_ptr<twinlane::port>(core_, &core_->site.runtime()),
                                             core_->site.resources(), outbox_, core_->subscriptions, format_);
  const auto& gate = core_->site.gate();
  if (!gate.open() && ok(caller_)) talk->guard(gate, std::get<0>(caller_), clock::now());
  return talk;
}

void ws_session::read() {
  if (reading_ || closing_ || !talk_->wants_more()) return;
  reading_ = true;
  ws_.async_read(in_, [self = shared_from_this()](error_code ec, std::size_t) { self->did_read(ec); });
}

void ws_session::did_read(error_code ec) {
  reading_ = false;
  if (ec) report_fault(ec);
  if (closing_) return;
  if (ec) return drop();
  heard_ = clock::now();
  const auto data = in_.data();
  const std::string_view frame(static_cast<const char*>(data.data()), data.size());
  const auto wrong = ws_.got_text() ? talk_->receive(frame, heard_) : talk_->receive_binary(frame, heard_);
  in_.consume(in_.size());
  if (in_.capacity() > inbound_kept_bytes) in_.shrink_to_fit();
  if (wrong) return close(*wrong);
  pump();
}

// Everything that may have become possible: messages to handle, frames to send, more to read.
void ws_session::pump() {
  if (closing_ || !talk_) return;
  if (talk_->slow()) return close(close_reason::slow);
  talk_->advance();
  write();
  talk_->advance();  // what was sent, or found nobody, has made room
  if (const auto why = talk_->over(clock::now())) return close(*why);
  if (closing_) return;
  // The next message is read first, so that a client that cannot keep up can still unsubscribe.
  read();
  talk_->catch_up(clock::now());
  await_due();
}

void ws_session::await_due() {
  const auto due = talk_->next_due();
  if (!due) return;
  if (!due_timer_)
    due_timer_ = std::make_unique<strand_timer>(ws_.get_executor());
  else if (due_timer_->expiry() == *due)
    return;
  due_timer_->expires_at(*due);
  due_timer_->async_wait([self = shared_from_this()](error_code ec) {
    if (!ec) self->pump();
  });
}

void ws_session::write() {
  if (writing_ || !talk_->next(batch_, clock::now())) return;
  writing_ = true;
  stall_.progressed(clock::now());
  ws_.text(talk_->text());
  buffers_.clear();
  batch_.for_each_piece([this](std::string_view s) { buffers_.emplace_back(s.data(), s.size()); });
  ws_.async_write(pieces{buffers_.data(), buffers_.data() + buffers_.size()},
                  [self = shared_from_this()](error_code ec, std::size_t) { self->did_write(ec); });
}

void ws_session::did_write(error_code ec) {
  writing_ = false;
  if (ec) return drop();
  const auto now = clock::now();
  const auto& figs = core_->figs;
  if (figs.event_to_push)
    for (const auto arrived : batch_.arrived())
      figs.event_to_push(std::chrono::duration<double>(now - arrived).count());
  if (figs.diffs && batch_.diffs() > 0) figs.diffs("sent", batch_.diffs());
  if (figs.diffs && batch_.merged() > 0) figs.diffs("merged", batch_.merged());
  if (figs.diffs && batch_.snapshots() > 0) figs.diffs("snapshot", batch_.snapshots());
  if (figs.events && batch_.events() > 0) figs.events("sent", batch_.events());
  report_dropped();
  if (closing_) return send_close();
  talk_->wrote(batch_);
  pump();
}

void ws_session::report_dropped() {
  const auto n = outbox_->take_dropped();
  if (n == 0) return;
  core_->report("events_dropped", "a WebSocket client reads supply lanes too slowly");
  if (core_->figs.events) core_->figs.events("dropped", n);
}

void ws_session::tick() {
  const auto& o = core_->opt;
  auto often = closing_ || ws_.next_layer().ending_since ? clock::duration(o.close_timeout) / 4
                                                         : std::min<clock::duration>(o.ping_interval, o.slow_timeout) / 5;
  if (!closing_) often = std::min(often, talk_->time_left(clock::now()).value_or(often));
  timer_.expires_after(std::clamp<clock::duration>(often, std::chrono::milliseconds{20}, std::chrono::seconds{5}));
  timer_.async_wait([self = shared_from_this()](error_code ec) {
    if (!ec) self->did_tick();
  });
}

void ws_session::did_tick() {
  if (dropped_) return;
  const auto now = clock::now();
  if (closing_) {
    // The close frame follows the message on its way, so that is waited for while the peer reads.
    const bool stuck = stall_.stalled(acknowledged_bytes(descriptor()), true, now, core_->opt.close_timeout);
    const auto bound = close_sent_ ? core_->opt.close_timeout * 2 : core_->opt.slow_timeout;
    return stuck || now - closing_since_ >= bound ? drop() : tick();
  }
  if (const auto why = talk_->over(now)) return close(*why);
  // We told it that it broke the protocol, or it said goodbye: it should have ended the connection after our frame.
  for (const auto& since : {ws_.next_layer().ending_since, peer_closed_})
    if (since && now - *since >= core_->opt.close_timeout) return drop();
  if (stall_.stalled(acknowledged_bytes(descriptor()), writing_, now, core_->opt.slow_timeout))
    close(close_reason::slow);
  // Pongs are seen only while reading.
  if (!reading_) heard_ = now;
  if (!closing_ && now - heard_ > core_->opt.ping_interval * 2 + std::chrono::seconds{5}) {
    core_->report("closed_lost", "a WebSocket peer answered no ping");
    return drop();
  }
  if (!closing_ && !pinging_ && now - pinged_ >= core_->opt.ping_interval) ping();
  tick();
}

void ws_session::ping() {
  pinging_ = true;
  pinged_ = clock::now();
  ws_.async_ping({}, [self = shared_from_this()](error_code) { self->pinging_ = false; });
}

void ws_session::close(close_reason why) {
  if (closing_) return;
  closing_ = why;
  closing_since_ = clock::now();
  if (why == close_reason::slow) {
    core_->report("closed_slow",
                  "a WebSocket client reads too slowly. Raise web.outbound_bytes_max or subscribe to less");
  } else if (why == close_reason::unauthorized) {
    core_->report("closed_unauthorized", ok(caller_) ? talk_->why_over() : std::get<error>(caller_).detail);
  } else if (why == close_reason::bad_message) {
    core_->report("closed_bad_message", "a WebSocket frame is not a message of the protocol");
  } else if (why == close_reason::too_many) {
    core_->report("closed_rate", "a WebSocket client sends more messages a second than allowed");
  }
  if (talk_) {
    talk_->end();
    tick();
  }
  if (writing_) return make_room(descriptor());
  if (open_) send_close();
}

void ws_session::send_close() {
  if (close_sent_) return;
  close_sent_ = true;
  const auto text = view_of(*closing_);
  const websocket::close_reason reason(static_cast<websocket::close_code>(*closing_), {text.data(), text.size()});
  ws_.async_close(reason, [self = shared_from_this()](error_code) { self->drop(); });
}

void ws_session::report_fault(error_code ec) {
  if (ec == websocket::error::message_too_big) {
    core_->report("closed_too_large", "an inbound WebSocket frame is over its bound");
  } else if (ec == websocket::error::bad_frame_payload) {
    core_->report("closed_bad_utf8", "a WebSocket text message is not UTF-8");
  } else if (ec == websocket::condition::protocol_violation) {
    core_->report("closed_protocol_error", "a WebSocket peer broke RFC 6455: " + ec.message());
  }
}

// The end: nothing holds the session any more once its operations have been cancelled.
void ws_session::drop() {
  if (dropped_) return;
  dropped_ = true;
  if (!closing_) closing_ = close_reason::going_away;
  if (talk_) talk_->end();
  report_dropped();
  outbox_->close();
  // What a stuck peer did not read would stay with the kernel otherwise.
  if (writing_)
    ws_.next_layer().reset();
  else
    ws_.next_layer().close();
  timer_.cancel();
  if (due_timer_) due_timer_->cancel();
}

}  // namespace

void start_websocket(std::shared_ptr<core> c, core::ticket t, byte_stream socket, const request& asked,
                     http_request upgrade) {
  std::make_shared<ws_session>(std::move(c), std::move(t), std::move(socket))->start(asked, std::move(upgrade));
}

}  // namespace twinlane::web::detail
