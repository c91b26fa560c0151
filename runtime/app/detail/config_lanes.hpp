#pragma once

#include <string>
#include <vector>

#include <twinlane/runtime/app/detail/agent_outline.hpp>
#include <twinlane/runtime/app/detail/config_reader.hpp>

namespace twinlane::app::detail {

/// What lanes and sends of one agent type may refer to.
struct lane_surroundings {
  const std::vector<agent_outline>& types;  // all
  const agent_outline& own;
  const std::vector<std::string>& sinks;
  expression_scope with_record, without_record;

  lane_surroundings(const std::vector<agent_outline>& all, const agent_outline& mine,
                    const std::vector<std::string>& sink_names);
};

json_lane_spec read_lane(const yaml_node::member& m, const std::string& path, const lane_surroundings& around,
                         problem_list& problems);
void read_sends(map_reader& agent, std::vector<json_send_spec>& to, const lane_surroundings& around,
                problem_list& problems);

/// The index of the lane that `from` names.
std::optional<std::size_t> read_from(map_reader& map, const lane_surroundings& around);

}  // namespace twinlane::app::detail
