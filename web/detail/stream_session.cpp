#include <twinlane/web/detail/sse_session.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <twinlane/web/detail/kernel_queue.hpp>
#include <twinlane/web/detail/stall_watch.hpp>
#include <twinlane/web/frame_batch.hpp>
#include <twinlane/web/message.hpp>
#include <twinlane/web/outbox.hpp>

namespace twinlane::web::detail {
namespace {

// Writes whole events on the shard's thread: each stream has one subscriber, so there is nothing to share.
class event_outbox final : public outbox {
 public:
  using outbox::outbox;

  void on_snapshot(std::uint64_t tag, const snapshot& s) override {
    lineage_ = s.lineage;
    add({outgoing::kind::snap, tag, 0, s.tail, {}}, "snap", s.rev);
  }
  void on_diff(std::uint64_t tag, const diff& d) override {
    add({outgoing::kind::diff, tag, d.from, d.tail, d.arrived}, "diff", d.rev);
  }
  void on_life(std::uint64_t tag, const life_event& e) override {
    std::string rest = "\"event\":";
    append_json(rest, e.event);
    rest += ",\"at\":" + std::to_string(e.at_ms) + ",\"cause\":";
    append_json(rest, e.cause);
    rest += '}';
    add({outgoing::kind::life, tag, 0, std::make_shared<const std::string>(std::move(rest)), {}}, "life", {});
  }
  void on_done(std::uint64_t tag, std::string_view reason) override {
    std::string rest = "\"reason\":";
    append_json(rest, reason);
    rest += '}';
    add({outgoing::kind::done, tag, 0, std::make_shared<const std::string>(std::move(rest)), {}}, "done", {});
  }

 private:
  void add(outgoing m, std::string_view event, std::optional<std::uint64_t> rev) {
    std::string text = "event: ";
    text += event;
    if (rev) text += "\nid: " + lineage_ + ":" + std::to_string(*rev);
    text += "\ndata: ";
    append_head(text, m, 0);
    // A line break in the JSON could only be white space, and would end the event's line.
    const auto from = text.size();
    text += *m.text;
    std::replace(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(), '\n', ' ');
    text += "\n\n";
    m.text = std::make_shared<const std::string>(std::move(text));
    push(std::move(m));
  }

  std::string lineage_;
};

class sse_session final : public session, public std::enable_shared_from_this<sse_session> {
 public:
  sse_session(std::shared_ptr<core> c, core::ticket t, tcp_socket socket)
      : core_(std::move(c)), ticket_(std::move(t)), socket_(std::move(socket)), timer_(socket_.get_executor()) {}
  ~sse_session() override { core_->leave(this); }

  void start(const subscribe_request& what, std::string head);
  strand executor() { return socket_.get_executor(); }
  void shut_down() override { cut(); }
  void cut() override {
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->end(); });
  }
  std::size_t outbound_bytes() const override { return outbox_ ? outbox_->bytes() : 0; }

 private:
  void refuse(const error& e);
  void listen();
  void pump();
  void renew();
  bool fill();
  void write();
  void did_write(error_code ec);
  void tick();
  void did_tick();
  void end();

  std::shared_ptr<core> core_;
  core::ticket ticket_;
  tcp_socket socket_;
  strand_timer timer_;
  std::shared_ptr<event_outbox> outbox_;
  subscribe_request what_;
  subscription handle_;
  std::uint64_t tag_ = 0;
  std::vector<std::uint64_t> missed_;
  std::vector<outgoing> ready_, sending_;
  std::size_t next_ = 0;
  std::vector<asio::const_buffer> buffers_;
  std::string text_;  // the head, a comment, or a refusal
  std::array<char, 512> in_{};
  stall_watch stall_;
  clock::time_point spoke_ = clock::now();
  bool subscribed_ = false, owed_ = false, writing_ = false, ended_ = false, last_ = false;
};

void sse_session::start(const subscribe_request& what, std::string head) {
  auto wake = [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->core_->post_from_outside(self->executor(), [weak] {
      if (const auto there = weak.lock()) there->pump();
    });
  };
  outbox_ = std::make_shared<event_outbox>(core_->opt.outbound_bytes_max, std::move(wake));
  core_->enter(shared_from_this());
  what_ = what;
  auto answer = core_->site.runtime().subscribe(what_, outbox_, tag_);
  if (!ok(answer)) return refuse(std::get<error>(answer));
  handle_ = std::get<subscription>(std::move(answer));
  subscribed_ = true;
  core_->subscriptions.fetch_add(1, std::memory_order_relaxed);
  text_ = std::move(head);
  listen();
  tick();
  write();
}

void sse_session::refuse(const error& e) {
  auto r = problem_response(e);
  text_ = head_of(r, false) + r.body;
  last_ = true;
  tick();
  write();
}

// A stream's peer has nothing more to say; what comes is dropped, and its end is ours.
void sse_session::listen() {
  socket_.async_read_some(asio::buffer(in_), [self = shared_from_this()](error_code ec, std::size_t) {
    if (ec) return self->end();
    self->listen();
  });
}

void sse_session::pump() {
  if (ended_) return;
  if (outbox_->overflowed()) {
    core_->report("closed_slow", "an SSE client reads too slowly. Raise web.outbound_bytes_max");
    return end();
  }
  write();
  renew();
}

// The stream missed something because the outbox was full: it goes on with a snapshot, once there is room.
void sse_session::renew() {
  if (!owed_ || ended_ || outbox_->bytes() > core_->opt.outbound_bytes_max / 2) return;
  owed_ = false;
  auto answer = core_->site.runtime().subscribe(what_, outbox_, ++tag_);
  core_->site.runtime().unsubscribe(handle_);
  if (!ok(answer)) return end();
  handle_ = std::get<subscription>(std::move(answer));
}

// Gathers the next events to send. False when nothing waits.
bool sse_session::fill() {
  buffers_.clear();
  if (!text_.empty()) {
    buffers_.emplace_back(text_.data(), text_.size());
    return true;
  }
  std::size_t bytes = 0;
  for (;;) {
    if (next_ == ready_.size()) {
      ready_.clear();
      next_ = 0;
      if (bytes > 0 || !outbox_->take(ready_, missed_)) return bytes > 0;
      owed_ = owed_ || std::find(missed_.begin(), missed_.end(), tag_) != missed_.end();
      missed_.clear();
      if (ready_.empty()) continue;
    }
    auto& m = ready_[next_];
    if (bytes > 0 && bytes + m.bytes() > frame_batch::bytes_max) return true;
    ++next_;
    if (m.tag != tag_) {
      outbox_->wrote(m.bytes(), outbox_->large(m));
      continue;
    }
    bytes += m.bytes();
    last_ = last_ || m.what == outgoing::kind::done;
    buffers_.emplace_back(m.text->data(), m.text->size());
    sending_.push_back(std::move(m));
  }
}

void sse_session::write() {
  if (writing_ || ended_ || !fill()) return;
  writing_ = true;
  stall_.progressed(clock::now());
  asio::async_write(socket_, buffers_,
                    [self = shared_from_this()](error_code ec, std::size_t) { self->did_write(ec); });
}

void sse_session::did_write(error_code ec) {
  writing_ = false;
  const auto now = spoke_ = clock::now();
  std::uint64_t diffs = 0, snapshots = 0;
  for (const auto& m : sending_) {
    outbox_->wrote(m.bytes(), outbox_->large(m));
    if (m.what == outgoing::kind::snap) ++snapshots;
    if (m.what != outgoing::kind::diff) continue;
    ++diffs;
    if (!ec && core_->figs.event_to_push)
      core_->figs.event_to_push(std::chrono::duration<double>(now - m.arrived).count());
  }
  sending_.clear();
  text_.clear();
  if (ec || last_) return end();
  if (core_->figs.diffs && diffs > 0) core_->figs.diffs("sent", diffs);
  if (core_->figs.diffs && snapshots > 0) core_->figs.diffs("snapshot", snapshots);
  pump();
}

void sse_session::tick() {
  const auto often = std::min<clock::duration>(core_->opt.ping_interval, core_->opt.slow_timeout) / 5;
  timer_.expires_after(std::clamp<clock::duration>(often, std::chrono::milliseconds{20}, std::chrono::seconds{5}));
  timer_.async_wait([self = shared_from_this()](error_code ec) {
    if (!ec) self->did_tick();
  });
}

void sse_session::did_tick() {
  if (ended_) return;
  const auto now = clock::now();
  if (stall_.stalled(acknowledged_bytes(socket_.native_handle()), writing_, now, core_->opt.slow_timeout)) {
    core_->report("closed_slow", "an SSE client reads nothing");
    return end();
  }
  if (!writing_ && now - spoke_ >= core_->opt.ping_interval) {
    text_ = ": still here\n\n";
    write();
  }
  tick();
}

void sse_session::end() {
  if (ended_) return;
  ended_ = true;
  outbox_->close();
  ready_.clear();
  if (subscribed_) {
    core_->site.runtime().unsubscribe(handle_);
    core_->subscriptions.fetch_sub(1, std::memory_order_relaxed);
  }
  handle_ = {};
  error_code ignored;
  socket_.shutdown(tcp_socket::shutdown_both, ignored);
  socket_.close(ignored);
  timer_.cancel();
}

}  // namespace

void start_sse(std::shared_ptr<core> c, core::ticket t, tcp_socket socket, const subscribe_request& what,
               std::string head) {
  std::make_shared<sse_session>(std::move(c), std::move(t), std::move(socket))->start(what, std::move(head));
}

}  // namespace twinlane::web::detail
