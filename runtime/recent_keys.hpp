#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

namespace twinlane {

/// What is known of requests that may come again, by their idempotency keys. T has `at_ms`.
///
/// Units    kept for 24 hours, or until the bound drops the oldest
/// Threads  its shard's
template <class T>
struct recent_keys {
  using kept = T;
  static constexpr std::int64_t keep_ms = 24ll * 60 * 60 * 1000;
  static bool is_over(const T& k, std::int64_t now_ms) { return k.at_ms + keep_ms < now_ms; }

  T* find(const std::string& key, std::int64_t now_ms) {
    const auto it = by_key.find(key);
    return it == by_key.end() || is_over(it->second, now_ms) ? nullptr : &it->second;
  }
  /// did_drop(key) is called for each that leaves.
  template <class F>
  T& keep(const std::string& key, T k, std::size_t keys_max, F&& did_drop) {
    const auto now_ms = k.at_ms;
    const auto [at, fresh] = by_key.insert_or_assign(key, std::move(k));
    if (!fresh) std::erase(order, key);
    order.push_back(key);
    while (order.size() > 1 && (order.size() > keys_max || is_over(by_key.at(order.front()), now_ms))) {
      did_drop(order.front());
      by_key.erase(order.front());
      order.pop_front();
    }
    return at->second;
  }
  /// Nothing is kept that still counts; drops what does not.
  bool expire(std::int64_t now_ms) {
    while (!order.empty() && is_over(by_key.at(order.front()), now_ms)) {
      by_key.erase(order.front());
      order.pop_front();
    }
    return order.empty();
  }
  /// As it was kept before a restart; sort() when all are.
  void restore(std::string key, T k) {
    order.push_back(key);
    by_key.emplace(std::move(key), std::move(k));
  }
  void sort() {
    std::sort(order.begin(), order.end(),
              [&](const auto& a, const auto& b) { return by_key.at(a).at_ms < by_key.at(b).at_ms; });
  }

  std::unordered_map<std::string, T> by_key;
  std::deque<std::string> order;
};

}  // namespace twinlane
