#include <twinlane/web/outbox.hpp>

#include <twinlane/web/message.hpp>

namespace twinlane::web {

outbox::outbox(std::size_t bytes_max, std::function<void()> wake) : bytes_max_(bytes_max), wake_(std::move(wake)) {}

void outbox::on_snapshot(std::uint64_t tag, const snapshot& s) { push({outgoing::kind::snap, tag, 0, s.tail, {}}); }

void outbox::on_diff(std::uint64_t tag, const diff& d) { push({outgoing::kind::diff, tag, d.from, d.tail, d.arrived}); }

void outbox::on_life(std::uint64_t tag, const life_event& e) {
  std::string text = "\"event\":";
  append_json(text, e.event);
  text += ",\"at\":" + std::to_string(e.at_ms) + ",\"cause\":";
  append_json(text, e.cause);
  text += '}';
  push({outgoing::kind::life, tag, 0, std::make_shared<const std::string>(std::move(text)), {}});
}

void outbox::on_done(std::uint64_t tag, std::string_view reason) {
  std::string text = "\"reason\":";
  append_json(text, reason);
  text += '}';
  push({outgoing::kind::done, tag, 0, std::make_shared<const std::string>(std::move(text)), {}});
}

void outbox::reply(std::string message) {
  push({outgoing::kind::reply, 0, 0, std::make_shared<const std::string>(std::move(message)), {}});
}

void outbox::push(outgoing m) {
  const std::size_t size = m.bytes();
  std::vector<outgoing> dropped;  // freed after the lock
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    const bool alone = size > bytes_max_;
    if (alone ? large_bytes_ > 0 : bytes_ + size > bytes_max_) {
      closed_ = overflowed_ = true;
      dropped.swap(waiting_);
      bytes_ = large_bytes_ = 0;
    } else {
      (alone ? large_bytes_ : bytes_) += size;
      waiting_.push_back(std::move(m));
      if (awake_) return;
    }
    awake_ = true;
  }
  wake_();
}

bool outbox::take(std::vector<outgoing>& into) {
  std::lock_guard lock(mutex_);
  awake_ = !waiting_.empty();
  into.swap(waiting_);
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
  dropped.swap(waiting_);
  bytes_ = large_bytes_ = 0;
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
