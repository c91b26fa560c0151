#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace twinlane::ingest {

/// Reads an event time: integer milliseconds since the epoch, or RFC 3339 text (`2026-03-01T10:15:00.250+01:00`).
/// A date alone is its midnight; without an offset the time is UTC; digits beyond milliseconds are cut off.
/// Nothing when the text is neither, or lies outside the years 0 to 9999.
std::optional<std::int64_t> parse_event_time(std::string_view text) noexcept;

}  // namespace twinlane::ingest
