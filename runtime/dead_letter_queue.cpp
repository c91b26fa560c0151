#include <twinlane/runtime/dead_letter_queue.hpp>

#include <string>

#include <twinlane/runtime/log.hpp>
#include <twinlane/runtime/metrics.hpp>

namespace twinlane {

dead_letter_queue::dead_letter_queue(writer write, std::shared_ptr<metrics> figures)
    : write_(std::move(write)), figures_(std::move(figures)) {}

void dead_letter_queue::add(dead_letter_batch b) {
  if (b.empty() || try_write(b)) return;
  std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(b));
}

void dead_letter_queue::retry() {
  std::vector<dead_letter_batch> again;
  {
    std::lock_guard lock(mutex_);
    again.swap(waiting_);
  }
  for (auto& b : again) add(std::move(b));
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
    if (!b.windows[i]) continue;
    auto& p = b.windows[i]->owner();
    p.dead.fetch_add(1, std::memory_order_relaxed);
    if (b.refused_by_shard && p.did_reject) p.did_reject(d.offset, d.reason, d.detail);
  }
  b = {};
  return true;
}

}  // namespace twinlane
