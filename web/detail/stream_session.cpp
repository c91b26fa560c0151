#include <twinlane/web/detail/stream_session.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <twinlane/web/detail/event_outbox.hpp>
#include <twinlane/web/detail/kernel_queue.hpp>
#include <twinlane/web/detail/stall_watch.hpp>
#include <twinlane/web/frame_batch.hpp>
#include <twinlane/web/lane_query.hpp>
#include <twinlane/web/message.hpp>
#include <twinlane/web/outbox.hpp>
#include <twinlane/web/server_message.hpp>
#include <twinlane/web/wanted_view.hpp>

namespace twinlane::web::detail {
namespace {

constexpr std::uint64_t tag = 0;  // of the one subscription

class stream_session final : public session, public std::enable_shared_from_this<stream_session> {
 public:
  stream_session(std::shared_ptr<core> c, core::ticket t, byte_stream socket)
      : core_(std::move(c)), ticket_(std::move(t)), socket_(std::move(socket)), timer_(socket_.get_executor()) {}
  ~stream_session() override { core_->leave(this); }

  void start(const stream_request& what, std::string head);
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
  void pull();
  void await_due();
  outgoing* front();
  bool fill();
  void add(outgoing m);
  bool fill_rows();
  void feed(const outgoing& m);
  void say_row(std::string_view row);
  void say_done(std::string_view reason);
  void report_dropped();
  void write();
  void did_write(error_code ec);
  void tick();
  void did_tick();
  void end();

  std::shared_ptr<core> core_;
  core::ticket ticket_;
  byte_stream socket_;
  strand_timer timer_;
  std::shared_ptr<outbox> outbox_;
  std::optional<lane_query> query_;
  bool ndjson_ = false;
  std::shared_ptr<const caller> who_;
  subscription handle_;
  std::unique_ptr<strand_timer> due_timer_;  // with max_rate
  clock::duration pause_{};
  std::optional<clock::time_point> due_;
  std::vector<std::uint64_t> missed_;
  std::vector<outgoing> ready_, sending_;
  std::size_t next_ = 0;
  std::vector<asio::const_buffer> buffers_;
  std::string text_;              // the head, a comment, a refusal, or rows
  std::deque<std::string> ends_;  // of the events being sent
  struct reading {
    std::size_t bytes;
    bool large;
  };
  std::optional<reading> reading_;  // a message on its way as rows
  std::array<char, 512> in_{};
  stall_watch stall_;
  clock::time_point spoke_ = clock::now();
  bool subscribed_ = false, owed_ = false, writing_ = false, ended_ = false, last_ = false;
};

void stream_session::start(const stream_request& what, std::string head) {
  auto wake = [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->core_->post_from_outside(self->executor(), [weak] {
      if (const auto there = weak.lock()) there->pump();
    });
  };
  const auto bound = core_->opt.outbound_bytes_max;
  outbox_ = what.query ? std::make_shared<outbox>(bound, std::move(wake))
                       : std::make_shared<event_outbox>(bound, std::move(wake));
  core_->enter(shared_from_this());
  ndjson_ = what.ndjson;
  who_ = what.who;
  if (what.max_rate) pause_ = pause_of(*what.max_rate);
  if (pause_ > pause_.zero()) outbox_->pace(tag);
  if (what.query) query_.emplace(*what.query, what.kind);
  auto answer = core_->site.runtime().subscribe(what.what, outbox_, tag);
  if (!ok(answer)) return refuse(std::get<error>(answer));
  handle_ = std::get<subscription>(std::move(answer));
  subscribed_ = true;
  core_->subscriptions.fetch_add(1, std::memory_order_relaxed);
  text_ = std::move(head);
  listen();
  tick();
  write();
}

void stream_session::refuse(const error& e) {
  auto r = problem_response(e);
  text_ = head_of(r, false) + r.body;
  last_ = true;
  tick();
  write();
}

// A stream's peer has nothing more to say; what comes is dropped, and its end is ours.
void stream_session::listen() {
  socket_.async_read_some(asio::buffer(in_), [self = shared_from_this()](error_code ec, std::size_t) {
    if (ec) return self->end();
    self->listen();
  });
}

void stream_session::pump() {
  if (ended_) return;
  if (outbox_->overflowed()) {
    core_->report("closed_slow", "a client of a stream reads too slowly. Raise web.outbound_bytes_max");
    return end();
  }
  if (due_ && *due_ <= clock::now()) {
    due_.reset();
    owed_ = outbox_->open(tag) || owed_;
  }
  write();
  pull();
  await_due();
}

// The stream missed something, because the outbox was full or by its max_rate: it is told when there is room.
void stream_session::pull() {
  if (!owed_ || ended_ || outbox_->bytes() > core_->opt.outbound_bytes_max / 2) return;
  owed_ = false;
  core_->site.runtime().pull(handle_);
}

void stream_session::await_due() {
  if (!due_ || ended_ || (due_timer_ && due_timer_->expiry() == *due_)) return;
  if (!due_timer_) due_timer_ = std::make_unique<strand_timer>(socket_.get_executor());
  due_timer_->expires_at(*due_);
  due_timer_->async_wait([self = shared_from_this()](error_code ec) {
    if (!ec) self->pump();
  });
}

// The next message that has come; null when none waits.
outgoing* stream_session::front() {
  while (next_ == ready_.size()) {
    ready_.clear();
    next_ = 0;
    if (!outbox_->take(ready_, missed_)) return nullptr;
    owed_ = owed_ || !missed_.empty();
    missed_.clear();
  }
  return &ready_[next_];
}

// Gathers what to send next. False when nothing waits.
bool stream_session::fill() {
  buffers_.clear();
  if (text_.empty() && query_) fill_rows();
  if (!text_.empty()) {
    buffers_.emplace_back(text_.data(), text_.size());
    return true;
  }
  std::size_t bytes = 0;
  while (!query_ && !last_) {
    // What comes meanwhile is for the next write, and needs no wake-up.
    if (bytes > 0 && next_ == ready_.size()) break;
    auto* m = front();
    if (!m || (bytes > 0 && bytes + m->bytes() > frame_batch::bytes_max)) break;
    ++next_;
    bytes += m->bytes();
    add(std::move(*m));
  }
  return bytes > 0;
}

void stream_session::add(outgoing m) {
  last_ = last_ || m.what == outgoing::kind::done;
  if (m.what == outgoing::kind::diff && pause_ > pause_.zero()) due_ = clock::now() + pause_;
  buffers_.emplace_back(m.text->data(), m.text->size());
  if (m.what == outgoing::kind::event) {
    auto& end = ends_.emplace_back();
    append_end(end, m, wire_format::json);
    end += "\n\n";
    buffers_.emplace_back(end.data(), end.size());
  }
  sending_.push_back(std::move(m));
}

// Gathers rows in text_. False when there are none.
bool stream_session::fill_rows() {
  for (std::string row; !last_;) {
    row.clear();
    if (text_.size() >= frame_batch::bytes_max) break;
    if (query_->next(row)) {
      say_row(row);
      continue;
    }
    if (reading_) outbox_->wrote(reading_->bytes, reading_->large);
    reading_.reset();
    if (const auto why = query_->over()) {
      say_done(*why);
      break;
    }
    if (query_->held_bytes() > core_->opt.query_bytes_max) {
      core_->report("too_large", "a query on a stream would hold more than " +
                                     std::to_string(core_->opt.query_bytes_max) + " bytes of its lane");
      say_done("error");
      break;
    }
    auto* m = front();
    if (!m) break;
    ++next_;
    feed(*m);
    m->text.reset();
  }
  return !text_.empty();
}

void stream_session::feed(const outgoing& m) {
  reading_ = {m.bytes(), outbox_->large(m)};
  switch (m.what) {
    case outgoing::kind::snap:
      return query_->take_snapshot(m.text);
    case outgoing::kind::diff:
      return query_->take_diff(m.text);
    case outgoing::kind::event:
      return query_->take_event(m.text, m.from, m.dropped);
    case outgoing::kind::done:
      return say_done("error");
    default:
      return;
  }
}

void stream_session::say_row(std::string_view row) {
  if (ndjson_)
    text_.append("{").append(row).append("}\n");
  else
    text_.append("event: row\ndata: ").append(row_message(0, row, query_->rev())).append("\n\n");
}

// Lines that end by their limit just end.
void stream_session::say_done(std::string_view reason) {
  last_ = true;
  if (!ndjson_)
    text_.append("event: done\ndata: ").append(done_message(0, reason)).append("\n\n");
  else if (reason == "error")
    text_ += "{\"done\":\"error\"}\n";
}

void stream_session::write() {
  if (writing_ || ended_ || !fill()) return;
  writing_ = true;
  stall_.progressed(clock::now());
  asio::async_write(socket_, buffers_,
                    [self = shared_from_this()](error_code ec, std::size_t) { self->did_write(ec); });
}

void stream_session::did_write(error_code ec) {
  writing_ = false;
  const auto now = spoke_ = clock::now();
  std::uint64_t diffs = 0, merged = 0, snapshots = 0, events = 0;
  for (const auto& m : sending_) {
    outbox_->wrote(m.bytes(), outbox_->large(m));
    if (m.what == outgoing::kind::snap && !m.resumed) ++snapshots;
    if (m.what == outgoing::kind::event) ++events;
    if (m.what != outgoing::kind::diff) continue;
    ++(m.merged ? merged : diffs);
    if (m.merged) continue;
    if (!ec && core_->figs.event_to_push)
      core_->figs.event_to_push(std::chrono::duration<double>(now - m.arrived).count());
  }
  sending_.clear();
  ends_.clear();
  text_.clear();
  if (ec || last_) return end();
  if (core_->figs.diffs && diffs > 0) core_->figs.diffs("sent", diffs);
  if (core_->figs.diffs && merged > 0) core_->figs.diffs("merged", merged);
  if (core_->figs.diffs && snapshots > 0) core_->figs.diffs("snapshot", snapshots);
  if (core_->figs.events && events > 0) core_->figs.events("sent", events);
  report_dropped();
  pump();
}

void stream_session::report_dropped() {
  const auto n = outbox_->take_dropped();
  if (n == 0) return;
  core_->report("events_dropped", "a client of a stream reads a supply lane too slowly");
  if (core_->figs.events) core_->figs.events("dropped", n);
}

void stream_session::tick() {
  auto often = std::min<clock::duration>(core_->opt.ping_interval, core_->opt.slow_timeout) / 5;
  if (const auto left = gate::time_left(*who_)) often = std::min<clock::duration>(often, *left);
  timer_.expires_after(std::clamp<clock::duration>(often, std::chrono::milliseconds{20}, std::chrono::seconds{5}));
  timer_.async_wait([self = shared_from_this()](error_code ec) {
    if (!ec) self->did_tick();
  });
}

void stream_session::did_tick() {
  if (ended_) return;
  if (!core_->site.gate().still_admits(*who_)) {
    core_->report("closed_unauthorized", "the credentials of " + who_->name() + " for a stream hold no longer");
    return end();
  }
  const auto now = clock::now();
  if (stall_.stalled(acknowledged_bytes(socket_.native_handle()), writing_, now, core_->opt.slow_timeout)) {
    core_->report("closed_slow", "a client of a stream reads nothing");
    return end();
  }
  if (!writing_ && now - spoke_ >= core_->opt.ping_interval) {
    text_ = ndjson_ ? "\n" : ": still here\n\n";
    write();
  }
  tick();
}

void stream_session::end() {
  if (ended_) return;
  ended_ = true;
  report_dropped();
  outbox_->close();
  ready_.clear();
  if (subscribed_) {
    core_->site.runtime().unsubscribe(handle_);
    core_->subscriptions.fetch_sub(1, std::memory_order_relaxed);
  }
  handle_ = {};
  socket_.finish();
  socket_.close();
  timer_.cancel();
  if (due_timer_) due_timer_->cancel();
}

}  // namespace

void start_stream(std::shared_ptr<core> c, core::ticket t, byte_stream socket, const stream_request& what,
                  std::string head) {
  std::make_shared<stream_session>(std::move(c), std::move(t), std::move(socket))->start(what, std::move(head));
}

}  // namespace twinlane::web::detail
