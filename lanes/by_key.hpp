#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <twinlane/lanes/codec.hpp>
#include <twinlane/lanes/detail/merging.hpp>

namespace twinlane::reduce {

/// A reducer, or a struct of them, for each key.
///
/// Shape    a JSON object by key. Beyond Max keys, those that sort last are merged under the key `other`, to which
///          values of that key go at all times: which they are does not depend on the order of arrival
/// Cost     add O(log n)
template <class R, std::size_t Max = 1000>
class by_key {
  static_assert(Max > 0);

 public:
  using twinlane_kept = std::map<std::string, R, std::less<>>;
  static constexpr std::string_view rest_key = "other";

  template <class... X>
  void add(std::string_view key, const X&... x) {
    at(key).add(x...);
  }
  void merge(const by_key& other) {
    const auto all = other.by_key_;  // it may be this one
    for (const auto& [key, r] : all) detail::merge_into(at(key), r);
  }
  /// Null when there is none.
  const R* find(std::string_view key) const {
    const auto it = by_key_.find(key);
    return it == by_key_.end() ? nullptr : &it->second;
  }
  const twinlane_kept& shown() const noexcept { return by_key_; }
  const twinlane_kept& kept() const noexcept { return by_key_; }
  bool restore(twinlane_kept all) {
    by_key_ = std::move(all);
    while (named() > Max) move_last();
    return true;
  }

 private:
  std::size_t named() const { return by_key_.size() - by_key_.count(rest_key); }
  typename twinlane_kept::iterator last_named() {
    auto it = std::prev(by_key_.end());
    return it->first == rest_key ? std::prev(it) : it;
  }
  // The last key that has a place of its own goes to the others.
  void move_last() {
    auto gone = by_key_.extract(last_named());
    detail::merge_into(by_key_[std::string(rest_key)], gone.mapped());
  }
  R& at(std::string_view key) {
    const auto it = by_key_.find(key);
    if (it != by_key_.end()) return it->second;
    if (key != rest_key && named() == Max) {
      if (last_named()->first < key) return by_key_[std::string(rest_key)];
      move_last();
    }
    return by_key_[std::string(key)];
  }

  twinlane_kept by_key_;
};

}  // namespace twinlane::reduce
