#pragma once

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
    std::size_t request_hash;
    std::int64_t at_ms;
    outcome<command_result> result;
  };
  static constexpr std::int64_t keep_ms = 24ll * 60 * 60 * 1000;

  const kept* find(const std::string& key, std::int64_t now_ms) const {
    const auto it = by_key.find(key);
    return it == by_key.end() || it->second.at_ms + keep_ms < now_ms ? nullptr : &it->second;
  }
  /// Nothing is kept that still counts; drops what does not.
  bool expire(std::int64_t now_ms) {
    while (!order.empty() && by_key.at(order.front()).at_ms + keep_ms < now_ms) {
      by_key.erase(order.front());
      order.pop_front();
    }
    return order.empty();
  }
  void keep(const std::string& key, kept k, std::size_t keys_max) {
    if (!by_key.insert_or_assign(key, std::move(k)).second) std::erase(order, key);
    order.push_back(key);
    while (order.size() > keys_max) {
      by_key.erase(order.front());
      order.pop_front();
    }
  }

  std::map<std::string, kept> by_key;
  std::deque<std::string> order;
};

}  // namespace twinlane
