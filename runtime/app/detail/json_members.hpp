#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <twinlane/lanes/codec.hpp>

namespace twinlane::app::detail {

/// A member of a JSON object: its name decoded, its value as it is written.
struct json_member {
  std::string name;
  std::string_view value;
};

/// Takes a JSON object apart, one level deep, so that values keep their exact text. Of values just strings and brackets
/// are looked at: whoever decodes them finds what else is wrong.
///
/// Errors   bad_json, bad_utf8
decode_status split_members(decoder& d, std::string_view text, std::vector<json_member>& to);

/// The value of the first member of that name, or nothing.
std::string_view find_member(const std::vector<json_member>& all, std::string_view name) noexcept;

}  // namespace twinlane::app::detail
