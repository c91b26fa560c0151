#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace twinlane::detail {

/// Where a window lane is in event time, and what is closed.
///
/// Shape    as a note: `watermark closed_to late heard waits_in heard_at`, the times none when there is none; notes of
///          older versions end before heard_at, which is the watermark then
/// Units    milliseconds since the epoch, UTC: of events, but for heard, which is of the clock
struct window_clock {
  static constexpr std::int64_t none = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  std::int64_t watermark = none;    // greatest event time
  std::int64_t closed_to = none;    // windows with a limit up to this are closed
  std::int64_t next_limit = never;  // no open window has a lower limit
  std::uint64_t late = 0;           // events dropped
  std::int64_t heard_ms = 0;        // when the last event came that was not late
  std::int64_t heard_at = none;     // the watermark then
  std::uint64_t waits_in = 0;       // unless 0, heard_ms is the time from which idleness counts again, in this run
  bool loaded = false;              // came from a store, and has not heard since

  bool past(std::int64_t limit) const noexcept { return limit <= closed_to; }
  /// An event has come.
  void hear(std::int64_t time_ms, std::int64_t now_ms, std::int64_t grace_ms) noexcept;
  /// Event time is at least this.
  void move_to(std::int64_t time_ms, std::int64_t grace_ms) noexcept;
  /// When open windows close by the clock; never for those that end at the end of time.
  std::int64_t due_ms(std::int64_t idle_ms, std::int64_t grace_ms) const noexcept;
  /// Lets event time go on by the clock when it is due. After activation it waits a whole idle time first, once in a
  /// run of the server: an agent that left memory while it waited is brought back for this.
  void go_on(std::int64_t now_ms, std::int64_t grace_ms, std::uint64_t run) noexcept;
  /// Tells this run of the server from earlier ones.
  static std::uint64_t new_run();

  void append(std::string& note) const;
  bool parse(std::string_view note) noexcept;
};

}  // namespace twinlane::detail
