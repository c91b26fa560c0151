#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

namespace twinlane {

/// How far the records of requests have been taken that may come again, by their idempotency keys.
///
/// Units    kept for 24 hours, or until the bound drops the oldest
/// Threads  its shard's
class ingest_requests {
 public:
  struct known {
    std::int64_t next = 0;  // number within the request
    std::int64_t at_ms = 0;
  };
  static constexpr std::int64_t keep_ms = 24ll * 60 * 60 * 1000;
  static bool is_over(const known& k, std::int64_t now_ms) { return k.at_ms + keep_ms < now_ms; }

  /// Where the next record of that key is to be noted; valid until another key comes. did_drop(key) for each that
  /// leaves.
  template <class F>
  std::int64_t* next_of(const std::string& key, std::int64_t now_ms, std::size_t keys_max, F&& did_drop) {
    while (!order_.empty() && (order_.size() >= keys_max || is_over(by_key_.at(order_.front()), now_ms))) {
      if (order_.front() == key && !is_over(by_key_.at(key), now_ms)) break;
      did_drop(order_.front());
      by_key_.erase(order_.front());
      order_.pop_front();
    }
    const auto [at, fresh] = by_key_.try_emplace(key, known{0, now_ms});
    if (fresh) order_.push_back(key);
    return &at->second.next;
  }
  const known* find(const std::string& key) const {
    const auto at = by_key_.find(key);
    return at == by_key_.end() ? nullptr : &at->second;
  }
  /// As it was kept before a restart; sort() when all are.
  void restore(std::string key, known k) {
    order_.push_back(key);
    by_key_.emplace(std::move(key), k);
  }
  void sort() {
    std::sort(order_.begin(), order_.end(),
              [&](const auto& a, const auto& b) { return by_key_.at(a).at_ms < by_key_.at(b).at_ms; });
  }

 private:
  std::unordered_map<std::string, known> by_key_;
  std::deque<std::string> order_;
};

}  // namespace twinlane
