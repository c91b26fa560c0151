#include <twinlane/web/conversation.hpp>

#include <algorithm>

#include <twinlane/agents/uri.hpp>
#include <twinlane/web/server_message.hpp>
#include <twinlane/web/wanted_view.hpp>

namespace twinlane::web {
namespace {

constexpr unsigned commands_max = 256;

std::string ok_message(std::uint64_t id, const command_result& r) {
  return with_id("ok", id) + ",\"rev\":" + std::to_string(r.rev) +
         ",\"result\":" + (r.result.empty() ? "null" : r.result) + "}";
}

}  // namespace

conversation::conversation(const options& o, std::shared_ptr<twinlane::port> p, const resource_table& lanes,
                           std::shared_ptr<outbox> out, std::atomic<std::size_t>& subscriptions, wire_format format)
    : port_(std::move(p)),
      lanes_(lanes),
      out_(std::move(out)),
      subscriptions_(subscriptions),
      format_(format),
      outbound_half_(o.outbound_bytes_max / 2),
      subscriptions_max_(o.subscriptions_max),
      query_bytes_max_(o.query_bytes_max),
      // A client may subscribe to all it wants at once, so that is the burst.
      inbound_rate_(static_cast<double>(o.inbound_messages_per_s),
                    static_cast<double>(o.inbound_messages_per_s + o.subscriptions_max), token_bucket::clock::now()),
      auth_timeout_(o.auth_timeout) {}

conversation::~conversation() { end(); }

std::optional<close_reason> conversation::receive(std::string_view frame, token_bucket::clock::time_point now) {
  return text() ? take(parse_frame(frame), now) : close_reason::bad_message;
}

std::optional<close_reason> conversation::receive_binary(std::string_view frame, token_bucket::clock::time_point now) {
  return text() ? close_reason::bad_message : take(parse_cbor_frame(frame), now);
}

std::optional<close_reason> conversation::take(client_frame parsed, token_bucket::clock::time_point now) {
  if (!parsed.error.empty()) return close_reason::bad_message;
  const auto n = std::max<std::size_t>(1, parsed.messages.size());
  if (!inbound_rate_.take(static_cast<double>(n), now)) return close_reason::too_many;
  std::move(parsed.messages.begin(), parsed.messages.end(), std::back_inserter(inbound_));
  return std::nullopt;
}

void conversation::advance() {
  while (!ended_ && !turned_away_ && !inbound_.empty() && room(waiting_)) {
    const auto m = std::move(inbound_.front());
    inbound_.pop_front();
    if (gate_ && !caller_ && !std::holds_alternative<auth_message>(m)) {
      turned_away_ = true;
      return;
    }
    std::visit([this](const auto& message) { handle(message); }, m);
  }
}

// For one more, while so many are expected.
bool conversation::room(std::size_t expected) const {
  const std::size_t fitting = std::max<std::size_t>(1, outbound_half_ / largest_);
  return expected < std::min(window_, fitting) && commands_->load(std::memory_order_relaxed) < commands_max &&
         out_->bytes() <= outbound_half_;
}

void conversation::handle(const sub_message& m) {
  if (table_.contains(m.id)) return refuse(m.id, problem::conflict, "This connection has a subscription with this id.");
  const auto uri = canonical_uri(m.uri);
  if (!uri) return refuse(m.id, problem::bad_request, "'uri' is not an agent's path, as in /customer/42.");
  for (const auto& path : m.fields)
    if (const auto lane = lanes_.find_lane(*uri, path[0]); !ok(lane))
      return refuse(m.id, std::get<error>(lane).code, std::get<error>(lane).detail);
  auto asked = wanted_view(m.lanes, m.fields);
  auto seen = visible(m.id, *uri, asked);
  if (!seen) return;
  subscribe_request r{*uri, std::move(*seen), m.life};
  if (m.resume) r.resume = resume_point{m.resume->lineage, m.resume->rev};
  const auto pause = m.max_rate ? pause_of(*m.max_rate) : steady_time::duration::zero();
  if (!begin(m.id, std::move(r), pause, nullptr))
    out_->reply(done_message(m.id, "limit"));
  else
    remember(m.id, std::move(asked));
}

// False when there are as many subscriptions as may be.
bool conversation::begin(std::uint64_t id, subscribe_request r, steady_time::duration pause,
                         std::unique_ptr<lane_query> q) {
  if (table_.size() >= subscriptions_max_) return false;
  const auto tag = table_.add(id);
  ++waiting_;
  subscriptions_.fetch_add(1, std::memory_order_relaxed);
  auto& s = *table_.find(tag);
  s.pause = pause;
  s.what = std::make_unique<subscribe_request>(std::move(r));
  s.query = std::move(q);
  if (pause > pause.zero()) out_->pace(tag);
  auto answer = port_->subscribe(*s.what, out_, tag);
  s.what->resume.reset();
  if (ok(answer)) {
    s.handle = std::get<subscription>(std::move(answer));
  } else {
    forget(tag);
    out_->forget(tag);
    refuse(id, std::get<error>(answer).code, std::get<error>(answer).detail);
  }
  return true;
}

void conversation::handle(const unsub_message& m) {
  const auto tag = table_.tag_of(m.id);
  if (!tag) return refuse(m.id, problem::bad_request, "This connection has no subscription with this id.");
  port_->unsubscribe(table_.find(*tag)->handle);
  forget(*tag);
  out_->reply(done_message(m.id, "unsubscribed"));
}

void conversation::handle(const cmd_message& m) {
  command_request c;
  const auto uri = canonical_uri(m.uri);
  if (!uri) return refuse(m.id, problem::bad_request, "'uri' is not an agent's path, as in /customer/42.");
  if (!may_command(m, *uri)) return;
  c.uri = *uri;
  c.lane = m.lane;
  c.value = m.value;
  c.if_rev = m.if_rev;
  commands_->fetch_add(1, std::memory_order_relaxed);
  port_->command(std::move(c), [out = out_, commands = commands_, id = m.id](outcome<command_result> o) {
    // Before the reply, whose wake-up lets the next message in.
    commands->fetch_sub(1, std::memory_order_relaxed);
    if (ok(o)) return out->reply(ok_message(id, std::get<command_result>(o)));
    const auto& e = std::get<error>(o);
    out->reply(error_message(id, e.code, e.detail));
  });
}

void conversation::handle(const ping_message& m) { out_->reply(with_id("pong", m.id) + "}"); }

void conversation::handle(const faulty_message& m) { refuse(m.id, problem::bad_request, m.detail); }

void conversation::refuse(std::uint64_t id, problem code, std::string_view message) {
  out_->reply(error_message(id, code, message));
}

void conversation::forget(std::uint64_t tag) {
  auto* s = table_.find(tag);
  if (!s) return;
  did_arrive(*s);
  if (s->query) held_bytes_ -= s->query->held_bytes();
  due_.erase({s->due, tag});
  table_.remove(tag);
  subscriptions_.fetch_sub(1, std::memory_order_relaxed);
}

// The id to send it under, or nothing when its subscription has ended meanwhile.
std::optional<std::uint64_t> conversation::client_id(const outgoing& m, steady_time now) {
  if (m.what == outgoing::kind::reply) return 0;
  auto* s = table_.find(m.tag);
  if (!s) return std::nullopt;
  const auto id = s->id;
  if (m.what == outgoing::kind::snap || m.what == outgoing::kind::diff) did_tell(*s, m, now);
  if (m.what == outgoing::kind::done) forget(m.tag);
  return id;
}

bool conversation::next(frame_batch& batch, steady_time now) {
  batch.clear(format_);
  large_bytes_ = row_bytes_ = 0;
  for (;;) {
    if (reading_ && !send_rows(batch)) break;
    if (next_ready_ == ready_.size()) {
      ready_.clear();
      next_ready_ = 0;
      // With something in hand, what came meanwhile waits for the next frame and needs no wake-up.
      if (!batch.empty() || !out_->take(ready_, missed_)) break;
      for (const auto tag : missed_) note_missed(tag);
      missed_.clear();
      if (ready_.empty()) continue;
    }
    auto& m = ready_[next_ready_];
    if (auto* q = query_of(m)) {
      if (client_id(m, now)) feed(*q, m);
      m.text.reset();
      ++next_ready_;
      continue;
    }
    if (!batch.fits(m)) break;
    if (const auto id = client_id(m, now)) {
      batch.add(m, *id);
      if (out_->large(m)) large_bytes_ += m.bytes();
    } else {
      out_->wrote(m.bytes(), out_->large(m));
    }
    m.text.reset();
    ++next_ready_;
  }
  if (!batch.empty()) {
    batch.seal();
    return true;
  }
  ready_.shrink_to_fit();
  batch.release();
  return false;
}

void conversation::wrote(const frame_batch& batch) {
  out_->wrote(batch.bytes() - large_bytes_ - row_bytes_, false);
  out_->wrote(large_bytes_, true);
}

void conversation::end() {
  if (ended_) return;
  ended_ = true;
  out_->close();
  inbound_.clear();
  owed_.clear();
  due_.clear();
  ready_.clear();
  ready_.shrink_to_fit();
  next_ready_ = 0;
  table_.for_each([this](const subscription_table::slot& s) { port_->unsubscribe(s.handle); });
  subscriptions_.fetch_sub(table_.size(), std::memory_order_relaxed);
  table_.clear();
  reading_.reset();
  waiting_ = pulling_ = held_bytes_ = 0;
}

}  // namespace twinlane::web
