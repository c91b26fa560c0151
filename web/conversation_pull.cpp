#include <algorithm>
#include <utility>

#include <twinlane/web/conversation.hpp>

// What subscriptions missed: told again, merged, when there is room and time.
namespace twinlane::web {
namespace {

constexpr std::size_t window_max = 64;
constexpr std::chrono::seconds answer_time{1};

}  // namespace

// What it waited for is there, or was refused.
void conversation::did_arrive(subscription_table::slot& s) {
  if (std::exchange(s.waiting, false)) --waiting_;
  if (std::exchange(s.pulling, false) && pulling_ > 0) --pulling_;
}

void conversation::note_missed(std::uint64_t tag) {
  auto* s = table_.find(tag);
  if (!s) return;
  did_arrive(*s);
  owed_.push_back(tag);
}

void conversation::catch_up(steady_time now) {
  open_due(now);
  // One that turned out to have everything gets no answer.
  if (now - pulled_at_ >= answer_time) pulling_ = 0;
  while (!ended_ && inbound_.empty() && !owed_.empty() && room(waiting_ + pulling_)) {
    const auto tag = owed_.front();
    owed_.pop_front();
    auto* s = table_.find(tag);
    if (!s) continue;
    if (pulling_++ == 0) pulled_at_ = now;
    s->pulling = true;
    port_->pull(s->handle);
  }
}

// It goes out now, and the pause begins.
void conversation::did_tell(subscription_table::slot& s, const outgoing& m, steady_time now) {
  did_arrive(s);
  if (m.what == outgoing::kind::snap || m.merged) {
    largest_ = std::max(largest_, m.bytes());
    window_ = std::min(window_max, window_ * 2);
  }
  if (m.what != outgoing::kind::diff || s.pause == s.pause.zero()) return;
  s.due = now + s.pause;
  due_.emplace(s.due, m.tag);
}

std::optional<steady_time> conversation::next_due() const {
  std::optional<steady_time> next;
  if (!due_.empty()) next = due_.begin()->first;
  const auto answered = pulled_at_ + answer_time;
  if (pulling_ > 0 && !owed_.empty() && (!next || answered < *next)) next = answered;
  return next;
}

void conversation::open_due(steady_time now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    const auto tag = due_.begin()->second;
    due_.erase(due_.begin());
    table_.find(tag)->due = {};
    if (out_->open(tag)) note_missed(tag);
  }
}

}  // namespace twinlane::web
