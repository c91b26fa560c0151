#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <twinlane/agents/json_agent.hpp>
#include <twinlane/runtime/app/config.hpp>
#include <twinlane/runtime/app/yaml.hpp>

namespace twinlane::app::detail {

/// What others may ask of an agent type, known before its lanes are read: where it is, and which lanes it has.
struct agent_outline {
  struct lane {
    std::string name;
    lane_kind kind = lane_kind::value;
    bool made = false;  // by its agent, so that it takes no records
  };
  std::string name, route;
  std::vector<lane> lanes;

  const lane* find(std::string_view lane_name) const;
  std::vector<std::string> lane_names() const;
};

/// Those of the application, then those of `agents:`; what is not readable is left out.
std::vector<agent_outline> outlines_of(const yaml_node& agents, const known_parts& known);
agent_outline outline_of(const agent_type& type);
agent_outline outline_of(const json_type_spec& spec);

/// The type whose route takes the URI, or null.
const agent_outline* outline_for(const std::vector<agent_outline>& all, std::string_view uri);

/// The lane that records can be sent to, with or without a key; else a sentence why not, in `why`.
const agent_outline::lane* target_lane(const agent_outline& type, std::string_view lane, std::string& why);

}  // namespace twinlane::app::detail
