#include <algorithm>

#include <fmt/format.h>

#include <twinlane/runtime/app/detail/config_lanes.hpp>
#include <twinlane/runtime/app/detail/expression_reader.hpp>

namespace twinlane::app::detail {
namespace {

void check_sink(map_reader& map, const json_send_spec& send, const lane_surroundings& around) {
  if (std::find(around.sinks.begin(), around.sinks.end(), send.sink) == around.sinks.end())
    map.problem("sink", fmt::format("there is no sink '{}'.{}", send.sink,
                                    around.sinks.empty() ? " Declare it under sinks:."
                                                         : did_you_mean(send.sink, around.sinks)));
  if (map.map().find("lane")) map.problem("lane", "a sink has no lanes. Leave it out.");
}

void check_agent(map_reader& map, const json_send_spec& send, const lane_surroundings& around) {
  if (!send.to || send.lane.empty()) return;
  const auto* type = outline_for(around.types, send.to->sample());
  if (!type) {
    std::vector<std::string> routes;
    for (const auto& t : around.types) routes.push_back(t.route);
    return map.problem("to", fmt::format("no agent type has a route for it. Routes are: {}.", joined(routes)));
  }
  std::string why;
  const auto* lane = target_lane(*type, send.lane, why);
  if (!lane) return map.problem("lane", why);
  const bool keyed = map.map().find("key") != nullptr;
  if (lane->kind == lane_kind::map && !keyed)
    map.missing("key",
                fmt::format("'{}' is a map lane. Write key: \"id\", an expression that names the entry.", send.lane));
  if (lane->kind != lane_kind::map && keyed)
    map.problem("key",
                fmt::format("'{}' is a {} lane, which has no keys. Leave it out.", send.lane, name_of(lane->kind)));
}

json_send_spec read_send(const yaml_node& node, const std::string& path, const lane_surroundings& around,
                         problem_list& problems) {
  map_reader map(node, path, problems);
  expression_reader expressions(map, problems);
  json_send_spec send;
  if (const auto from = read_from(map, around)) send.from = *from;
  if (!node.find("from")) map.missing("from", "Name the lane whose records are sent on.");
  send.when = expressions.read("when", around.with_record, expression_kind::boolean);
  send.to = expressions.read_uri("to", around.with_record);
  map.text("lane", send.lane);
  map.text("sink", send.sink);
  send.key = expressions.read("key", around.with_record);
  send.value = expressions.read("value", around.with_record);
  const bool to = node.find("to"), sink = node.find("sink");
  if (to == sink)
    map.missing("to", "Write to: /segment/{status} with a lane, or sink: with the name of a sink; one of them.");
  else if (sink && !send.sink.empty())
    check_sink(map, send, around);
  else if (to && !node.find("lane"))
    map.missing("lane", "Name the lane of the other agent.");
  else if (to)
    check_agent(map, send, around);
  map.finish();
  return send;
}

}  // namespace

void read_sends(map_reader& agent, std::vector<json_send_spec>& to, const lane_surroundings& around,
                problem_list& problems) {
  const auto* list = agent.take("send");
  if (!list || list->what == yaml_node::kind::null) return;
  if (list->what != yaml_node::kind::sequence)
    return agent.problem("send", "is not a list. Begin each entry with '- from: …'.");
  constexpr std::size_t sends_max = 64;
  if (list->items.size() > sends_max)
    return agent.problem(
        "send", fmt::format("{} entries are more than {}. Merge some of them.", list->items.size(), sends_max));
  for (std::size_t i = 0; i < list->items.size(); ++i)
    to.push_back(read_send(list->items[i], fmt::format("{}[{}]", agent.path_of("send"), i), around, problems));
}

}  // namespace twinlane::app::detail
