#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace twinlane::ingest {

/// What a number stands for that is an event time: so many of these since the epoch.
enum class time_unit : std::uint8_t { seconds, milliseconds, microseconds, nanoseconds };

/// `seconds`, `milliseconds`, …
std::string_view name_of(time_unit unit) noexcept;

/// Reads an event time: a whole number since the epoch, or RFC 3339 text (`2026-03-01T10:15:00.250+01:00`, also with
/// `+0100`). Seconds may have a fraction and an exponent, and are rounded to milliseconds. A date alone is its
/// midnight; without an offset the time is UTC; of whole numbers and texts, digits beyond milliseconds are cut off.
/// Nothing when the text is neither, or lies outside the years 0 to 9999.
std::optional<std::int64_t> parse_event_time(std::string_view text, time_unit unit = time_unit::milliseconds) noexcept;

}  // namespace twinlane::ingest
