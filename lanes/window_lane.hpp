#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <twinlane/lanes/detail/keyed_lane.hpp>
#include <twinlane/lanes/detail/merging.hpp>
#include <twinlane/lanes/detail/window_settings.hpp>
#include <twinlane/lanes/lane.hpp>
#include <twinlane/lanes/window.hpp>
#include <twinlane/lanes/window_shape.hpp>

namespace twinlane {

/// What happened, reduced by windows of event time.
///
/// A is a reducer (lanes/reduce.hpp), or a described struct of them with `add()`. Options: tumbling, hopping or
/// session; grace; keep_last, keep_for (from a window's end); did_close, roll_up_into, did_remove; close_after_idle.
///
/// The watermark is the greatest event time so far. A window closes when the watermark has reached its end and the
/// grace, a session's when it has passed end, gap and grace: in the turn of the event that moves it there. An event
/// whose windows are all closed is late: dropped and counted. A count bound drops the window that ends first, and
/// closes it before. Within the grace, the order of arrival does not show, but where the bound is below
/// (grace + size) / advance.
///
/// Shape    JSON object by start; a late event may join two sessions: the later start goes then
/// Units    milliseconds since the epoch, UTC
/// Cost     add O(windows of the event * (log n + add of A)); closing O(n). A turn copies each window it touches once
/// Threads  inside its agent's turn only
/// Errors   what add() of A throws; lane_error for a time beyond event_time_max_ms
template <class A>
class window_lane final : public detail::keyed_lane<std::int64_t, window<A>, detail::window_log<A>> {
  using base = detail::keyed_lane<std::int64_t, window<A>, detail::window_log<A>>;
  using settings = detail::window_settings<A>;
  using base::state_, base::touched_log, base::owner, base::running_turn;

 public:
  using accumulator_type = A;
  using base::find, base::info, base::name, base::size, base::index;

  template <class... Options>
  window_lane(lane_owner& o, std::string_view called, const Options&... options) : base(o, called, lane_kind::window) {
    auto* mine = this->registering();
    if (!mine) return;
    auto all = std::make_shared<settings>();
    (detail::set_window_option(*mine, *all, options), ...);
    all->check(called, mine->keep);
    mine->watches_clock = all->idle_ms != 0;
    mine->settings = std::move(all);
  }

  /// Adds what A::add() takes at the time of the running event; false when that is late.
  template <class... X>
  bool add(const X&... x) {
    return add_at(running_turn().event_ms, x...);
  }
  /// The same at another time, as that of an event that had to wait.
  template <class... X>
  bool add_at(std::int64_t time_ms, const X&... x) {
    return reduce_at(time_ms, true, [&](A& a) { a.add(x...); });
  }
  /// Merges what was reduced elsewhere into the windows of that time; false when it is late. The watermark stays.
  bool merge_at(std::int64_t time_ms, const A& from) {
    return reduce_at(time_ms, false, [&](A& a) { detail::merge_into(a, from); });
  }
  /// Moves the watermark on without an event.
  void advance(std::int64_t to_ms) {
    if (to_ms <= clock_.watermark) return;
    hold_clock();
    clock_.move_to(to_ms, set().grace_ms);
    catch_up();
  }

  /// The greatest event time; nothing before the first event.
  std::optional<std::int64_t> watermark_ms() const {
    return clock_.watermark == clock_.none ? std::nullopt : std::optional(clock_.watermark);
  }
  /// Events dropped so far.
  std::uint64_t late_count() const noexcept { return clock_.late; }

  decode_status apply(decoder&, const lane_input&) override {
    return {lane_errc::bad_value, "window lane '" + name() + "' is written by the agent alone"};
  }
  void save_note(std::string& out) const override { clock_.append(out); }
  bool load_note(std::string_view note) override { return clock_.parse(note); }
  void undo() noexcept override {
    base::undo();
    if (const auto& before = this->present_log().clock) clock_ = *before;
  }
  std::int64_t next_expiry() const override {
    return std::min(base::next_expiry(), clock_.due_ms(set().idle_ms, set().grace_ms));
  }
  void evict(std::int64_t now_ms) override {
    const auto& s = set();
    if (clock_.due_ms(s.idle_ms, s.grace_ms) <= now_ms) {
      hold_clock();
      find_next_limit();
      if (clock_.due_ms(s.idle_ms, s.grace_ms) <= now_ms) clock_.go_on(now_ms, s.grace_ms, s.run);
      catch_up();
    }
    if (base::next_expiry() > now_ms) return;
    for (const auto start : state_.expired(info().keep.age_ms, now_ms)) drop(start);
  }

 private:
  using remove_fn = void(lane_owner&, std::int64_t, const window<A>&);

  const settings& set() const { return *static_cast<const settings*>(info().settings.get()); }
  A made() const { return set().fresh ? set().fresh() : A{}; }
  void hold_clock() {
    auto& l = this->template note<detail::window_log<A>>();
    if (!l.clock) l.clock = clock_;
  }

  template <class F>
  bool reduce_at(std::int64_t time_ms, bool moves, F&& f) {
    if (time_ms > event_time_max_ms || time_ms < -event_time_max_ms)
      throw lane_error(lane_errc::bad_value, "window lane '" + name() + "' takes no event time of " +
                                                 std::to_string(time_ms) + " ms. Look at `time:` of its source");
    hold_clock();
    if (!(set().shape.is_session() ? into_session(time_ms, f) : into_windows(time_ms, f))) {
      ++clock_.late;
      running_turn().count_late(index());
      return false;
    }
    if (moves) clock_.hear(time_ms, running_turn().now_ms, set().grace_ms);
    catch_up();
    return true;
  }

  template <class F>
  bool into_windows(std::int64_t time_ms, F& f) {
    const auto& shape = set().shape;
    bool taken = false;
    for (auto start = shape.last_start(time_ms); start + shape.size_ms > time_ms; start -= shape.advance_ms) {
      const auto end = start + shape.size_ms;
      const auto* present = find(start);
      if (clock_.past(end) || (present && present->closed)) continue;
      f(change(start, end).value);
      taken = true;
    }
    return taken;
  }
  template <class F>
  bool into_session(std::int64_t time_ms, F& f) {
    const auto gap = set().shape.gap_ms;
    if (clock_.past(set().shape.limit(time_ms))) return false;
    std::vector<std::int64_t> near;  // starts of the one or two that the event belongs to, the later first
    for (auto it = this->end(); it != this->begin();) {
      --it;
      if (it->value.end_ms + gap < time_ms) break;
      if (it->key - gap <= time_ms && !it->value.closed) near.push_back(it->key);
    }
    if (near.empty()) {
      f(change(time_ms, time_ms).value);
      return true;
    }
    const auto first = near.back(), start = std::min(first, time_ms);
    if (start < first) {
      auto moved = state_.remove(touched_log(), first);
      state_.put(touched_log(), start, std::move(moved->value), moved->time_ms, info().keep);
    }
    auto end = std::max(find(start)->end_ms, time_ms);
    for (auto it = std::next(near.rbegin()); it != near.rend(); ++it) {
      const auto later = state_.remove(touched_log(), *it);
      end = std::max(end, later->value.end_ms);
      detail::merge_into(change(start, end).value, later->value.value);
    }
    f(change(start, end).value);
    return true;
  }
  window<A>& change(std::int64_t start, std::int64_t end) {
    auto& e = state_.change(touched_log(), start, end, info().keep, [&] { return window<A>{end, false, made()}; });
    e.value.end_ms = end;
    clock_.next_limit = std::min(clock_.next_limit, set().shape.limit(end));
    return e.value;
  }

  // Closes and drops until nothing is due. What callbacks add meanwhile waits for the round that runs.
  void catch_up() {
    if (catching_up_) return;
    struct flag {
      bool& set;
      explicit flag(bool& f) : set(f) { set = true; }
      ~flag() { set = false; }
    } running(catching_up_);
    const auto& keep = info().keep;
    for (;;) {
      const bool over = keep.entries_max && size() > keep.entries_max;
      if (over && !this->begin()->value.closed)
        clock_.closed_to = std::max(clock_.closed_to, set().shape.limit(this->begin()->value.end_ms));
      if (clock_.next_limit <= clock_.closed_to)
        close_round();
      else if (over)
        remove(this->begin()->key);
      else
        break;
    }
    if (set().move && clock_.closed_to != clock_.none) set().move(owner(), first_start_to_come());
  }
  void close_round() {
    std::vector<std::tuple<std::int64_t, std::int64_t>> due;  // end, start
    for (const auto& e : *this)
      if (!e.value.closed && clock_.past(set().shape.limit(e.value.end_ms))) due.emplace_back(e.value.end_ms, e.key);
    std::sort(due.begin(), due.end());
    for (const auto& [end, start] : due) close(start);
    find_next_limit();
  }
  void close(std::int64_t start) {
    const auto* present = find(start);
    if (!present || present->closed) return;
    auto& w = change(start, present->end_ms);
    w.closed = true;
    const auto& s = set();
    if (!s.closed && !s.roll) return;
    detail::callback_depth guard(running_turn());
    const window<A> held = w;  // callbacks may change this lane
    if (s.closed) s.closed(owner(), start, held);
    if (s.roll) s.roll(owner(), start, held.value);
  }
  void find_next_limit() {
    clock_.next_limit = clock_.never;
    for (const auto& e : *this)
      if (!e.value.closed) clock_.next_limit = std::min(clock_.next_limit, set().shape.limit(e.value.end_ms));
  }
  // No window that closes from now on starts before this.
  std::int64_t first_start_to_come() const {
    const auto& shape = set().shape;
    auto start = shape.next_start(clock_.closed_to);
    // Only sessions grow to be open behind it; those that are closed come before those that are not.
    for (auto it = this->end(); shape.is_session() && it != this->begin();) {
      --it;
      if (it->value.closed) break;
      start = std::min(start, it->key);
    }
    return start;
  }
  void drop(std::int64_t start) {
    hold_clock();
    if (const auto* w = find(start); w && !w->closed) {
      clock_.closed_to = std::max(clock_.closed_to, set().shape.limit(w->end_ms));
      catch_up();
    }
    remove(start);
  }
  void remove(std::int64_t start) {
    auto gone = state_.remove(touched_log(), start);
    auto* f = info().remove_callback;
    if (!f || !gone) return;
    detail::callback_depth guard(running_turn());
    reinterpret_cast<remove_fn*>(f)(owner(), gone->key, gone->value);
  }
  decode_status accept(const std::int64_t& start, window<A>& w) override {
    const auto& s = set();
    const bool in_range = start >= -2 * event_time_max_ms && w.end_ms <= 2 * event_time_max_ms;
    if (!in_range || w.end_ms < start || (!s.shape.is_session() && w.end_ms == start))
      return detail::bad_row("the window ends before it starts");
    if (s.fresh) {
      A all = s.fresh();
      detail::merge_into(all, w.value);
      w.value = std::move(all);
    }
    clock_.loaded = true;
    auto& limit = w.closed ? clock_.closed_to : clock_.next_limit;
    limit = w.closed ? std::max(limit, s.shape.limit(w.end_ms)) : std::min(limit, s.shape.limit(w.end_ms));
    return {};
  }

  detail::window_clock clock_;
  bool catching_up_ = false;
};

}  // namespace twinlane
