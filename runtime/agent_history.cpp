#include <twinlane/runtime/agent_history.hpp>

#include <algorithm>

namespace twinlane {
namespace {

void unite(dirty_paths::node& to, const dirty_paths::node& from) {
  if (from.marked()) to.mark();
  for (const auto& [segment, below] : from.children()) unite(to.child(segment), below);
}

}  // namespace

agent_history::agent_history(std::uint64_t rev, limits l, history_budget& all) : limits_(l), all_(all), last_(rev) {}

agent_history::~agent_history() { restart(last_); }

void agent_history::restart(std::uint64_t rev) noexcept {
  all_.bytes.fetch_sub(bytes_, std::memory_order_relaxed);
  bytes_ = 0;
  segments_.clear();
  last_ = rev;
}

void agent_history::count(segment& s) noexcept {
  const auto now = s.paths.bytes() + sizeof(segment);
  bytes_ += now - s.bytes;
  all_.bytes.fetch_add(now - s.bytes, std::memory_order_relaxed);  // wraps where it shrinks
  s.bytes = now;
}

agent_history::segment& agent_history::open_segment(std::int64_t now_ms) {
  if (!segments_.empty()) {
    auto& s = segments_.back();
    const bool is_short = now_ms - s.opened_ms < segment_ms || s.to - s.from < segment_revs;
    if (is_short && s.bytes <= limits_.bytes_max / 8) return s;
  }
  expire(now_ms);
  return segments_.emplace_back(segment{last_, last_, now_ms, now_ms, {}});
}

void agent_history::did_add(std::uint64_t rev, std::int64_t now_ms) {
  const auto before = bytes_;
  auto& s = segments_.back();
  s.to = last_ = rev;
  s.last_ms = now_ms;
  count(s);
  while (bytes_ > limits_.bytes_max) {
    if (segments_.size() == 1 || segments_.front().bytes > limits_.bytes_max / 2)
      drop_first();
    else
      unite_first();
  }
  while (bytes_ > before && all_.bytes.load(std::memory_order_relaxed) > all_.bytes_max) drop_first();
}

void agent_history::drop_first() noexcept {
  const auto bytes = segments_.front().bytes;
  bytes_ -= bytes;
  all_.bytes.fetch_sub(bytes, std::memory_order_relaxed);
  segments_.erase(segments_.begin());
}

// The smaller of the two goes into the larger.
void agent_history::unite_first() {
  auto &a = segments_[0], &b = segments_[1];
  if (a.bytes > b.bytes) {
    std::swap(a.paths, b.paths);
    std::swap(a.bytes, b.bytes);
  }
  unite(b.paths.root(), a.paths.root());
  b.from = a.from;
  b.opened_ms = a.opened_ms;
  count(b);
  drop_first();
}

void agent_history::expire(std::int64_t now_ms) {
  while (!segments_.empty() && segments_.front().last_ms + limits_.age_ms <= now_ms) drop_first();
}

std::size_t agent_history::serving(std::uint64_t rev) const noexcept {
  const auto s = std::find_if(segments_.begin(), segments_.end(), [&](const segment& one) { return rev < one.to; });
  return static_cast<std::size_t>(s - segments_.begin());
}

std::uint64_t agent_history::start_of(std::uint64_t rev) const noexcept {
  const auto n = serving(rev);
  return n == segments_.size() ? last_ : segments_[n].from;
}

void agent_history::collect(std::uint64_t rev, dirty_paths& to) {
  for (auto n = serving(rev); n < segments_.size(); ++n) unite(to.root(), segments_[n].paths.root());
}

}  // namespace twinlane
