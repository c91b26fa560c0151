#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

namespace twinlane::ingest {

/// Keeps partitions side by side in time: gives out the messages of all of them by their timestamps, the oldest first;
/// within a partition the order stays.
///
/// add() → next() …: nothing comes while a partition that is not at its end has nothing to offer, for what it brings
/// may be older. One that brings nothing for `patience` is not waited for until it does.
///
/// Cost     log(partitions) a message; messages wait here, so who adds them looks at waiting()
/// Threads  one
template <class Message>
class time_alignment {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  explicit time_alignment(std::chrono::milliseconds patience) : patience_(patience) {}

  /// Answers its number: 0, 1, …
  std::size_t add_partition(time_point now) {
    partitions_.push_back({{}, now, false, false});
    ++awaited_;
    return partitions_.size() - 1;
  }
  void add(std::size_t partition, std::int64_t time_ms, Message m, time_point now) {
    auto& p = partitions_[partition];
    const change here(*this, p);
    if (p.waiting.empty()) heads_.push({time_ms, partition});
    p.waiting.emplace_back(time_ms, std::move(m));
    p.at_end = false;
    p.heard = now;
  }
  /// Behind what was added there is nothing for now.
  void reach_end(std::size_t partition) {
    const change here(*this, partitions_[partition]);
    partitions_[partition].at_end = true;
  }
  /// Is not to be waited for, whatever it holds: nobody reads it.
  void set_away(std::size_t partition, bool away, time_point now) {
    auto& p = partitions_[partition];
    const change here(*this, p);
    if (p.away && !away) p.heard = now;
    p.away = away;
  }

  /// Is to be waited for, although it brings nothing.
  void excuse(std::size_t partition, time_point now) { partitions_[partition].heard = now; }

  /// The oldest message that is not younger than until_ms, and its partition.
  std::optional<std::pair<std::size_t, Message>> next(time_point now, std::int64_t until_ms) {
    if (heads_.empty() || heads_.top().first > until_ms || waits(now)) return std::nullopt;
    const auto partition = heads_.top().second;
    auto& p = partitions_[partition];
    const change here(*this, p);
    std::pair<std::size_t, Message> oldest{partition, std::move(p.waiting.front().second)};
    heads_.pop();
    p.waiting.pop_front();
    p.heard = now;
    if (!p.waiting.empty()) heads_.push({p.waiting.front().first, partition});
    return oldest;
  }
  /// When the oldest message happened; nothing when there is none, or it may not go yet.
  std::optional<std::int64_t> oldest_ms(time_point now) const {
    if (heads_.empty() || waits(now)) return std::nullopt;
    return heads_.top().first;
  }
  std::size_t waiting(std::size_t partition) const { return partitions_[partition].waiting.size(); }
  void clear() {
    partitions_.clear();
    heads_ = {};
    awaited_ = 0;
  }

 private:
  struct state {
    std::deque<std::pair<std::int64_t, Message>> waiting;
    time_point heard;  // last
    bool at_end, away;
    bool awaited() const { return waiting.empty() && !at_end && !away; }
  };
  /// Counts a partition anew behind what is done to it.
  struct change {
    change(time_alignment& a, state& p) : all(a), of(p) { all.awaited_ -= of.awaited(); }
    ~change() { all.awaited_ += of.awaited(); }
    time_alignment& all;
    state& of;
  };
  using head = std::pair<std::int64_t, std::size_t>;

  bool waits(time_point now) const {
    return awaited_ != 0 && std::any_of(partitions_.begin(), partitions_.end(),
                                        [&](const state& p) { return p.awaited() && now - p.heard < patience_; });
  }

  const std::chrono::milliseconds patience_;
  std::deque<state> partitions_;
  std::size_t awaited_ = 0;
  std::priority_queue<head, std::vector<head>, std::greater<>> heads_;
};

}  // namespace twinlane::ingest
