#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace twinlane::web {

/// Splits a dotted path such as `profile.name`; `\.` and `\\` stand for a dot and a backslash within a key.
/// Nothing when a part is empty or an escape is cut off or unknown.
std::optional<std::vector<std::string>> split_field(std::string_view path);

/// The parts of a lanes object that the paths name, as JSON text. Paths that lead nowhere select nothing.
///
/// Cost     parses and writes the whole document: for single requests, not for streams
/// Errors   std::invalid_argument when lanes_json is not a JSON object
std::string select_fields(std::string_view lanes_json, const std::vector<std::vector<std::string>>& paths);

}  // namespace twinlane::web
