#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <twinlane/runtime/errors.hpp>

namespace twinlane::web {

/// What a server says on a WebSocket to one client alone, as the whole text of a message; with_id() is its beginning.
std::string with_id(std::string_view op, std::uint64_t id);
std::string error_message(std::uint64_t id, problem code, std::string_view message);
std::string done_message(std::uint64_t id, std::string_view reason);
/// row: as lane_query makes it.
std::string row_message(std::uint64_t id, std::string_view row, std::uint64_t rev);

}  // namespace twinlane::web
