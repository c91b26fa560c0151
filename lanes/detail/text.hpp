#pragma once

#include <charconv>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <twinlane/lanes/errors.hpp>
#include <twinlane/lanes/record.hpp>

namespace twinlane {

/// Appends text as a JSON string, quoted and escaped. Bytes that are not UTF-8 become U+FFFD, so that no frame is
/// ever refused for them.
void append_json_string(std::string& out, std::string_view text);

namespace detail {

template <std::integral Int>
void append_integer(std::string& out, Int v) {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, v).ptr;
  out.append(buffer, static_cast<std::size_t>(end - buffer));
}

/// The shortest text that reads back as the same value. Throws lane_error(bad_value) on NaN and infinities.
void append_real(std::string& out, double v);
void append_real(std::string& out, float v);

/// Canonical decimal text only: no sign but `-`, no leading zeros, nothing around it.
template <std::integral Int>
bool parse_integer(std::string_view text, Int& out) noexcept {
  const auto digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || (digits[0] == '0' && (digits.size() > 1 || digits.size() != text.size()))) return false;
  const auto [ptr, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  return ec == std::errc{} && ptr == text.data() + text.size();
}

/// `YYYY-MM-DD`, years 0 to 9999.
void append_date(std::string& out, std::chrono::year_month_day date);
bool parse_date(std::string_view text, std::chrono::year_month_day& out) noexcept;
/// RFC 3339 date-time, as `2024-05-01T12:34:56.789+02:00`; digits beyond milliseconds are cut off.
bool parse_time(std::string_view text, timestamp& out) noexcept;

[[noreturn]] void throw_bad_value(std::string_view what);
[[noreturn]] void throw_too_deep();

}  // namespace detail
}  // namespace twinlane
