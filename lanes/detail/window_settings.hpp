#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include <twinlane/lanes/detail/keyed_state.hpp>
#include <twinlane/lanes/detail/window_clock.hpp>
#include <twinlane/lanes/lane.hpp>
#include <twinlane/lanes/window.hpp>
#include <twinlane/lanes/window_shape.hpp>

// What a window lane is told by its options, one for all agents of a type, and what a turn changes in it.
namespace twinlane::detail {

template <class A>
struct window_settings {
  window_shape shape;
  std::int64_t grace_ms = 0, idle_ms = 0;
  std::uint64_t run = window_clock::new_run();
  std::function<void(lane_owner&, std::int64_t start_ms, const window<A>&)> closed;
  void (*roll)(lane_owner&, std::int64_t start_ms, const A&) = nullptr;
  void (*move)(lane_owner&, std::int64_t watermark_ms) = nullptr;  // of the lane that is rolled up into
  std::function<A()> fresh;

  void check(std::string_view name, const retention& keep) const {
    const auto at = "window lane '" + std::string(name) + "': ";
    try {
      shape.check();
    } catch (const std::invalid_argument& x) {
      throw std::invalid_argument(at + x.what());
    }
    if (grace_ms < 0 || grace_ms > event_time_max_ms || idle_ms < 0)
      throw std::invalid_argument(at + "its grace or idle time is out of range");
    if (keep.entries_max && !shape.is_session() && (shape.size_ms - 1) / shape.advance_ms >= keep.entries_max)
      throw std::invalid_argument(at + "it keeps fewer windows than an event belongs to. Keep more of them");
    if (roll && shape.advance_ms != shape.size_ms)
      throw std::invalid_argument(at + "hopping windows cannot be rolled up: an event would count more than once");
  }
};

template <class A>
struct window_log final : keyed_log<std::int64_t, window<A>> {
  std::optional<window_clock> clock;  // when the turn began
  void clear() noexcept override {
    keyed_log<std::int64_t, window<A>>::clear();
    clock.reset();
  }
};

template <class T>
struct member_owner;
template <class C, class M>
struct member_owner<M C::*> {
  using type = C;
};

template <class A>
void set_window_option(lane_info&, window_settings<A>& s, const window_shape& shape) {
  if (s.shape.size_ms || s.shape.gap_ms) throw std::invalid_argument("a window lane has one shape");
  s.shape = shape;
}
template <class A>
void set_window_option(lane_info&, window_settings<A>& s, grace_t g) {
  s.grace_ms = g.ms;
}
template <class A>
void set_window_option(lane_info&, window_settings<A>& s, close_after_idle_t idle) {
  s.idle_ms = idle.ms;
}
template <class A>
void set_window_option(lane_info& i, window_settings<A>&, retention keep) {
  i.keep = i.keep & keep;
}
template <class A>
void set_window_option(lane_info& i, window_settings<A>&, transient_t) {
  i.is_transient = true;
}
template <class A, auto Fn>
void set_window_option(lane_info& i, window_settings<A>&, did_remove_t<Fn>) {
  i.remove_callback = erase_callback(+[](lane_owner& o, std::int64_t start_ms, const window<A>& before) {
    (static_cast<class_of<Fn>&>(o).*Fn)(start_ms, before);
  });
}
template <class A, auto Fn>
void set_window_option(lane_info&, window_settings<A>& s, did_close_t<Fn>) {
  s.closed = [](lane_owner& o, std::int64_t start_ms, const window<A>& w) {
    (static_cast<class_of<Fn>&>(o).*Fn)(start_ms, w);
  };
}
template <class A, class F>
void set_window_option(lane_info&, window_settings<A>& s, const when_closed_t<F>& f) {
  s.closed = f.call;
}
template <class A, auto Lane>
void set_window_option(lane_info&, window_settings<A>& s, roll_up_into_t<Lane>) {
  using agent_type = typename member_owner<decltype(Lane)>::type;
  s.roll = [](lane_owner& o, std::int64_t start_ms, const A& a) {
    // The first window of all starts before the first time that a lane takes.
    (static_cast<agent_type&>(o).*Lane).merge_at(std::max(start_ms, -event_time_max_ms), a);
  };
  s.move = [](lane_owner& o, std::int64_t watermark_ms) { (static_cast<agent_type&>(o).*Lane).advance(watermark_ms); };
}
template <class A, class F>
void set_window_option(lane_info&, window_settings<A>& s, const fresh_t<F>& f) {
  s.fresh = f.make;
}

}  // namespace twinlane::detail
