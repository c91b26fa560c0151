#include <twinlane/web/outbox.hpp>

#include <twinlane/web/message.hpp>

namespace twinlane::web {
namespace {

constexpr std::size_t irreplaceable_factor = 4;

}  // namespace

outbox::outbox(std::size_t bytes_max, std::function<void()> wake) : bytes_max_(bytes_max), wake_(std::move(wake)) {}

bool outbox::on_snapshot(std::uint64_t tag, const snapshot& s) {
  return push({outgoing::kind::snap, tag, 0, s.tail, {}, 0, false, s.resumed});
}

bool outbox::on_diff(std::uint64_t tag, const diff& d) {
  return push({outgoing::kind::diff, tag, d.from, d.tail, d.arrived, 0, d.merged});
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
  push({outgoing::kind::life, tag, 0, shared_text(std::move(text)), {}, 0});
}

void outbox::on_done(std::uint64_t tag, std::string_view reason) {
  std::string text = "\"reason\":";
  append_json(text, reason);
  text += '}';
  push({outgoing::kind::done, tag, 0, shared_text(std::move(text)), {}, 0});
}

void outbox::reply(std::string message) { push({outgoing::kind::reply, 0, 0, shared_text(std::move(message)), {}, 0}); }

bool outbox::push(outgoing m) {
  std::vector<outgoing> dropped;  // freed after the lock
  bool taken;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return false;
    taken = admit(m);
    if (taken) {
      waiting_.push_back(std::move(m));
    } else if (closed_) {
      forget_all(dropped);
    } else if (missed_.empty()) {
      return false;
    }
    if (awake_ && !closed_) return taken;
    awake_ = true;
  }
  wake_();
  return taken;
}

// Counts the message, or notes what becomes of it.
bool outbox::admit(outgoing& m) {
  if (m.what == outgoing::kind::event) return admit_event(m);
  if (m.what == outgoing::kind::snap || m.what == outgoing::kind::diff) return admit_state(m);
  if (m.what == outgoing::kind::done) tags_.erase(m.tag);
  auto& counted = large(m) ? large_bytes_ : bytes_;
  const bool fits = large(m) ? counted == 0 : counted + m.bytes() <= bytes_max_;
  if (!fits && counted + m.bytes() > irreplaceable_factor * bytes_max_) {
    closed_ = overflowed_ = true;
    return false;
  }
  counted += m.bytes();
  return true;
}

// What is refused leaves nothing here but its tag: the runtime tells it again, merged, when it is pulled.
bool outbox::admit_state(const outgoing& m) {
  const auto found = tags_.find(m.tag);
  const bool is_diff = m.what == outgoing::kind::diff;
  if (is_diff && found != tags_.end() && found->second.closed) {
    found->second.behind = found->second.early = true;
    return false;
  }
  auto& counted = large(m) ? large_bytes_ : bytes_;
  if (large(m) ? counted > 0 : counted + m.bytes() > bytes_max_) {
    tags_[m.tag].behind = true;
    missed_.push_back(m.tag);
    return false;
  }
  counted += m.bytes();
  if (found == tags_.end()) return true;
  found->second.behind = false;
  if (is_diff) found->second.closed = found->second.paced;
  if (!found->second.paced && found->second.dropped == 0) tags_.erase(found);
  return true;
}

bool outbox::admit_event(outgoing& m) {
  const std::size_t size = m.bytes();
  const auto found = tags_.find(m.tag);
  const bool early = found != tags_.end() && found->second.behind && !found->second.paced;
  const bool fits = bytes_ + size <= bytes_max_ / 2 || bytes_ + large_bytes_ == 0;
  if (!fits || early) {
    ++tags_[m.tag].dropped;
    ++dropped_all_;
    return false;
  }
  if (found != tags_.end()) {
    m.dropped = std::exchange(found->second.dropped, 0);
    if (!found->second.paced) tags_.erase(found);
  }
  (large(m) ? large_bytes_ : bytes_) += size;
  return true;
}

void outbox::pace(std::uint64_t tag) {
  std::lock_guard lock(mutex_);
  tags_[tag].paced = true;
}

bool outbox::open(std::uint64_t tag) {
  std::lock_guard lock(mutex_);
  const auto found = tags_.find(tag);
  if (found == tags_.end()) return false;
  found->second.closed = false;
  return std::exchange(found->second.early, false);
}

void outbox::forget(std::uint64_t tag) {
  std::lock_guard lock(mutex_);
  tags_.erase(tag);
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
  tags_ = {};
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
