#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace twinlane::web {

/// Splits a dotted path such as `profile.name`; `\.` and `\\` stand for a dot and a backslash within a key.
/// Nothing when a part is empty or an escape is cut off or unknown.
std::optional<std::vector<std::string>> split_field(std::string_view path);

}  // namespace twinlane::web
