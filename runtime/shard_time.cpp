#include <algorithm>

#include <twinlane/runtime/detail/cut.hpp>
#include <twinlane/runtime/shard.hpp>

// Timers and retention: what is due, and when.
namespace twinlane {

bool shard::is_due(const cut& c) const { return next_due() <= c.now_ms; }

std::int64_t shard::next_due() const {
  const auto scheduled = schedule_.empty() ? lane_base::never : schedule_.begin()->first;
  return sleepers_.empty() ? scheduled : std::min(scheduled, sleepers_.back().first);
}

// An agent that has been scheduled since is due when that says.
void shard::wake_sleepers(std::int64_t now_ms) {
  for (std::size_t n = 0; n < options_.cut_records && !sleepers_.empty() && sleepers_.back().first <= now_ms; ++n) {
    const auto [due_ms, uri] = std::move(sleepers_.back());
    sleepers_.pop_back();
    const auto* type = host_.type_of(uri);
    if (!type) continue;
    auto& e = find_or_watch(uri, *type);
    if (e.due_ms != lane_base::never) continue;
    e.due_ms = due_ms;
    schedule_.emplace(due_ms, &e);
  }
}

// One cut of what is due, bounded like any other.
void shard::run_due(cut& c) {
  wake_sleepers(c.now_ms);
  std::vector<entity*> due;
  while (!schedule_.empty() && schedule_.begin()->first <= c.now_ms && due.size() < options_.cut_records) {
    auto* e = schedule_.begin()->second;
    schedule_.erase(schedule_.begin());
    due.push_back(e);
  }
  for (auto* e : due) run_due(c, *e);
  finish_cut(c);
  c.clear();
}

// Each timer has a turn of its own, and so has retention: one that throws holds up no other.
void shard::run_due(cut& c, entity& e) {
  constexpr std::int64_t again_ms = 10'000;
  load(e);
  if (!e.self) {
    reschedule(e, e.unreadable.empty() ? lane_base::never : c.now_ms + again_ms);
    return drop_if_idle(e);
  }
  e.used_ms = c.now_ms;
  c.timer.reset();
  if (std::max(e.self->next_expiry_ms(), e.evict_after_ms) <= c.now_ms)
    e.evict_after_ms = run_quiet_turn(c, e) ? 0 : c.now_ms + again_ms;
  for (std::size_t i = 0; i < e.type->timers().size(); ++i) {
    if (e.self->timer_at(i).due_ms() > c.now_ms) continue;
    c.timer = i;
    if (!run_quiet_turn(c, e)) turn::postpone(*e.self, i, c.now_ms + again_ms);
  }
  // At least a millisecond later, so that a timer that sets itself to now cannot hold the shard.
  reschedule(e, std::max(due_of(e), c.now_ms + 1));
}

std::int64_t shard::due_of(const entity& e) {
  return std::min(e.self->next_timer_ms(), std::max(e.self->next_expiry_ms(), e.evict_after_ms));
}

void shard::reschedule(entity& e, std::int64_t due_ms) {
  if (e.due_ms == due_ms) return;
  if (e.due_ms != lane_base::never) schedule_.erase({e.due_ms, &e});
  e.due_ms = due_ms;
  if (due_ms != lane_base::never) schedule_.emplace(due_ms, &e);
  save_due(e);
  note_next_due();
}

void shard::note_next_due() {
  auto due = next_due();
  if (keeps_ && options_.idle_ms != 0 && active_ != 0) due = std::min(due, next_sweep_ms_);
  if (!histories_.empty()) due = std::min(due, histories_.front().first);
  next_due_ms_.store(due, std::memory_order_relaxed);
}

}  // namespace twinlane
