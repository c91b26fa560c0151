#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

namespace twinlane {

/// How event time is cut into windows.
///
/// Shape    tumbling and hopping: from a multiple of the advance since the epoch to start + size, which belongs to the
///          next. Session: from its first event to its last, with no gap between two of them above gap
/// Units    milliseconds, UTC
struct window_shape {
  std::int64_t size_ms = 0, advance_ms = 0;  // 0 for sessions
  std::int64_t gap_ms = 0;                   // 0 for all others

  bool is_session() const noexcept { return gap_ms != 0; }
  /// Start of the last window that holds the time; the others start one advance earlier each. Not for sessions.
  std::int64_t last_start(std::int64_t time_ms) const noexcept;
  /// The first time that a window with that end cannot take.
  std::int64_t limit(std::int64_t end_ms) const noexcept { return is_session() ? end_ms + gap_ms + 1 : end_ms; }
  /// No window that is begun later starts before this, once those with a limit up to `closed_to` are closed.
  std::int64_t next_start(std::int64_t closed_to) const noexcept;
  /// Throws std::invalid_argument.
  void check() const;
};

/// Windows side by side, each as long as the size.
constexpr window_shape tumbling(std::chrono::milliseconds size) { return {size.count(), size.count(), 0}; }
/// Windows of that size, a new one each advance: an event belongs to size / advance of them, at most 1,000.
constexpr window_shape hopping(std::chrono::milliseconds size, std::chrono::milliseconds advance) {
  return {size.count(), advance.count(), 0};
}
/// Windows of events with at most that gap between them.
constexpr window_shape session(std::chrono::milliseconds gap) { return {0, 0, gap.count()}; }

/// Event times that lanes take lie within this from the epoch, so that no sum of times overflows.
inline constexpr std::int64_t event_time_max_ms = std::int64_t{1} << 53;

struct grace_t {
  std::int64_t ms;
};
/// How much later than a later event an event may come and still count.
constexpr grace_t grace(std::chrono::milliseconds late) { return {late.count()}; }

struct close_after_idle_t {
  std::int64_t ms;
};
/// When no event has come for that long, event time goes on as the clock does. Counted from activation at the earliest,
/// and anew after each restart of the server; an agent that leaves memory meanwhile is brought back when it is over.
constexpr close_after_idle_t close_after_idle(std::chrono::milliseconds idle) { return {idle.count()}; }

template <auto Fn>
struct did_close_t {};
/// Calls the agent's member `(start_ms, window)` once for each window when it closes, in order of their ends.
template <auto Fn>
inline constexpr did_close_t<Fn> did_close{};

template <class F>
struct when_closed_t {
  F call;
};
/// The same by a function `(lane_owner&, start_ms, window)`, for agents that are put together at run time.
template <class F>
when_closed_t<F> when_closed(F f) {
  return {std::move(f)};
}

template <auto Lane>
struct roll_up_into_t {};
/// Merges each window that has closed into the window of another lane of the agent, a coarser one, that holds its
/// start; the other lane closes as this one does. Not for hopping windows, which would be counted more than once.
template <auto Lane>
inline constexpr roll_up_into_t<Lane> roll_up_into{};

template <class F>
struct fresh_t {
  F make;
};
/// Makes the accumulator of a new window by a function, for what a default constructor cannot know.
template <class F>
fresh_t<F> fresh(F f) {
  return {std::move(f)};
}

}  // namespace twinlane
