#pragma once

#include <string>
#include <utility>

#include <twinlane/lanes/detail/stateless_lane.hpp>

namespace twinlane {

/// Events for who listens now: an alert, a sound, a line of a feed. Nothing is kept of them.
///
/// Shape    T in a message of its own to each subscriber whose view has the lane; not part of the document, makes no
/// rev Cost     emit O(size of T), also when nobody listens Threads  inside its agent's turn only Errors   bad_value
/// when a record does not decode, or for null. A turn that is undone emits nothing; a turn that runs
///          again after a crash emits again
template <class T>
class supply_lane final : public detail::stateless_lane {
 public:
  using value_type = T;

  template <class... Options>
  supply_lane(lane_owner& o, std::string_view name, const Options&... options)
      : stateless_lane(o, name, lane_kind::supply) {
    if (auto* info = registering()) (set_option(*info, options), ...);
  }

  /// Goes out when the turn ends well, after the turn's diff and in the order of the calls.
  void emit(const T& value) {
    validate(value);
    if (is_null(value)) throw lane_error(lane_errc::bad_value, "supply lane '" + name() + "' emits no null");
    auto& turn = running_turn();
    auto& event = turn.events.emplace_back(lane_event{index(), {}});
    encode(event.value, value);
    if (auto* f = info().update_callback) {
      detail::callback_depth guard(turn);
      reinterpret_cast<update_fn*>(f)(owner(), index(), value);
    }
  }

  /// A record from a source or another agent is passed on.
  decode_status apply(decoder& d, const lane_input& in) override {
    if (in.op != lane_input::kind::put)
      return {lane_errc::bad_value, "supply lane '" + name() + "' has nothing to remove or change"};
    T value{};
    auto status = d.decode(in.value, value);
    if (status && is_null(value)) return {lane_errc::bad_value, "supply lane '" + name() + "' emits no null"};
    if (!status) return status;
    auto* const admits = info().admit_callback;
    if (admits && !reinterpret_cast<admit_fn*>(admits)(owner(), index(), value))
      running_turn().passed_over = true;
    else
      emit(value);
    return status;
  }
  void describe_record(nlohmann::json& out) const override { describe<T>(out); }

 private:
  using update_fn = void(lane_owner&, unsigned, const T&);
  using admit_fn = bool(lane_owner&, unsigned, const T&);

  static void set_option(lane_info& i, when_updated_t<update_fn> f) {
    i.update_callback = detail::erase_callback(f.call);
  }
  static void set_option(lane_info& i, admit_if_t<admit_fn> f) { i.admit_callback = detail::erase_callback(f.call); }
  template <auto Fn>
  static void set_option(lane_info& info, did_update_t<Fn>) {
    info.update_callback = detail::erase_callback(
        +[](lane_owner& o, unsigned, const T& now) { (static_cast<detail::class_of<Fn>&>(o).*Fn)(now); });
  }
};

}  // namespace twinlane
