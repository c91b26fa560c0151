#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include <twinlane/runtime/port.hpp>

namespace twinlane {

/// First answers by idempotency key, so that a repeated request gets the same one and changes nothing.
///
/// Units    kept for 24 hours, or until the bound drops the oldest
/// Threads  its shard's
struct idempotency {
  struct kept {
    std::uint64_t request_hash;
    std::int64_t at_ms;
    outcome<command_result> result;
  };
  static constexpr std::int64_t keep_ms = 24ll * 60 * 60 * 1000;

  const kept* find(const std::string& key, std::int64_t now_ms) const {
    const auto it = by_key.find(key);
    return it == by_key.end() || it->second.at_ms + keep_ms < now_ms ? nullptr : &it->second;
  }
  /// As it was kept before a restart; sort() when all are.
  void restore(std::string key, kept k) {
    order.push_back(key);
    by_key.emplace(std::move(key), std::move(k));
  }
  void sort() {
    std::sort(order.begin(), order.end(),
              [&](const auto& a, const auto& b) { return by_key.at(a).at_ms < by_key.at(b).at_ms; });
  }
  /// Nothing is kept that still counts; drops what does not.
  bool expire(std::int64_t now_ms) {
    while (!order.empty() && by_key.at(order.front()).at_ms + keep_ms < now_ms) {
      by_key.erase(order.front());
      order.pop_front();
    }
    return order.empty();
  }
  /// did_drop(key) is called for each that leaves.
  template <class F>
  void keep(const std::string& key, kept k, std::size_t keys_max, F&& did_drop) {
    const auto now_ms = k.at_ms;
    if (!by_key.insert_or_assign(key, std::move(k)).second) std::erase(order, key);
    order.push_back(key);
    while (order.size() > keys_max || by_key.at(order.front()).at_ms + keep_ms < now_ms) {
      did_drop(order.front());
      by_key.erase(order.front());
      order.pop_front();
    }
  }

  std::map<std::string, kept> by_key;
  std::deque<std::string> order;
};

}  // namespace twinlane
