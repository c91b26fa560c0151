#pragma once

#include <cstdint>
#include <vector>

#include <twinlane/agents/json_agent.hpp>

namespace twinlane::detail {

/// What a type of agents without C++ does after each record, known once for all its agents.
struct json_plan {
  /// What follows a record of one lane.
  struct after {
    std::vector<std::size_t> lanes, sends, joins;  // joins are among the lanes
    bool empty() const noexcept { return lanes.empty() && sends.empty(); }
  };
  std::vector<json_lane_spec> lanes;
  std::vector<json_send_spec> sends;
  std::vector<after> follows;         // by lane
  std::vector<std::size_t> computed;  // those that others are made of first
  std::uint64_t watched = 0;          // bit per lane that a computed one reads

  /// Throws std::invalid_argument when lanes are made of each other.
  explicit json_plan(const json_type_spec& spec);
};

}  // namespace twinlane::detail
