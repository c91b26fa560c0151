#include <twinlane/runtime/app/detail/agent_outline.hpp>

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include <twinlane/agents/uri.hpp>
#include <twinlane/runtime/app/detail/config_reader.hpp>

namespace twinlane::app::detail {
namespace {

std::string text_of(const yaml_node& map, std::string_view key) {
  const auto* n = map.find(key);
  return n && n->what == yaml_node::kind::scalar ? n->text : std::string();
}

agent_outline::lane outline_of_lane(const yaml_node::member& m) {
  constexpr std::pair<std::string_view, lane_kind> kinds[] = {
      {"map", lane_kind::map}, {"log", lane_kind::log}, {"window", lane_kind::window},
                                                              {"supply", lane_kind::supply}, {"join", lane_kind::join_value}};
  agent_outline::lane lane{m.key, lane_kind::value, m.value.find("from") || m.value.find("compute")};
  const auto kind = text_of(m.value, "kind");
  for (const auto& [name, is] : kinds)
    if (kind == name) lane.kind = is;
  if (kind == "counter" && m.value.find("key")) lane.kind = lane_kind::map;
  return lane;
}

}  // namespace

const agent_outline::lane* agent_outline::find(std::string_view lane_name) const {
  const auto it = std::find_if(lanes.begin(), lanes.end(), [&](const auto& l) { return l.name == lane_name; });
  return it == lanes.end() ? nullptr : &*it;
}

std::vector<std::string> agent_outline::lane_names() const {
  std::vector<std::string> names;
  for (const auto& l : lanes) names.push_back(l.name);
  return names;
}

agent_outline outline_of(const agent_type& type) {
  agent_outline made{type.name(), type.path().pattern(), {}};
  for (const auto& l : type.lanes()) made.lanes.push_back({l.name, l.kind, l.kind == lane_kind::window});
  return made;
}

agent_outline outline_of(const json_type_spec& spec) {
  agent_outline made{spec.name, spec.route, {}};
  for (const auto& l : spec.lanes) made.lanes.push_back({l.name, l.kind, l.from || l.compute});
  return made;
}

std::vector<agent_outline> outlines_of(const yaml_node& agents, const known_parts& known) {
  std::vector<agent_outline> all;
  for (const auto& type : known.types) all.push_back(outline_of(*type));
  for (const auto& node : agents.items) {
    auto& made = all.emplace_back(agent_outline{text_of(node, "type"), text_of(node, "route"), {}});
    if (const auto* lanes = node.find("lanes"))
      for (const auto& m : lanes->members) made.lanes.push_back(outline_of_lane(m));
  }
  return all;
}

const agent_outline* outline_for(const std::vector<agent_outline>& all, std::string_view uri) {
  for (const auto& type : all) {
    try {
      if (route(type.route).matches(uri)) return &type;
    } catch (const std::invalid_argument&) {
      continue;  // said where it is written
    }
  }
  return nullptr;
}

const agent_outline::lane* target_lane(const agent_outline& type, std::string_view lane, std::string& why) {
  const auto* found = type.find(lane);
  if (!found) {
    const auto names = type.lane_names();
    const auto hint = did_you_mean(lane, names);
    why = fmt::format("'{}' has no lane '{}'.{}", type.name, lane,
                      hint.empty() ? " Lanes are: " + joined(names) + "." : hint);
  } else if (found->kind == lane_kind::join_value || found->kind == lane_kind::join_map) {
    why = fmt::format("'{}' follows other agents and takes no records. Choose another lane.", lane);
  } else if (found->kind == lane_kind::demand) {
    why = fmt::format("'{}' is computed and takes no records. Choose another lane.", lane);
  } else if (found->made) {
    why = fmt::format("'{}' is written by its agent and takes no records. Choose another lane.", lane);
  }
  return why.empty() ? found : nullptr;
}

}  // namespace twinlane::app::detail
