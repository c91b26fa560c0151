#pragma once

#include <utility>

#include <twinlane/lanes/detail/keyed_state.hpp>
#include <twinlane/lanes/lane.hpp>

namespace twinlane {

/// A list of what happened, numbered 1, 2, … and never renumbered; retention drops the oldest.
///
/// Shape    JSON object by sequence number
/// Units    ages in milliseconds since the epoch, UTC
/// Cost     append O(1) amortized
/// Threads  inside its agent's turn only
/// Errors   bad_value when a record does not decode; the lane is unchanged then
template <class V>
class log_lane final : public lane_base {
  using state = detail::keyed_state<std::uint64_t, V>;
  using log_type = typename state::log_type;

 public:
  using mapped_type = V;

  template <class... Options>
  log_lane(lane_owner& o, std::string_view name, const Options&... options) : lane_base(o, name, lane_kind::log) {
    if (auto* info = registering()) (set_option(*info, options), ...);
  }

  /// Entries in order, with `key` (the sequence number) and `value`.
  auto begin() const { return state_.table().begin(); }
  auto end() const { return state_.table().end(); }
  std::size_t size() const { return state_.table().size(); }
  bool empty() const { return state_.table().empty(); }
  const V* find(std::uint64_t sequence) const { return state_.find(sequence); }

  /// Returns the entry's sequence number.
  std::uint64_t append(V now) {
    validate(now);
    if (is_null(now)) throw lane_error(lane_errc::bad_value, "log lane '" + name() + "' holds no null");
    const auto sequence = state_.next_number();
    const auto& keep = info().keep;
    auto& e = state_.put(this->template touch<log_type>(), sequence, std::move(now), running_turn().event_ms, keep);
    if (auto* f = info().update_callback) {
      detail::callback_depth guard(running_turn());
      const V held = e.value;
      reinterpret_cast<update_fn*>(f)(owner(), sequence, held);
    }
    if (keep.entries_max) {
      while (auto oldest = state_.over_count(keep.entries_max)) remove(*oldest);
    }
    return sequence;
  }

  /// Calls f(sequence, now, before) for each net change of this turn, pointers null where absent; for rules.
  template <class F>
  void for_each_change(F&& f) const {
    if (!(running_turn().touched & bit())) return;
    for (const auto& i : this->template log<log_type>().items)
      f(i.key, state_.find(i.key), i.before ? &i.before->value : nullptr);
  }

  decode_status apply(decoder& d, const lane_input& in) override {
    if (in.op != lane_input::kind::put)
      return {lane_errc::bad_value, "log lane '" + name() + "' takes new entries only"};
    V now{};
    auto status = d.decode(in.value, now);
    if (status && is_null(now)) return {lane_errc::bad_value, "log lane '" + name() + "' holds no null"};
    if (status) append(std::move(now));
    return status;
  }
  void encode_value(std::string& out) const override { state_.encode_value(out); }
  bool encode_entry(std::string_view text, std::string& out) const override {
    std::uint64_t sequence = 0;
    const V* v = key_codec<std::uint64_t>::parse(text, sequence) ? find(sequence) : nullptr;
    if (v) encode(out, *v);
    return v != nullptr;
  }
  bool settle() override { return state_.settle(this->template log<log_type>()); }
  void encode_change(std::string& out) const override { state_.encode_change(out, this->template log<log_type>()); }
  void mark_change(dirty_paths::node& paths) const override {
    state_.mark_change(paths, this->template log<log_type>());
  }
  void encode_marked(std::string& out, const dirty_paths::node& paths) const override {
    state_.encode_marked(out, paths);
  }
  void undo() noexcept override { state_.undo(this->template log<log_type>()); }
  std::int64_t next_expiry() const override { return state_.next_expiry(info().keep.age_ms); }
  void evict(std::int64_t now_ms) override {
    if (next_expiry() > now_ms) return;
    for (const auto sequence : state_.expired(info().keep.age_ms, now_ms)) remove(sequence);
  }
  void prefetch() const noexcept override { state_.table().prefetch(); }
  std::unique_ptr<lane_log> make_log() const override { return std::make_unique<log_type>(); }
  void describe_record(nlohmann::json& out) const override { describe<V>(out); }

 private:
  using update_fn = void(lane_owner&, std::uint64_t, const V&);
  using remove_fn = void(lane_owner&, std::uint64_t, const V&);

  void remove(std::uint64_t sequence) {
    auto gone = state_.remove(this->template touch<log_type>(), sequence);
    auto* f = info().remove_callback;
    if (!f || !gone) return;
    detail::callback_depth guard(running_turn());
    reinterpret_cast<remove_fn*>(f)(owner(), gone->key, gone->value);
  }
  template <class Option>
  static void set_option(lane_info& info, const Option& option) {
    apply_option(info, option);
  }
  static void set_option(lane_info&, writable_t) {
    throw std::invalid_argument("a log lane cannot be writable: its entries come from records and the agent alone");
  }
  template <auto Fn>
  static void set_option(lane_info& info, did_update_t<Fn>) {
    info.update_callback = detail::erase_callback(+[](lane_owner& o, std::uint64_t sequence, const V& now) {
      (static_cast<detail::class_of<Fn>&>(o).*Fn)(sequence, now);
    });
  }
  template <auto Fn>
  static void set_option(lane_info& info, did_remove_t<Fn>) {
    info.remove_callback = detail::erase_callback(+[](lane_owner& o, std::uint64_t sequence, const V& before) {
      (static_cast<detail::class_of<Fn>&>(o).*Fn)(sequence, before);
    });
  }

  state state_;
};

}  // namespace twinlane
