#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace twinlane::app {

/// `500ms`, `30s`, `10m`, `24h`, `30d`: a whole number and its unit. Nothing for anything else, or beyond 100 years.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// `512`, `64KiB`, `1MiB`, `2GiB`: bytes, or powers of 1024. Nothing for anything else, or beyond 2^50.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// Digits with an optional sign, fraction and exponent; finite.
std::optional<double> parse_real(std::string_view text);

}  // namespace twinlane::app
