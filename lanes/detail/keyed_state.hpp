#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <twinlane/lanes/detail/patching.hpp>
#include <twinlane/lanes/detail/row_text.hpp>
#include <twinlane/lanes/detail/sorted_table.hpp>
#include <twinlane/lanes/diff.hpp>
#include <twinlane/lanes/lane.hpp>

namespace twinlane::detail {

template <class K, class V>
struct keyed_entry {
  K key;
  V value;
  std::int64_t time_ms = 0;   // event time
  std::uint64_t written = 0;  // order of writing within the lane
};

/// What one turn changed in a keyed lane: each key once, with the entry as it was when the turn began.
template <class K, class V>
struct keyed_log : lane_log {
  struct item {
    K key;
    std::optional<keyed_entry<K, V>> before;
  };
  std::vector<item> items;    // sorted by key
  std::vector<item> settled;  // came back to their values, but were written: for undo alone
  std::uint64_t written_before = 0;
  bool held = false;

  void clear() noexcept override {
    items.clear();
    settled.clear();
    held = false;
  }
};

/// Entries by key with retention, the common ground of map, log and join lanes.
///
/// Cost     put and remove O(log n); with a count bound over 256 an index of the writing order is kept
/// Threads  inside the agent's turn
template <class K, class V>
class keyed_state {
 public:
  using entry = keyed_entry<K, V>;
  using log_type = keyed_log<K, V>;

  const sorted_table<entry>& table() const noexcept { return table_; }
  const V* find(const K& key) const {
    const auto* e = table_.find(key);
    return e ? &e->value : nullptr;
  }

  /// The number that the next write gets; for a log lane, whose every write is a new entry, its sequence number.
  std::uint64_t next_number() const noexcept { return written_; }

  /// Writes without comparing; returns the entry.
  entry& put(log_type& log, K key, V value, std::int64_t time_ms, const retention& keep) {
    hold(log);
    const auto* old = table_.find(key);
    keep_before(log, key, old);
    if (old && order_) order_->erase(old->written);
    auto& e = table_.put({std::move(key), std::move(value), time_ms, written_++});
    if (keep.entries_max > scan_max && !order_) rebuild_order();
    if (order_) order_->insert_or_assign(e.written, e.key);
    oldest_ms_ = std::min(oldest_ms_, time_ms);
    return e;
  }

  /// The entry, to be changed in place at once; made of `made()` when there is none. The reference holds until the next
  /// change.
  template <class Make>
  entry& change(log_type& log, const K& key, std::int64_t time_ms, const retention& keep, Make&& made) {
    auto* e = table_.find(key);
    if (!e) return put(log, key, made(), time_ms, keep);
    hold(log);
    keep_before(log, key, e);
    if (order_) order_->erase(e->written);
    e->time_ms = time_ms;
    e->written = written_++;
    if (order_) order_->insert_or_assign(e->written, key);
    oldest_ms_ = std::min(oldest_ms_, time_ms);
    return *e;
  }

  /// Removes and returns the entry.
  std::optional<entry> remove(log_type& log, const K& key) {
    const auto* e = table_.find(key);
    if (!e) return std::nullopt;
    hold(log);
    keep_before(log, key, e);
    if (order_) order_->erase(e->written);
    return table_.take(key);
  }

  /// The key written longest ago, when there are more than n entries.
  std::optional<K> over_count(std::uint32_t n) const {
    if (n == 0 || table_.size() <= n) return std::nullopt;
    if (order_) return order_->begin()->second;
    const auto it = std::min_element(table_.begin(), table_.end(),
                                     [](const entry& a, const entry& b) { return a.written < b.written; });
    return it->key;
  }

  std::int64_t next_expiry(std::int64_t age_ms) const {
    return age_ms == 0 || table_.empty() || oldest_ms_ > lane_base::never - age_ms ? lane_base::never
                                                                                   : oldest_ms_ + age_ms;
  }
  /// Keys whose entries have reached the age; makes the lower bound of ages exact again.
  std::vector<K> expired(std::int64_t age_ms, std::int64_t now_ms) {
    std::vector<K> keys;
    oldest_ms_ = lane_base::never;
    for (const auto& e : table_) {
      if (e.time_ms <= now_ms - age_ms)
        keys.push_back(e.key);
      else
        oldest_ms_ = std::min(oldest_ms_, e.time_ms);
    }
    return keys;
  }

  /// Takes over an entry that was written before, outside of a turn; false when its key or number is taken, or the
  /// number is none.
  bool load(K key, V value, std::int64_t time_ms, std::uint64_t number, const retention& keep) {
    if (number == 0 || number >= row_number_max || table_.find(key)) return false;
    if (keep.entries_max > scan_max) {
      if (!order_) order_ = std::make_unique<std::map<std::uint64_t, K>>();
      if (!order_->emplace(number, key).second) return false;
    }
    table_.put({std::move(key), std::move(value), time_ms, number});
    reserve_numbers(number + 1);
    oldest_ms_ = std::min(oldest_ms_, time_ms);
    return true;
  }
  /// The next write gets this number or one above it.
  void reserve_numbers(std::uint64_t next) noexcept { written_ = std::max(written_, next); }

  bool settle(log_type& log) const {
    auto kept = log.items.begin();
    for (auto& i : log.items) {
      const auto* now = table_.find(i.key);
      if (now ? !i.before || !equal(i.before->value, now->value) : i.before.has_value()) {
        if (&*kept != &i) *kept = std::move(i);
        ++kept;
      } else if (i.before) {
        log.settled.push_back(std::move(i));
      }
    }
    log.items.erase(kept, log.items.end());
    return !log.items.empty();
  }

  void undo(log_type& log) noexcept {
    const auto restore = [&](entry& e) {
      oldest_ms_ = std::min(oldest_ms_, e.time_ms);
      table_.put(std::move(e));
    };
    for (auto& i : log.items) i.before ? restore(*i.before) : void(table_.erase(i.key));
    // The first of a key that settled more than once is what the turn began with.
    for (auto i = log.settled.rbegin(); i != log.settled.rend(); ++i) restore(*i->before);
    if (log.held) written_ = log.written_before;
    if (order_) rebuild_order();
  }

  void encode_value(std::string& out) const {
    out += '{';
    for (const auto& e : table_) {
      append_member_name(out, e.key);
      encode(out, e.value);
      out += ',';
    }
    close(out, '{', '}');
  }
  void encode_change(std::string& out, const log_type& log) const {
    out += '{';
    for (const auto& i : log.items) {
      append_member_name(out, i.key);
      const auto* now = table_.find(i.key);
      if (!now)
        out += "null";
      else if (!i.before)
        encode(out, now->value);
      else
        encode_diff(out, i.before->value, now->value);
      out += ',';
    }
    close(out, '{', '}');
  }
  void mark_change(dirty_paths::node& paths, const log_type& log) const {
    std::string text;
    for (const auto& i : log.items) {
      text.clear();
      key_codec<K>::append(text, i.key);
      const auto* now = table_.find(i.key);
      mark_changes(paths.child(text), i.before ? &i.before->value : nullptr, now ? &now->value : nullptr);
    }
  }
  void encode_marked(std::string& out, const dirty_paths::node& paths) const {
    out += '{';
    for (const auto& [text, below] : paths.children()) {
      append_json_string(out, text);
      out += ':';
      K key{};
      const auto* now = key_codec<K>::parse(text, key) ? table_.find(key) : nullptr;
      encode_dirty(out, below, now ? &now->value : nullptr);
      out += ',';
    }
    close(out, '{', '}');
  }

 private:
  static constexpr std::uint32_t scan_max = 256;

  void hold(log_type& log) const {
    if (log.held) return;
    log.held = true;
    log.written_before = written_;
  }
  static void keep_before(log_type& log, const K& key, const entry* old) {
    auto it =
        std::lower_bound(log.items.begin(), log.items.end(), key, [](const auto& i, const K& k) { return i.key < k; });
    if (it != log.items.end() && !(key < it->key)) return;
    log.items.insert(it, {key, old ? std::optional<entry>(*old) : std::nullopt});
  }
  void rebuild_order() {
    order_ = std::make_unique<std::map<std::uint64_t, K>>();
    for (const auto& e : table_) order_->emplace(e.written, e.key);
  }

  sorted_table<entry> table_;
  std::uint64_t written_ = 1;
  std::int64_t oldest_ms_ = lane_base::never;  // no entry is older; may be lower than the oldest
  std::unique_ptr<std::map<std::uint64_t, K>> order_;
};

}  // namespace twinlane::detail
