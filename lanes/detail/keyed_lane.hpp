#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <twinlane/lanes/detail/keyed_state.hpp>
#include <twinlane/lanes/detail/row_text.hpp>
#include <twinlane/lanes/lane.hpp>

namespace twinlane::detail {

/// What map, log and window lanes share: entries by key, their texts, undo and diff. How they are written is the lane's
/// own.
template <class K, class V, class Log = keyed_log<K, V>>
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
  void save_rows(row_sink& to) const override {
    // A key may be in both; its row is the same then.
    for (const auto& i : present_log().items) save_row(to, i.key);
    for (const auto& i : present_log().settled) save_row(to, i.key);
  }
  decode_status load_row(decoder& d, std::string_view text, std::string_view row) override {
    K key{};
    if (!key_codec<K>::parse(text, key)) return bad_row_key();
    std::int64_t time_ms = 0;
    std::uint64_t number = 0;
    if (!take_number(row, time_ms) || !(numbers_itself(key, number) || take_number(row, number)))
      return bad_row("the row does not begin with its time and number");
    V value{};
    auto status = d.decode(row, value);
    if (!status) return status;
    if (detail::is_null(value)) return bad_row("a keyed lane holds no null");
    if (status = accept(key, value); !status) return status;
    if (!state_.load(std::move(key), std::move(value), time_ms, number, info().keep))
      return bad_row("the key or number of the row is taken or out of range");
    return status;
  }
  void undo() noexcept override { state_.undo(present_log()); }
  std::int64_t next_expiry() const override { return state_.next_expiry(info().keep.age_ms); }
  void prefetch() const noexcept override { state_.table().prefetch(); }
  std::unique_ptr<lane_log> make_log() const override { return std::make_unique<log_type>(); }
  void describe_record(nlohmann::json& out) const override { describe<V>(out); }

 protected:
  using state = keyed_state<K, V>;
  using log_type = Log;

  keyed_lane(lane_owner& o, std::string_view name, lane_kind kind) : lane_base(o, name, kind) {}

  /// The log of the running turn, to be written.
  log_type& touched_log() { return this->template touch<log_type>(); }

  log_type& present_log() const { return this->template log<log_type>(); }
  /// Looks at an entry that is to be loaded, and may change it.
  virtual decode_status accept(const K& /*key*/, V& /*value*/) { return {}; }

  state state_;

 private:
  // The key of a log lane's entry is its number of writing.
  bool numbers_itself(const K& key, std::uint64_t& number) const {
    if constexpr (std::is_same_v<K, std::uint64_t>) number = key;
    return info().kind == lane_kind::log;
  }
  void save_row(row_sink& to, const K& key) const {
    auto& text = running_turn().row;
    set_row_key(text.key, key);
    const auto* e = state_.table().find(key);
    if (!e) return to.remove(name(), text.key);
    text.value.clear();
    append_number(text.value, e->time_ms);
    if (info().kind != lane_kind::log) append_number(text.value, e->written);
    if constexpr (keeps_more<V>)
      encode_kept(text.value, e->value);
    else
      encode(text.value, e->value);
    to.put(name(), text.key, text.value);
  }
};

}  // namespace twinlane::detail
