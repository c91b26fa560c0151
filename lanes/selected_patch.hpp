#pragma once

#include <string>
#include <string_view>

#include <twinlane/lanes/dirty_paths.hpp>
#include <twinlane/lanes/field_set.hpp>

namespace twinlane {

/// Appends what the set has of a merge patch (RFC 7396); false, and nothing is appended, when that is nothing.
///
/// changed: what the patch was made from. Below a marked node a place may be new, so an object there is shown even when
/// it has none of the members. What stands on the way and is no object is shown as null.
bool append_selected_patch(std::string& out, std::string_view patch, const field_set& fields,
                           const dirty_paths::node& changed);

}  // namespace twinlane
