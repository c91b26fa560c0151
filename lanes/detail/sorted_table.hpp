#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace twinlane::detail {

/// A sorted table that is one small vector for the common agent and a list of blocks for the rare large one.
///
/// Cost     find O(log n); insert and erase O(log n + block); 32 bytes when empty
/// Threads  one at a time
/// Entry    has a member `key` that sorts by `<`
template <class Entry>
class sorted_table {
  static constexpr std::size_t block_max = 256;
  using block = std::vector<Entry>;
  using key_type = decltype(Entry::key);

 public:
  class const_iterator {
   public:
    using value_type = Entry;
    using difference_type = std::ptrdiff_t;
    using reference = const Entry&;
    using pointer = const Entry*;
    using iterator_category = std::bidirectional_iterator_tag;
    const_iterator() = default;
    const_iterator(const sorted_table* t, std::size_t b, std::size_t i) : table_(t), block_(b), at_(i) { skip(); }
    reference operator*() const { return table_->block_at(block_)[at_]; }
    pointer operator->() const { return &**this; }
    const_iterator& operator++() {
      ++at_;
      skip();
      return *this;
    }
    const_iterator operator++(int) {
      auto old = *this;
      ++*this;
      return old;
    }
    const_iterator& operator--() {
      if (at_ == 0) at_ = table_->block_at(--block_).size();
      --at_;
      return *this;
    }
    const_iterator operator--(int) {
      auto old = *this;
      --*this;
      return old;
    }
    bool operator==(const const_iterator& o) const { return block_ == o.block_ && at_ == o.at_; }

   private:
    void skip() {
      if (block_ < table_->blocks() && at_ >= table_->block_at(block_).size()) {
        ++block_;
        at_ = 0;
      }
    }
    const sorted_table* table_ = nullptr;
    std::size_t block_ = 0, at_ = 0;
  };

  const_iterator begin() const { return {this, 0, 0}; }
  const_iterator end() const { return {this, blocks(), 0}; }
  std::size_t size() const {
    if (!blocks_) return flat_.size();
    std::size_t n = 0;
    for (const auto& b : *blocks_) n += b.size();
    return n;
  }
  bool empty() const { return flat_.empty() && !blocks_; }

  template <class K>
  Entry* find(const K& key) {
    auto& b = block_for(key);
    auto it = lower(b, key);
    return it != b.end() && !(key < it->key) ? &*it : nullptr;
  }
  template <class K>
  const Entry* find(const K& key) const {
    return const_cast<sorted_table*>(this)->find(key);
  }

  /// Inserts or replaces; the reference holds until the next change.
  Entry& put(Entry e) {
    auto& b = block_for(e.key);
    auto it = lower(b, e.key);
    if (it != b.end() && !(e.key < it->key)) {
      *it = std::move(e);
      return *it;
    }
    if (b.size() < block_max) return *b.insert(it, std::move(e));
    split(b);
    return put(std::move(e));
  }

  /// Takes the entry out, when it is there.
  template <class K>
  std::optional<Entry> take(const K& key) {
    auto& b = block_for(key);
    auto it = lower(b, key);
    if (it == b.end() || key < it->key) return std::nullopt;
    std::optional<Entry> gone(std::move(*it));
    b.erase(it);
    if (blocks_ && b.empty()) {
      blocks_->erase(blocks_->begin() + (&b - blocks_->data()));
      if (blocks_->empty()) blocks_.reset();
    }
    return gone;
  }
  template <class K>
  bool erase(const K& key) {
    return take(key).has_value();
  }

  void clear() {
    flat_ = {};
    blocks_.reset();
  }

  /// Asks the processor to fetch the first entries.
  void prefetch() const noexcept {
    if (flat_.empty()) return;
    const auto* at = reinterpret_cast<const char*>(flat_.data());
    __builtin_prefetch(at, 1);
    __builtin_prefetch(at + 64, 1);
  }

  /// Calls f(Entry&) for each; the key must not change.
  template <class F>
  void for_each(F&& f) {
    for (std::size_t i = 0; i < blocks(); ++i)
      for (auto& e : block_at(i)) f(e);
  }

 private:
  std::size_t blocks() const { return blocks_ ? blocks_->size() : (flat_.empty() ? 0 : 1); }
  const block& block_at(std::size_t i) const { return blocks_ ? (*blocks_)[i] : flat_; }
  block& block_at(std::size_t i) { return blocks_ ? (*blocks_)[i] : flat_; }

  template <class K>
  static auto lower(block& b, const K& key) {
    return std::lower_bound(b.begin(), b.end(), key, [](const Entry& e, const K& k) { return e.key < k; });
  }
  template <class K>
  block& block_for(const K& key) {
    if (!blocks_) return flat_;
    // The last block whose first key is not above the key; blocks are never empty.
    auto it = std::upper_bound(blocks_->begin(), blocks_->end(), key,
                               [](const K& k, const block& b) { return k < b.front().key; });
    return it == blocks_->begin() ? *it : *std::prev(it);
  }
  void split(block& b) {
    if (!blocks_) {
      blocks_ = std::make_unique<std::vector<block>>();
      blocks_->push_back(std::move(flat_));
      flat_ = {};
      split(blocks_->front());
      return;
    }
    const auto at = static_cast<std::size_t>(&b - blocks_->data());
    // Keys mostly grow, as sequence numbers do: leave the full part nearly full then.
    const auto keep = at + 1 == blocks_->size() ? b.size() - b.size() / 8 : b.size() / 2;
    block rest(std::make_move_iterator(b.begin() + static_cast<std::ptrdiff_t>(keep)),
               std::make_move_iterator(b.end()));
    b.erase(b.begin() + static_cast<std::ptrdiff_t>(keep), b.end());
    blocks_->insert(blocks_->begin() + static_cast<std::ptrdiff_t>(at) + 1, std::move(rest));
  }

  block flat_;
  std::unique_ptr<std::vector<block>> blocks_;
};

}  // namespace twinlane::detail
