#pragma once

#include <utility>

#include <twinlane/lanes/detail/keyed_lane.hpp>
#include <twinlane/lanes/lane.hpp>

namespace twinlane {

/// A keyed collection that observers follow entry by entry.
///
/// Shape    K → V, shown as a JSON object; keys are text on the wire
/// Units    ages in milliseconds since the epoch, UTC
/// Cost     put/remove O(log n); a turn holds one mark per changed key
/// Threads  inside its agent's turn only
/// Errors   bad_value when a record or key does not decode; the lane is unchanged then
/// Source   RFC 7396 (diffs)
template <class K, class V>
class map_lane final : public detail::keyed_lane<K, V> {
  using base = detail::keyed_lane<K, V>;
  using base::state_, base::touched_log, base::owner, base::running_turn;

 public:
  using key_type = K;
  using base::find, base::info, base::name;

  template <class... Options>
  map_lane(lane_owner& o, std::string_view called, const Options&... options) : base(o, called, lane_kind::map) {
    if (auto* mine = this->registering()) (set_option(*mine, options), ...);
  }

  bool contains(const K& key) const { return find(key) != nullptr; }

  /// True when this was a change; an equal value is none.
  bool put(const K& key, V now) {
    validate(now);
    if (is_null(now)) return remove(key);
    const V* old = state_.find(key);
    if (old && equal(*old, now)) return false;
    auto* const callback = info().update_callback;
    std::optional<V> before;
    if (callback && old) before = *old;
    const auto& keep = info().keep;
    auto& e = state_.put(touched_log(), key, std::move(now), running_turn().event_ms, keep);
    if (callback) {
      detail::callback_depth guard(running_turn());
      const V held = e.value;  // the callback may change this lane
      reinterpret_cast<update_fn*>(callback)(owner(), this->index(), key, held, before ? &*before : nullptr);
    }
    if (keep.entries_max) {
      while (auto oldest = state_.over_count(keep.entries_max)) remove(*oldest);
    }
    return true;
  }

  /// Changes a copy of the entry (or of V{}) by f and puts it.
  template <class F>
  bool update(const K& key, F&& f) {
    const V* old = find(key);
    V copy = old ? *old : V{};
    std::forward<F>(f)(copy);
    return put(key, std::move(copy));
  }

  bool remove(const K& key) {
    if (!state_.find(key)) return false;
    auto gone = state_.remove(touched_log(), key);
    if (auto* f = info().remove_callback) {
      detail::callback_depth guard(running_turn());
      reinterpret_cast<remove_fn*>(f)(owner(), this->index(), gone->key, gone->value);
    }
    return true;
  }

  void clear() {
    std::vector<K> keys;
    for (const auto& e : *this) keys.push_back(e.key);
    for (const auto& key : keys) remove(key);
  }

  decode_status apply(decoder& d, const lane_input& in) override {
    if (in.whole) return apply_whole(d, in);
    K key{};
    if (!key_codec<K>::parse(in.key, key))
      return {lane_errc::bad_value,
              "key '" + std::string(in.key.substr(0, 100)) + "' does not fit lane '" + name() + "'"};
    if (in.op == lane_input::kind::remove) {
      remove(key);
      return {};
    }
    V now{};
    auto status = in.op == lane_input::kind::patch ? detail::decode_patched(d, find(key), in.value, now)
                                                   : d.decode(in.value, now);
    if (status && admits(key, now)) put(key, std::move(now));
    return status;
  }
  void evict(std::int64_t now_ms) override {
    if (this->next_expiry() > now_ms) return;
    for (const auto& key : state_.expired(info().keep.age_ms, now_ms)) remove(key);
  }

 private:
  using update_fn = void(lane_owner&, unsigned, const K&, const V&, const V*);
  using remove_fn = void(lane_owner&, unsigned, const K&, const V&);
  using admit_fn = bool(lane_owner&, unsigned, const K&, const V&);

  bool admits(const K& key, const V& now) {
    auto* const f = info().admit_callback;
    if (!f || is_null(now) || reinterpret_cast<admit_fn*>(f)(owner(), this->index(), key, now)) return true;
    running_turn().passed_over = true;
    return false;
  }

  // PUT, PATCH or DELETE of the whole lane, entry by entry; nothing changes when one entry does not decode.
  decode_status apply_whole(decoder& d, const lane_input& in) {
    if (in.op == lane_input::kind::remove) {
      clear();
      return {};
    }
    nlohmann::json::object_t texts;
    if (auto status = detail::decode_members(d, in.value, texts); !status) return status;
    std::vector<std::pair<K, std::optional<V>>> entries;
    for (const auto& [text, json] : texts) {
      K key{};
      if (!key_codec<K>::parse(text, key)) return {lane_errc::bad_value, "key '" + text + "' does not fit the lane"};
      auto& entry = entries.emplace_back(std::move(key), std::nullopt).second;
      if (json.is_null()) continue;
      V now{};
      const bool patch = in.op == lane_input::kind::patch;
      auto status = detail::decode_merged(d, patch ? find(entries.back().first) : nullptr, json, now);
      if (!status) return status;
      entry = std::move(now);
    }
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    if (in.op == lane_input::kind::put) {
      const auto stays = [&](const K& key) {
        const auto it = std::lower_bound(entries.begin(), entries.end(), key,
                                         [](const auto& n, const K& k) { return n.first < k; });
        return it != entries.end() && !(key < it->first) && it->second;
      };
      std::vector<K> gone;
      for (const auto& e : *this)
        if (!stays(e.key)) gone.push_back(e.key);
      for (const auto& key : gone) remove(key);
    }
    for (auto& [key, now] : entries) {
      if (!now)
        remove(key);
      else if (admits(key, *now))
        put(key, std::move(*now));
    }
    return {};
  }

  template <class Option>
  static void set_option(lane_info& i, const Option& option) {
    base::apply_option(i, option);
  }
  template <auto Fn>
  static void set_option(lane_info& i, did_update_t<Fn>) {
    i.update_callback =
        detail::erase_callback(+[](lane_owner& o, unsigned, const K& key, const V& now, const V* before) {
          (static_cast<detail::class_of<Fn>&>(o).*Fn)(key, now, before);
        });
  }
  template <auto Fn>
  static void set_option(lane_info& i, did_remove_t<Fn>) {
    i.remove_callback = detail::erase_callback(+[](lane_owner& o, unsigned, const K& key, const V& before) {
      (static_cast<detail::class_of<Fn>&>(o).*Fn)(key, before);
    });
  }
  static void set_option(lane_info& i, when_updated_t<update_fn> f) {
    i.update_callback = detail::erase_callback(f.call);
  }
  static void set_option(lane_info& i, when_removed_t<remove_fn> f) {
    i.remove_callback = detail::erase_callback(f.call);
  }
  static void set_option(lane_info& i, admit_if_t<admit_fn> f) { i.admit_callback = detail::erase_callback(f.call); }
};

}  // namespace twinlane
