#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace twinlane::web {

/// What a client asks of one lane: its rows now, or its rows as they come.
struct query_spec {
  std::string lane;
  std::optional<std::uint64_t> limit;  // so many rows; none: all
  bool follow = false;
  std::optional<bool> from_start;    // of one that follows: the present entries come first, unless it says no
  std::optional<bool> newest_first;  // of one that ends, on a lane with an order of arrival; oldest first unless yes
};

}  // namespace twinlane::web
