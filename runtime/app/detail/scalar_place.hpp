#pragma once

#include <cstddef>
#include <string_view>

#include <twinlane/runtime/app/yaml.hpp>

namespace twinlane::app::detail {

/// Where in the file the character stands that a scalar's text has at that line and column (from 1), whatever way the
/// scalar is written: plain, in quotes, over several lines. The scalar's own line when it is not of the file.
place place_within(std::string_view file, const yaml_node& scalar, std::size_t line, std::size_t column);

}  // namespace twinlane::app::detail
