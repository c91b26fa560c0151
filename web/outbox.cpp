#include <twinlane/web/outbox.hpp>

#include <twinlane/web/message.hpp>

namespace twinlane::web {
namespace {

constexpr std::size_t irreplaceable_factor = 4;

}  // namespace

outbox::outbox(std::size_t bytes_max, std::function<void()> wake) : bytes_max_(bytes_max), wake_(std::move(wake)) {}

bool outbox::on_snapshot(std::uint64_t tag, const snapshot& s) {
  push({outgoing::kind::snap, tag, 0, s.tail, {}, 0});
  return true;
}

bool outbox::on_diff(std::uint64_t tag, const diff& d) {
  push({outgoing::kind::diff, tag, d.from, d.tail, d.arrived, 0});
  return true;
}

void outbox::on_event(std::uint64_t tag, const supply_event& e) {
  push({outgoing::kind::event, tag, e.rev, e.tail, {}, 0});
}

void outbox::on_life(std::uint64_t tag, const life_event& e) {
  std::string text = "\"event\":";
  append_json(text, e.event);
  text += ",\"at\":" + std::to_string(e.at_ms) + ",\"cause\":";
  append_json(text, e.cause);
  text += '}';
  push({outgoing::kind::life, tag, 0, std::make_shared<const std::string>(std::move(text)), {}, 0});
}

void outbox::on_done(std::uint64_t tag, std::string_view reason) {
  std::string text = "\"reason\":";
  append_json(text, reason);
  text += '}';
  push({outgoing::kind::done, tag, 0, std::make_shared<const std::string>(std::move(text)), {}, 0});
}

void outbox::reply(std::string message) {
  push({outgoing::kind::reply, 0, 0, std::make_shared<const std::string>(std::move(message)), {}, 0});
}

void outbox::push(outgoing m) {
  std::vector<outgoing> dropped;  // freed after the lock
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    if (admit(m)) {
      waiting_.push_back(std::move(m));
    } else if (closed_) {
      forget_all(dropped);
    } else if (missed_.empty()) {
      return;
    }
    if (awake_ && !closed_) return;
    awake_ = true;
  }
  wake_();
}

// Counts the message, or notes what becomes of it.
bool outbox::admit(outgoing& m) {
  if (m.what == outgoing::kind::event) return admit_event(m);
  if (m.what == outgoing::kind::snap) did_begin(m.tag);
  const bool replaceable = m.what == outgoing::kind::snap || m.what == outgoing::kind::diff;
  if (replaceable && cut_.contains(m.tag)) return false;
  if (m.what == outgoing::kind::done) {
    cut_.erase(m.tag);
    past_.erase(m.tag);
    before_.erase(m.tag);
    dropped_.erase(m.tag);
  }
  const std::size_t size = m.bytes();
  const bool alone = size > bytes_max_;
  auto& counted = alone ? large_bytes_ : bytes_;
  if (alone ? counted > 0 : counted + size > bytes_max_) {
    if (replaceable) {
      cut_.insert(m.tag);
      missed_.push_back(m.tag);
      return false;
    }
    if (counted + size > irreplaceable_factor * bytes_max_) {
      closed_ = overflowed_ = true;
      return false;
    }
  }
  counted += size;
  return true;
}

bool outbox::admit_event(outgoing& m) {
  if (past_.contains(m.tag)) return false;
  const std::size_t size = m.bytes();
  const bool fits = bytes_ + size <= bytes_max_ / 2 || bytes_ + large_bytes_ == 0;
  if (!fits || cut_.contains(m.tag)) {
    ++dropped_[m.tag];
    ++dropped_all_;
    return false;
  }
  if (const auto count = dropped_.find(m.tag); count != dropped_.end()) {
    m.dropped = count->second;
    dropped_.erase(count);
  }
  (large(m) ? large_bytes_ : bytes_) += size;
  return true;
}

// Both tags hear events until the old one is done: which of them are counted under which must not depend on that.
void outbox::did_begin(std::uint64_t tag) {
  const auto found = before_.find(tag);
  if (found == before_.end()) return;
  const auto old = found->second;
  before_.erase(found);
  past_.insert(old);
  if (const auto count = dropped_.find(old); count != dropped_.end()) {
    dropped_[tag] += count->second;
    dropped_.erase(old);
  }
}

void outbox::renew(std::uint64_t old_tag, std::uint64_t tag) {
  std::lock_guard lock(mutex_);
  before_[tag] = old_tag;
}

std::uint64_t outbox::take_dropped() {
  std::lock_guard lock(mutex_);
  return std::exchange(dropped_all_, 0);
}

bool outbox::take(std::vector<outgoing>& into, std::vector<std::uint64_t>& missed) {
  std::lock_guard lock(mutex_);
  awake_ = !waiting_.empty() || !missed_.empty();
  into.swap(waiting_);
  missed.swap(missed_);
  return awake_;
}

void outbox::wrote(std::size_t bytes, bool large) {
  std::lock_guard lock(mutex_);
  auto& counted = large ? large_bytes_ : bytes_;
  counted -= bytes < counted ? bytes : counted;
}

void outbox::close() {
  std::vector<outgoing> dropped;
  std::lock_guard lock(mutex_);
  closed_ = true;
  forget_all(dropped);
}

void outbox::forget_all(std::vector<outgoing>& into) {
  into.swap(waiting_);
  bytes_ = large_bytes_ = 0;
  missed_ = {};
  cut_ = {};
  past_ = {};
  before_ = {};
  dropped_ = {};
}

bool outbox::overflowed() const {
  std::lock_guard lock(mutex_);
  return overflowed_;
}

std::size_t outbox::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_ + large_bytes_;
}

}  // namespace twinlane::web
