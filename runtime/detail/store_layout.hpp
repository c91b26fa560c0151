#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <twinlane/agents/agent_type.hpp>
#include <twinlane/runtime/store.hpp>

namespace twinlane::detail {

inline constexpr std::string_view store_owner = "#store";  // of rows about the store itself: lane, value

/// Which shard an agent is of: watermarks are kept by shard, so that this stays as it was when the store was made.
struct store_layout {
  std::uint32_t shards = 0;
  std::vector<std::pair<std::string, hosting>> types;  // by name
};

/// Throws std::runtime_error when the store was made with another layout; appends what it does not know yet.
void expect_layout(store& kept, const store_layout& l, row_batch& rows);

}  // namespace twinlane::detail
