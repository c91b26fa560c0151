#pragma once

#include <string>
#include <string_view>

#include <twinlane/lanes/errors.hpp>

namespace twinlane::detail {

/// Appends the inside of a JSON string with its escapes resolved; out may be null when only the answer matters.
/// bad_json for an escape that is none, bad_utf8 for half a surrogate pair.
lane_errc unescape(std::string_view raw, std::string* out);

/// The value of a sound JSON number, rounded right; what is too small to show becomes 0. False when it is too great.
bool parse_real(const char* from, const char* to, double& out) noexcept;
bool parse_real(const char* from, const char* to, float& out) noexcept;

}  // namespace twinlane::detail
