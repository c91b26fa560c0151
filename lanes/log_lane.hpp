#pragma once

#include <iterator>
#include <utility>

#include <twinlane/lanes/detail/keyed_lane.hpp>
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
class log_lane final : public detail::keyed_lane<std::uint64_t, V> {
  using base = detail::keyed_lane<std::uint64_t, V>;
  using base::state_, base::touched_log, base::owner, base::running_turn;

 public:
  using base::find, base::info, base::name;

  template <class... Options>
  log_lane(lane_owner& o, std::string_view called, const Options&... options) : base(o, called, lane_kind::log) {
    if (auto* mine = this->registering()) (set_option(*mine, options), ...);
  }

  /// Returns the entry's sequence number.
  std::uint64_t append(V now) {
    validate(now);
    if (is_null(now)) throw lane_error(lane_errc::bad_value, "log lane '" + name() + "' holds no null");
    const auto sequence = state_.next_number();
    const auto& keep = info().keep;
    auto& e = state_.put(touched_log(), sequence, std::move(now), running_turn().event_ms, keep);
    if (auto* f = info().update_callback) {
      detail::callback_depth guard(running_turn());
      const V held = e.value;
      reinterpret_cast<update_fn*>(f)(owner(), this->index(), sequence, held);
    }
    if (keep.entries_max) {
      while (auto oldest = state_.over_count(keep.entries_max)) remove(*oldest);
    }
    return sequence;
  }

  decode_status apply(decoder& d, const lane_input& in) override {
    if (in.op != lane_input::kind::put)
      return {lane_errc::bad_value, "log lane '" + name() + "' takes new entries only"};
    V now{};
    auto status = d.decode(in.value, now);
    if (status && is_null(now)) return {lane_errc::bad_value, "log lane '" + name() + "' holds no null"};
    if (!status) return status;
    auto* const admits = info().admit_callback;
    if (admits && !reinterpret_cast<admit_fn*>(admits)(owner(), this->index(), now))
      running_turn().passed_over = true;
    else
      append(std::move(now));
    return status;
  }
  // No number is given twice, also when retention took the entries that had the last ones.
  void save_note(std::string& out) const override {
    const auto& all = state_.table();
    const auto next = state_.next_number();
    if (all.empty() ? next > 1 : std::prev(all.end())->key + 1 != next) detail::append_integer(out, next);
  }
  bool load_note(std::string_view note) override {
    std::uint64_t next = 0;
    if (!detail::parse_integer(note, next) || next == 0 || next > detail::row_number_max) return false;
    state_.reserve_numbers(next);
    return true;
  }
  void evict(std::int64_t now_ms) override {
    if (this->next_expiry() > now_ms) return;
    for (const auto sequence : state_.expired(info().keep.age_ms, now_ms)) remove(sequence);
  }

 private:
  using update_fn = void(lane_owner&, unsigned, std::uint64_t, const V&);
  using remove_fn = void(lane_owner&, unsigned, std::uint64_t, const V&);
  using admit_fn = bool(lane_owner&, unsigned, const V&);

  void remove(std::uint64_t sequence) {
    auto gone = state_.remove(touched_log(), sequence);
    auto* f = info().remove_callback;
    if (!f || !gone) return;
    detail::callback_depth guard(running_turn());
    reinterpret_cast<remove_fn*>(f)(owner(), this->index(), gone->key, gone->value);
  }
  template <class Option>
  static void set_option(lane_info& i, const Option& option) {
    base::apply_option(i, option);
  }
  static void set_option(lane_info&, writable_t) {
    throw std::invalid_argument("a log lane cannot be writable: its entries come from records and the agent alone");
  }
  template <auto Fn>
  static void set_option(lane_info& i, did_update_t<Fn>) {
    i.update_callback = detail::erase_callback(+[](lane_owner& o, unsigned, std::uint64_t sequence, const V& now) {
      (static_cast<detail::class_of<Fn>&>(o).*Fn)(sequence, now);
    });
  }
  template <auto Fn>
  static void set_option(lane_info& i, did_remove_t<Fn>) {
    i.remove_callback = detail::erase_callback(+[](lane_owner& o, unsigned, std::uint64_t sequence, const V& before) {
      (static_cast<detail::class_of<Fn>&>(o).*Fn)(sequence, before);
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
