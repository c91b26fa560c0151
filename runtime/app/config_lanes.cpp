#include <stdexcept>

#include <fmt/format.h>

#include <twinlane/agents/uri.hpp>
#include <twinlane/runtime/app/detail/config_lanes.hpp>
#include <twinlane/runtime/app/detail/expression_reader.hpp>

namespace twinlane::app::detail {

using namespace std::chrono_literals;

namespace {

enum class yaml_kind : unsigned char { value, map, log, counter, window, join, supply };

void read_keep(map_reader& lane, retention& to, problem_list& problems) {
  const auto* node = lane.take("keep");
  if (!node) return;
  map_reader keep(*node, lane.path_of("keep"), problems);
  keep.whole("entries", to.entries_max, 1, 4'000'000'000);
  std::chrono::milliseconds age{};
  if (keep.duration("age", age, 1s, std::chrono::days{36'500})) to.age_ms = age.count();
  if (to.entries_max == 0 && to.age_ms == 0 && node->members.empty())
    lane.problem("keep", "says nothing. Write { entries: 200, age: 30d }, or one of them.");
  keep.finish();
}

/// Reads one lane, once its kind is known.
class lane_reader {
 public:
  lane_reader(map_reader& lane, json_lane_spec& to, const lane_surroundings& around, problem_list& problems)
      : lane_(lane), to_(to), around_(around), problems_(problems), expressions_(lane, problems) {}

  void read(yaml_kind kind) {
    to_.from = read_from(lane_, around_);
    to_.when = expressions_.read("when", around_.with_record, expression_kind::boolean);
    if (kind == yaml_kind::value) read_compute();
    if (kind == yaml_kind::window) read_window();
    if (kind == yaml_kind::join) read_join();
    if (kind != yaml_kind::window && kind != yaml_kind::join) read_value(kind);
    if (kind == yaml_kind::map || kind == yaml_kind::counter) read_key(kind);
    const bool needs = kind == yaml_kind::counter || kind == yaml_kind::window || kind == yaml_kind::join;
    if (needs && !lane_.map().find("from")) lane_.missing("from", "Name the lane whose records it is made of.");
    if (to_.writable && (lane_.map().find("from") || to_.compute))
      lane_.problem("writable", "is not for a lane that its agent writes. Leave it out.");
  }

 private:
  void read_compute() {
    to_.compute = expressions_.read("compute", around_.without_record);
    if (!lane_.map().find("compute")) return;
    for (const auto* key : {"from", "when", "value"})
      if (lane_.map().find(key)) lane_.problem(key, "does not go with compute. Leave one of them out.");
    if (to_.compute && to_.compute->lanes().empty())
      lane_.problem("compute", "reads no lane, so it would never be computed again. Name a lane in it.");
  }

  void read_value(yaml_kind kind) {
    to_.value = expressions_.read("value", around_.with_record,
                                  kind == yaml_kind::counter ? expression_kind::number : expression_kind::any);
    if (lane_.map().find("value") && !lane_.map().find("from") && !lane_.map().find("compute"))
      lane_.problem("value",
                    "needs from: the lane whose records it is made of. Records from outside are kept as they are.");
    to_.counts = kind == yaml_kind::counter;
  }

  void read_key(yaml_kind kind) {
    to_.key = expressions_.read("key", around_.with_record);
    if (to_.key && kind == yaml_kind::counter) to_.kind = lane_kind::map;
    if (lane_.map().find("key") && !lane_.map().find("from"))
      lane_.problem("key", "needs from: the lane whose records it is made of. Records of a source have its key.");
    if (kind == yaml_kind::map && to_.from && !lane_.map().find("key") &&
        around_.own.lanes[*to_.from].kind == lane_kind::value)
      lane_.missing("key", fmt::format("Records of the value lane '{}' have none. Write key: \"status\".",
                                       around_.own.lanes[*to_.from].name));
  }

  void read_shape(json_window_spec& window) {
    std::chrono::milliseconds size{}, advance{}, gap{};
    int shapes = 0;
    if (lane_.duration("tumbling", size, 1ms, std::chrono::days{3'660})) window.shape = tumbling(size);
    if (const auto* node = lane_.take("hopping")) {
      map_reader hop(*node, lane_.path_of("hopping"), problems_);
      hop.duration("size", size, 1ms, std::chrono::days{3'660});
      hop.duration("advance", advance, 1ms, std::chrono::days{3'660});
      for (const auto* key : {"size", "advance"})
        if (!node->find(key)) hop.missing(key, "Write hopping: { size: 5m, advance: 1m }.");
      hop.finish();
      window.shape = hopping(size, advance);
    }
    if (lane_.duration("session", gap, 1ms, std::chrono::days{366})) window.shape = session(gap);
    for (const auto* key : {"tumbling", "hopping", "session"}) shapes += lane_.map().find(key) != nullptr;
    if (shapes != 1)
      lane_.missing("tumbling", "Write one of tumbling: 15m, hopping: { size: 5m, advance: 1m } and session: 30s.");
    try {
      if (shapes == 1 && (size.count() > 0 || gap.count() > 0)) window.shape.check();
    } catch (const std::invalid_argument& e) {
      lane_.problem(lane_.map().find("hopping") ? "hopping" : "kind", as_sentence(e.what()));
    }
  }

  void read_window() {
    json_window_spec window;
    read_shape(window);
    std::chrono::milliseconds ms{};
    if (lane_.duration("grace", ms, 0ms, std::chrono::days{366})) window.grace_ms = ms.count();
    if (lane_.duration("idle", ms, 1s, std::chrono::days{366})) window.idle_ms = ms.count();
    window.time = expressions_.read("time", around_.with_record, expression_kind::number);
    constexpr std::uint32_t windows_max = 1'000;
    if (to_.keep.entries_max == 0) to_.keep.entries_max = windows_max;
    const auto* node = lane_.take("reduce");
    if (!node) {
      lane_.missing("reduce", "Write reduce: { ratings: count(), stars: mean(stars) }.");
    } else {
      map_reader reduce(*node, lane_.path_of("reduce"), problems_);
      for (const auto& m : node->members) read_part(reduce, m, window);
      reduce.finish();
    }
    to_.window = std::move(window);
  }

  // `mean(stars)`: a reducer's name, and the expression that it takes of each record.
  void read_part(map_reader& reduce, const yaml_node::member& m, json_window_spec& window) {
    std::string text;
    if (!reduce.text(m.key, text)) return;
    expression_reader inside(reduce, problems_);
    const auto open = text.find('('), close = text.rfind(')');
    const auto what = reduce::kind_of(text.substr(0, open));
    if (!what || open == text.npos || close + 1 != text.size() || close < open) {
      return inside.problem(m.key, m.value, 0,
                            "is not a reducer. Write one of count(), count(x > 1), sum(x), min(x), max(x), mean(x), "
                            "median(x), collect(x), distinct(x).");
    }
    json_window_spec::part part{m.key, *what, {}};
    const bool empty = text.find_first_not_of(' ', open + 1) == close;
    if (empty && *what != reduce::kind::count)
      return inside.problem(m.key, m.value, open + 1,
                            fmt::format("{} takes a value of each record.", text.substr(0, open)));
    const bool numbers = *what == reduce::kind::sum || *what == reduce::kind::mean || *what == reduce::kind::median;
    const auto wanted = *what == reduce::kind::count ? expression_kind::boolean
                        : numbers                    ? expression_kind::number
                                                     : expression_kind::any;
    if (!empty) part.value = inside.read_part(m.key, m.value, open + 1, close, around_.with_record, wanted);
    window.parts.push_back(std::move(part));
  }

  void read_join() {
    auto whom = expressions_.read_uri("follow", around_.with_record);
    std::string lane;
    const bool named = lane_.text("lane", lane);
    if (!lane_.map().find("follow")) lane_.missing("follow", "Write follow: /product/{product_id}.");
    if (!lane_.map().find("lane")) lane_.missing("lane", "Name the lane of the other agent that is followed.");
    if (!whom || !named) return;
    const auto* type = outline_for(around_.types, whom->sample());
    if (!type) return lane_.problem("follow", "no agent type has a route for it. " + routes());
    const auto* followed = type->find(lane);
    if (!followed)
      return lane_.problem(
          "lane", fmt::format("'{}' has no lane '{}'.{}", type->name, lane, did_you_mean(lane, type->lane_names())));
    if (!in_document(followed->kind))
      return lane_.problem("lane", fmt::format("'{}' has no value that could be followed.", lane));
    to_.kind = followed->kind == lane_kind::value ? lane_kind::join_value : lane_kind::join_map;
    to_.join = json_join_spec{std::move(*whom), std::move(lane)};
  }

  std::string routes() const {
    std::vector<std::string> all;
    for (const auto& t : around_.types) all.push_back(t.route);
    return "Routes are: " + joined(all) + ".";
  }

  map_reader& lane_;
  json_lane_spec& to_;
  const lane_surroundings& around_;
  problem_list& problems_;
  expression_reader expressions_;
};

}  // namespace

lane_surroundings::lane_surroundings(const std::vector<agent_outline>& all, const agent_outline& mine,
                                     const std::vector<std::string>& sink_names)
    : types(all), own(mine), sinks(sink_names) {
  json_type_spec spec{mine.name, mine.route, {}, {}, {}};
  for (const auto& l : mine.lanes) spec.lanes.push_back({l.name, l.kind});
  try {
    with_record = json_scope(spec, true);
    without_record = json_scope(spec, false);
  } catch (const std::invalid_argument&) {
    spec.route = "/x/:id";  // what is wrong with the route is said where it is read
    with_record = json_scope(spec, true);
    without_record = json_scope(spec, false);
  }
}

std::optional<std::size_t> read_from(map_reader& map, const lane_surroundings& around) {
  std::string name;
  if (!map.text("from", name)) return std::nullopt;
  const auto* lane = around.own.find(name);
  if (!lane) {
    const auto names = around.own.lane_names();
    const auto hint = did_you_mean(name, names);
    map.problem("from", fmt::format("there is no lane '{}'.{}", name,
                                    hint.empty() ? " Lanes are: " + joined(names) + "." : hint));
    return std::nullopt;
  }
  if (lane->kind == lane_kind::join_value || lane->kind == lane_kind::join_map) {
    map.problem("from", fmt::format("'{}' follows other agents and has no records. Use compute.", name));
    return std::nullopt;
  }
  return static_cast<std::size_t>(lane - around.own.lanes.data());
}

json_lane_spec read_lane(const yaml_node::member& m, const std::string& path, const lane_surroundings& around,
                         problem_list& problems) {
  map_reader lane(m.value, path, problems);
  json_lane_spec spec;
  spec.name = m.key;
  if (!is_name(m.key) || m.key.find('.') != std::string::npos)
    problems.add(m.at, fmt::format("{}: a lane's name has letters, digits, '_' and '-' only, at most 100.", path));
  auto kind = yaml_kind::value;
  lane.choice<yaml_kind>("kind", kind,
                         {{"value", yaml_kind::value},
                          {"map", yaml_kind::map},
                          {"log", yaml_kind::log},
                          {"counter", yaml_kind::counter},
                          {"window", yaml_kind::window},
                          {"join", yaml_kind::join},
                          {"supply", yaml_kind::supply}});
  if (!m.value.find("kind")) lane.missing("kind", "Write kind: value, map, log, counter, window, join or supply.");
  spec.kind = kind == yaml_kind::map      ? lane_kind::map
              : kind == yaml_kind::log    ? lane_kind::log
              : kind == yaml_kind::window ? lane_kind::window
              : kind == yaml_kind::join   ? lane_kind::join_value
              : kind == yaml_kind::supply ? lane_kind::supply
                                          : lane_kind::value;
  // Joins are as their lane is, and of supply lanes nothing stays.
  if (kind != yaml_kind::join && kind != yaml_kind::supply) {
    read_keep(lane, spec.keep, problems);
    lane.flag("transient", spec.transient);
  }
  if (kind == yaml_kind::value || kind == yaml_kind::map) lane.flag("writable", spec.writable);
  lane_reader(lane, spec, around, problems).read(kind);
  if (spec.kind == lane_kind::value && spec.keep.entries_max)
    lane.problem("keep", "a value lane has no entries. Give it an age only, or make it a map or log.");
  lane.finish();
  return spec;
}

}  // namespace twinlane::app::detail
