#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <twinlane/lanes/detail/keyed_state.hpp>
#include <twinlane/lanes/lane.hpp>

namespace twinlane::detail {

/// What map_lane and log_lane share: entries by key, their texts, undo and diff. How they are written is the lane's
/// own.
template <class K, class V>
class keyed_lane : public lane_base {
 public:
  using mapped_type = V;

  /// Entries in key order, as detail::keyed_entry with `key` and `value`.
  auto begin() const { return state_.table().begin(); }
  auto end() const { return state_.table().end(); }
  std::size_t size() const { return state_.table().size(); }
  bool empty() const { return state_.table().empty(); }
  /// Null when there is none.
  const V* find(const K& key) const { return state_.find(key); }

  /// Calls f(key, now, before) for each net change of this turn, pointers null where absent; for rules.
  template <class F>
  void for_each_change(F&& f) const {
    if (!(running_turn().touched & bit())) return;
    for (const auto& i : present_log().items) f(i.key, state_.find(i.key), i.before ? &i.before->value : nullptr);
  }

  void encode_value(std::string& out) const override { state_.encode_value(out); }
  bool encode_entry(std::string_view text, std::string& out) const override {
    K key{};
    const V* v = key_codec<K>::parse(text, key) ? find(key) : nullptr;
    if (v) encode(out, *v);
    return v != nullptr;
  }
  bool settle() override { return state_.settle(present_log()); }
  void encode_change(std::string& out) const override { state_.encode_change(out, present_log()); }
  void mark_change(dirty_paths::node& paths) const override { state_.mark_change(paths, present_log()); }
  void encode_marked(std::string& out, const dirty_paths::node& paths) const override {
    state_.encode_marked(out, paths);
  }
  void undo() noexcept override { state_.undo(present_log()); }
  std::int64_t next_expiry() const override { return state_.next_expiry(info().keep.age_ms); }
  void prefetch() const noexcept override { state_.table().prefetch(); }
  std::unique_ptr<lane_log> make_log() const override { return std::make_unique<log_type>(); }
  void describe_record(nlohmann::json& out) const override { describe<V>(out); }

 protected:
  using state = keyed_state<K, V>;
  using log_type = typename state::log_type;

  keyed_lane(lane_owner& o, std::string_view name, lane_kind kind) : lane_base(o, name, kind) {}

  /// The log of the running turn, to be written.
  log_type& touched_log() { return this->template touch<log_type>(); }

  state state_;

 private:
  log_type& present_log() const { return this->template log<log_type>(); }
};

}  // namespace twinlane::detail
