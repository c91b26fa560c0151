#include <twinlane/runtime/dead_letter_queue.hpp>

#include <string>

#include <twinlane/runtime/log.hpp>
#include <twinlane/runtime/metrics.hpp>

namespace twinlane {

dead_letter_queue::dead_letter_queue(writer write, std::shared_ptr<metrics> figures)
    : write_(std::move(write)), figures_(std::move(figures)) {}

void dead_letter_queue::add(dead_letter_batch b) {
  if (!b.empty() && !try_write(b)) keep(std::move(b));
}

void dead_letter_queue::keep(dead_letter_batch b) {
  dead_letter_batch kept;
  kept.refused_by_shard = b.refused_by_shard;
  std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < b.letters.size(); ++i) {
    if (!b.origins[i].window && ++uncaused_ > uncaused_max) continue;
    kept.letters.push_back(std::move(b.letters[i]));
    kept.origins.push_back(std::move(b.origins[i]));
  }
  const auto dropped = b.letters.size() - kept.letters.size();
  uncaused_ -= dropped;
  if (dropped == 0) kept.in = std::move(b.in);
  if (!kept.empty()) waiting_.push_back(std::move(kept));
  if (dropped == 0) return;
  if (figures_) figures_->count("twinlane_dead_letters_dropped_total", {}, dropped);
  log_limited(log_level::error, "dead letters dropped",
              std::to_string(uncaused_) + " dead letters of agents wait for room on disk; more are dropped");
}

void dead_letter_queue::retry() {
  std::vector<dead_letter_batch> again;
  {
    std::lock_guard lock(mutex_);
    again.swap(waiting_);
    uncaused_ = 0;
  }
  bool room = true;
  for (auto& b : again) {
    room = room && try_write(b);
    if (!room) keep(std::move(b));
  }
}

std::size_t dead_letter_queue::waiting() const {
  std::lock_guard lock(mutex_);
  std::size_t n = 0;
  for (const auto& b : waiting_) n += b.letters.size();
  return n;
}

bool dead_letter_queue::try_write(dead_letter_batch& b) const {
  if (write_ && !write_(b.letters)) return false;
  for (std::size_t i = 0; i < b.letters.size(); ++i) {
    const auto& d = b.letters[i];
    const std::string reason(name_of(d.reason));
    if (figures_) figures_->dead(d.source, reason);
    log_limited(log_level::warn, "dead " + d.source + ' ' + reason,
                "dead letter: source " + d.source + ", " + d.topic + '[' + std::to_string(d.partition) + "] offset " +
                    std::to_string(d.offset) + ", " + reason + ": " + d.detail);
    if (!b.origins[i].own || !b.origins[i].window) continue;
    auto& p = b.origins[i].window->owner();
    p.dead.fetch_add(1, std::memory_order_relaxed);
    if (b.refused_by_shard && p.did_reject) p.did_reject(d.offset, d.reason, d.detail);
  }
  if (b.in) b.in->arrived();
  b = {};
  return true;
}

}  // namespace twinlane
