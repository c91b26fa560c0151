#pragma once

#include <cstdint>
#include <string_view>

namespace twinlane {

/// What one turn changed. Views hold during the call only.
struct agent_delta {
  std::string_view uri;
  std::uint64_t from = 0, rev = 0;
  std::string_view patch;  // RFC 7396, over the document `{lane: value}`
};

}  // namespace twinlane
