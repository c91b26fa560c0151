#include <twinlane/lanes/detail/window_clock.hpp>

#include <algorithm>
#include <random>

#include <twinlane/lanes/detail/row_text.hpp>
#include <twinlane/lanes/window_shape.hpp>

namespace twinlane::detail {

void window_clock::hear(std::int64_t time_ms, std::int64_t now_ms, std::int64_t grace_ms) noexcept {
  move_to(time_ms, grace_ms);
  heard_ms = now_ms;
  heard_at = watermark;
  waits_in = 0;
  loaded = false;
}

void window_clock::move_to(std::int64_t time_ms, std::int64_t grace_ms) noexcept {
  watermark = std::max(watermark, std::clamp(time_ms, -event_time_max_ms, event_time_max_ms));
  closed_to = std::max(closed_to, watermark - grace_ms);
}

std::int64_t window_clock::due_ms(std::int64_t idle_ms, std::int64_t grace_ms) const noexcept {
  // The watermark stays within the times that lanes take, and closes no window beyond them.
  if (idle_ms == 0 || heard_at == none || next_limit > event_time_max_ms - grace_ms) return never;
  return heard_ms + std::max(idle_ms, next_limit + grace_ms - heard_at);
}

void window_clock::go_on(std::int64_t now_ms, std::int64_t grace_ms, std::uint64_t run) noexcept {
  if (loaded && waits_in != run) {
    // What is to be read after an activation may not have been read yet.
    waits_in = run;
    heard_ms = now_ms;
    heard_at = watermark;
    return;
  }
  move_to(heard_at + (now_ms - heard_ms), grace_ms);
}

std::uint64_t window_clock::new_run() {
  // Above the 0 and 1 that older versions wrote.
  std::random_device random;
  return (std::uint64_t{random()} << 32 | random()) | 2;
}

void window_clock::append(std::string& note) const {
  if (watermark == none && closed_to == none && late == 0) return;
  append_number(note, watermark);
  append_number(note, closed_to);
  append_number(note, late);
  append_number(note, heard_ms);
  append_number(note, waits_in);
  append_integer(note, heard_at);
}

bool window_clock::parse(std::string_view note) noexcept {
  window_clock read;
  if (!take_number(note, read.watermark) || !take_number(note, read.closed_to) || !take_number(note, read.late) ||
      !take_number(note, read.heard_ms) || !take_integer(note, read.waits_in))
    return false;
  read.heard_at = read.watermark;
  if (!note.empty() && (!take_char(note, ' ') || !take_integer(note, read.heard_at) || !note.empty())) return false;
  const auto within = [](std::int64_t t, std::int64_t bound) { return t >= -bound && t <= bound; };
  if (read.watermark != none && !within(read.watermark, event_time_max_ms)) return false;
  if (read.closed_to != none && !within(read.closed_to, 4 * event_time_max_ms)) return false;
  if (!within(read.heard_ms, event_time_max_ms) || read.heard_at > read.watermark) return false;
  if (read.heard_at != none && !within(read.heard_at, event_time_max_ms)) return false;
  watermark = read.watermark;
  closed_to = std::max(closed_to, read.closed_to);
  late = read.late;
  heard_ms = read.heard_ms;
  heard_at = read.heard_at;
  waits_in = read.waits_in;
  loaded = true;
  return true;
}

}  // namespace twinlane::detail
