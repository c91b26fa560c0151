#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include <twinlane/agents/uri.hpp>
#include <twinlane/runtime/app/detail/config_lanes.hpp>
#include <twinlane/runtime/app/detail/config_reader.hpp>

namespace twinlane::app::detail {

namespace {

constexpr std::string_view reserved_segments[] = {"api", "ws", "ui", "metrics", "healthz", "readyz", "openapi.json"};

/// What has been read so far, to compare the next type with.
struct named_route {
  std::string type;
  route pattern;
  std::vector<std::string> lanes;

  bool meets(const named_route& other) const {
    return pattern.meets(other.pattern, lanes) || other.pattern.meets(pattern, other.lanes);
  }
};

void read_lanes(map_reader& agent, json_type_spec& spec, const lane_surroundings& around, problem_list& problems) {
  const auto* node = agent.take("lanes");
  if (!node || (node->what == yaml_node::kind::map && node->members.empty()) || node->what == yaml_node::kind::null) {
    agent.missing("lanes", "Write lanes: { profile: { kind: value } }.");
    return;
  }
  const map_reader lanes(*node, agent.path_of("lanes"), problems);
  for (const auto& m : node->members) spec.lanes.push_back(read_lane(m, lanes.path_of(m.key), around, problems));
  if (spec.lanes.size() > lane_layout::lanes_max)
    agent.problem("lanes", fmt::format("{} lanes are more than the {} that an agent can have. Merge some into maps.",
                                       spec.lanes.size(), lane_layout::lanes_max));
  else if (const auto circle = json_circle(spec); !circle.empty())
    agent.problem("lanes", circle);
}

std::vector<std::string> names_of(const std::vector<json_lane_spec>& lanes) {
  std::vector<std::string> names;
  for (const auto& l : lanes) names.push_back(l.name);
  return names;
}

void check_route(map_reader& agent, const json_type_spec& spec, std::vector<named_route>& others) {
  try {
    named_route mine{spec.name, route(spec.route), names_of(spec.lanes)};
    const auto first = split_uri(spec.route).front();
    if (first[0] == ':')
      agent.problem("route", fmt::format("'{}' begins with a parameter and would take every URL. Begin with a word: "
                                         "/customer/{}.",
                                         spec.route, first));
    for (const auto reserved : reserved_segments)
      if (first == reserved)
        agent.problem("route", fmt::format("'{}' begins with '{}', which the server needs itself. Choose another word.",
                                           spec.route, first));
    for (const auto& other : others)
      if (mine.meets(other))
        agent.problem("route", fmt::format("'{}' and '{}' of '{}' could take the same URL. Change the first segment.",
                                           spec.route, other.pattern.pattern(), other.type));
    others.push_back(std::move(mine));
  } catch (const std::invalid_argument& e) {
    agent.problem("route", fmt::format("{}. Write it as /customer/:id.", e.what()));
  }
}

void check_name(map_reader& agent, const json_type_spec& spec, const std::vector<named_route>& others) {
  if (!is_name(spec.name))
    agent.problem("type",
                  fmt::format("'{}' is not a name. Use letters, digits, '_', '-' and '.', at most 100.", spec.name));
  for (const auto& other : others)
    if (other.type == spec.name)
      agent.problem("type", fmt::format("'{}' is there already, with route '{}'. Choose another name.", spec.name,
                                        other.pattern.pattern()));
}

void read_agent(const yaml_node& node, const std::string& path, config& to, std::vector<named_route>& others,
                const lane_surroundings& around, problem_list& problems) {
  map_reader agent(node, path, problems);
  json_type_spec spec;
  const bool named = agent.text("type", spec.name);
  if (!node.find("type")) agent.missing("type", "Write type: customer.");
  const bool routed = agent.text("route", spec.route);
  if (!node.find("route")) agent.missing("route", "Write route: /customer/:id.");
  agent.choice<hosting>("hosting", spec.options.host, {{"shared", hosting::shared}, {"dedicated", hosting::dedicated}});
  agent.choice<creation>("create", spec.options.create,
                         {{"events", creation::events}, {"commands", creation::commands}, {"never", creation::never}});
  read_lanes(agent, spec, around, problems);
  read_sends(agent, spec.sends, around, problems);
  if (named) check_name(agent, spec, others);
  if (routed) check_route(agent, spec, others);
  agent.finish();
  to.agents.push_back(std::move(spec));
}

}  // namespace

void read_agents(const yaml_node& list, config& to, const known_parts& known, const std::vector<std::string>& sinks,
                 problem_list& problems) {
  if (list.what == yaml_node::kind::null) return;
  if (list.what != yaml_node::kind::sequence) {
    problems.add(list.at, "agents: is not a list. Begin each agent type with '- type: …'.");
    return;
  }
  std::vector<named_route> others;
  for (const auto& type : known.types) {
    named_route other{type->name(), type->path(), {}};
    for (const auto& lane : type->lanes()) other.lanes.push_back(lane.name);
    others.push_back(std::move(other));
  }
  const auto outlines = outlines_of(list, known);
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const lane_surroundings around(outlines, outlines[known.types.size() + i], sinks);
    const auto* type = list.items[i].find("type");
    const bool usable = type && type->what == yaml_node::kind::scalar && is_name(type->text);
    read_agent(list.items[i], usable ? "agents." + type->text : fmt::format("agents[{}]", i), to, others, around,
               problems);
  }
}

}  // namespace twinlane::app::detail
