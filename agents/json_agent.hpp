#pragma once

#include <memory>
#include <string>
#include <vector>

#include <twinlane/agents/agent_type.hpp>

namespace twinlane {

/// A lane of an agent without C++: a value, map or log of JSON values.
struct json_lane_spec {
  std::string name;
  lane_kind kind = lane_kind::value;
  retention keep;
  bool transient = false;
  bool writable = false;
};

/// An agent type whose schema is known only at run time, as a YAML `agents:` entry declares it.
struct json_type_spec {
  std::string name, route;
  type_options options;
  std::vector<json_lane_spec> lanes;
};

/// Errors  std::invalid_argument for a bad route, a lane declared twice, more than 64 lanes, a kind that needs C++
std::shared_ptr<const agent_type> make_json_agent_type(const json_type_spec& spec);

}  // namespace twinlane
