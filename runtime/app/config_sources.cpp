#include <algorithm>
#include <map>
#include <system_error>

#include <fmt/format.h>

#include <twinlane/agents/uri.hpp>
#include <twinlane/ingest/generator.hpp>
#include <twinlane/ingest/sources.hpp>
#include <twinlane/runtime/app/detail/agent_outline.hpp>
#include <twinlane/runtime/app/detail/config_reader.hpp>

namespace twinlane::app::detail {

namespace {

constexpr std::size_t sources_max = 1'000;
constexpr double rate_max = 1e8;

/// Where the keys of one source stand, for problems that are found later.
struct source_places {
  place at;
  std::map<std::string, place, std::less<>> keys;

  const place& of(std::string_view key) const {
    const auto found = keys.find(key);
    return found == keys.end() ? at : found->second;
  }
};

struct read_source_result {
  ingest::source_spec spec;
  std::string path;  // as messages call it: `sources.orders`
  source_places places;
};

std::string found_file(const std::filesystem::path& folder, const std::string& path) {
  std::error_code ignored;
  const auto beside = folder / path;
  const bool here_only = !std::filesystem::exists(beside, ignored) && std::filesystem::exists(path, ignored);
  return here_only ? path : beside.string();
}

void read_kafka(const yaml_node& node, const std::string& path, ingest::source_spec& spec, problem_list& problems) {
  map_reader from(node, path, problems);
  ingest::kafka_spec kafka;
  from.text("brokers", kafka.brokers);
  from.text("topic", kafka.topic);
  from.text("group", kafka.group);
  read_texts(from, "properties", kafka.properties, problems);
  if (!node.find("brokers")) from.missing("brokers", "Write brokers: \"localhost:9092\".");
  if (!node.find("topic")) from.missing("topic", "Name the topic to read.");
  from.finish();
  spec.from = std::move(kafka);
}

void read_file(const yaml_node& node, const std::string& path, const config& c, ingest::source_spec& spec,
               problem_list& problems) {
  map_reader from(node, path, problems);
  ingest::file_spec file;
  if (from.text("path", file.topic)) file.path = found_file(c.folder, file.topic);
  if (!node.find("path")) from.missing("path", "Name the file to read.");
  from.real("rate", file.rate, 0, rate_max);
  from.flag("loop", file.loop);
  from.finish();
  spec.from = std::move(file);
}

void read_generator(const yaml_node& node, const std::string& path, ingest::source_spec& spec, problem_list& problems) {
  map_reader from(node, path, problems);
  ingest::generator_spec generator;
  from.text("name", generator.name);
  if (!node.find("name")) from.missing("name", "Name one of the application's generators.");
  from.whole("seed", generator.seed, 0, UINT64_MAX);
  from.real("rate", generator.rate, 0, rate_max);
  from.whole("preload", generator.preload, 0, 1'000'000'000'000);
  read_texts(from, "parameters", generator.parameters, problems);
  from.finish();
  spec.from = std::move(generator);
}

void read_origin(map_reader& source, const config& c, ingest::source_spec& spec, problem_list& problems) {
  std::vector<std::string> origins;
  for (const auto* key : {"kafka", "file", "http", "generator"})
    if (source.take(key)) origins.emplace_back(key);
  if (origins.empty()) {
    problems.add(source.map().at,
                 fmt::format("{}: nothing to read from. Give it one of kafka, file, http, generator.", source.path()));
    spec.from = ingest::http_spec{};
    return;
  }
  if (origins.size() > 1) {
    spec.from = ingest::http_spec{};
    source.problem(origins[1], fmt::format("the source reads from '{}' already. Keep one of them.", origins[0]));
    return;
  }
  const auto& node = *source.take(origins[0]);
  const auto path = source.path_of(origins[0]);
  if (origins[0] == "kafka") return read_kafka(node, path, spec, problems);
  if (origins[0] == "file") return read_file(node, path, c, spec, problems);
  if (origins[0] == "generator") return read_generator(node, path, spec, problems);
  spec.from = ingest::http_spec{};
  map_reader(node, path, problems).finish();
}

void read_format(map_reader& source, ingest::source_spec& spec) {
  const auto* node = source.map().find("format");
  if (node && node->what == yaml_node::kind::scalar && node->text == "debezium") {
    source.take("format");
    source.problem("format",
                   "this version does not have 'debezium' yet. Unwrap the records with ExtractNewRecordState "
                   "and write json.");
    return;
  }
  source.choice<ingest::record_format>("format", spec.format,
                                       {{"json", ingest::record_format::json}, {"csv", ingest::record_format::csv}});
}

void read_time_unit(map_reader& source, ingest::source_spec& spec) {
  using ingest::time_unit;
  const bool given = source.choice<time_unit>("time_unit", spec.unit,
                                              {{"s", time_unit::seconds},
                                               {"ms", time_unit::milliseconds},
                                               {"us", time_unit::microseconds},
                                               {"ns", time_unit::nanoseconds}});
  if (given && spec.time.empty())
    source.problem("time_unit", "there is no 'time' that it is the unit of. Write time: created_at, or leave it out.");
}

ingest::source_spec read_source(const yaml_node& node, const std::string& path, const config& c,
                                problem_list& problems) {
  map_reader source(node, path, problems);
  ingest::source_spec spec;
  source.text("name", spec.name);
  if (!node.find("name")) source.missing("name", "Write name: orders.");
  read_origin(source, c, spec, problems);
  read_format(source, spec);
  source.texts("columns", spec.columns);
  source.text("entity", spec.entity);
  if (!node.find("entity")) source.missing("entity", "Write entity: /customer/{customer_id}.");
  source.text("lane", spec.lane);
  if (!node.find("lane")) source.missing("lane", "Name the lane that takes the records.");
  source.text("key", spec.key);
  source.text("time", spec.time);
  read_time_unit(source, spec);
  source.texts("after", spec.after);
  source.flag("load", spec.load);
  source.duration("align", spec.align, std::chrono::milliseconds{1}, std::chrono::days{1});
  source.finish();
  return spec;
}

/// The segments at the slashes; a slash within `{…}` does not count.
std::vector<std::string> split_template(std::string_view text) {
  std::vector<std::string> parts;
  int depth = 0;
  for (const char c : text) {
    depth += c == '{' ? 1 : c == '}' ? -1 : 0;
    if (c == '/' && depth <= 0)
      parts.emplace_back();
    else if (!parts.empty())
      parts.back() += c;
  }
  return parts;
}

bool fits(std::string_view route, const std::vector<std::string>& segments) {
  const auto parts = split_uri(route);
  return std::equal(parts.begin(), parts.end(), segments.begin(), segments.end(),
                    [](std::string_view part, const std::string& segment) {
                      return part[0] == ':' ? !segment.empty() : part == segment;
                    });
}

void check_target(const read_source_result& s, const std::vector<agent_outline>& types, problem_list& problems) {
  const auto& spec = s.spec;
  if (problems.mentions(s.path + ".entity") || problems.mentions(s.path + ".lane")) return;
  const auto say = [&](std::string_view key, const std::string& what) {
    if (!problems.mentions(fmt::format("{}.{}", s.path, key)))
      problems.add(s.places.of(key), fmt::format("{}.{}: {}", s.path, key, what));
  };
  const auto segments = split_template(spec.entity);
  const auto type = std::find_if(types.begin(), types.end(), [&](const auto& t) { return fits(t.route, segments); });
  if (type == types.end()) {
    std::vector<std::string> routes;
    for (const auto& t : types) routes.push_back(t.route);
    return say("entity", fmt::format("no agent type has a route for '{}'. Routes are: {}.", spec.entity,
                                     routes.empty() ? "none" : joined(routes)));
  }
  std::string why;
  const auto* lane = target_lane(*type, spec.lane, why);
  if (!lane) return say("lane", why);
  const auto kind = lane->kind;
  if (kind == lane_kind::map && spec.key.empty())
    say("key", fmt::format("is missing, and '{}' is a map lane. Write key: \"{{id}}\", the field that names the entry.",
                           spec.lane));
  if (kind != lane_kind::map && !spec.key.empty())
    say("key", fmt::format("'{}' is a {} lane, which has no keys. Leave it out.", spec.lane, name_of(kind)));
}

std::vector<agent_outline> all_outlines(const config& c, const known_parts& known) {
  std::vector<agent_outline> types;
  for (const auto& t : known.types) types.push_back(outline_of(*t));
  for (const auto& t : c.agents) types.push_back(outline_of(t));
  return types;
}

source_places places_of(const yaml_node& node) {
  source_places places{node.at, {}};
  for (const auto& m : node.members) {
    // A list below its key begins on another line: the key is what people look for.
    places.keys.emplace(m.key, m.value.what == yaml_node::kind::scalar ? m.value.at : m.at);
  }
  return places;
}

void check_names(const std::vector<read_source_result>& all, problem_list& problems) {
  std::map<std::string_view, int> lines;
  for (const auto& s : all) {
    const auto& name = s.spec.name;
    const auto& at = s.places.of("name");
    if (name.empty()) continue;
    if (!is_name(name))
      problems.add(at, fmt::format("{}.name: '{}' is not a name. Use letters, digits, '_', '-' and '.', at most 100.",
                                   s.path, name));
    else if (const auto [first, is_new] = lines.emplace(name, at.line); !is_new)
      problems.add(at,
                   fmt::format("{}.name: the source in line {} has this name. Choose another.", s.path, first->second));
  }
}

/// What the sources' own module finds, but for keys that have a problem already.
void check_each(const std::vector<read_source_result>& all, const known_parts& known, problem_list& problems) {
  std::map<std::string_view, const read_source_result*> by_name;
  std::vector<ingest::source_spec> named;
  for (const auto& s : all)
    if (is_name(s.spec.name) && by_name.emplace(s.spec.name, &s).second) named.push_back(s.spec);
  const ingest::generator_registry none;
  for (auto& p : ingest::check(named, known.generators ? *known.generators : none)) {
    const auto& s = *by_name.at(p.source);
    const auto path = fmt::format("{}.{}", s.path, p.field);
    if (problems.mentions(path)) continue;
    problems.add(s.places.of(p.field), fmt::format("{}: {}", path, as_sentence(std::move(p.text))));
  }
}

}  // namespace

void read_sources(const yaml_node& list, config_result& result, const known_parts& known, problem_list& problems) {
  if (list.what == yaml_node::kind::null) return;
  if (list.what != yaml_node::kind::sequence) {
    problems.add(list.at, "sources: is not a list. Begin each source with '- name: …'.");
    return;
  }
  if (list.items.size() > sources_max) {
    problems.add(list.at,
                 fmt::format("sources: {} are more than the {} that one server takes. Split them over servers.",
                             list.items.size(), sources_max));
    return;
  }
  auto& to = result.settings;
  std::vector<read_source_result> all;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const auto& node = list.items[i];
    const auto* name = node.find("name");
    const bool usable = name && name->what == yaml_node::kind::scalar && is_name(name->text);
    auto path = usable ? "sources." + name->text : fmt::format("sources[{}]", i);
    auto spec = read_source(node, path, to, problems);
    all.push_back({std::move(spec), std::move(path), places_of(node)});
  }
  check_names(all, problems);
  check_each(all, known, problems);
  const auto types = all_outlines(to, known);
  for (auto& s : all) check_target(s, types, problems);
  for (auto& s : all) {
    result.places.emplace(s.spec.name, s.places.at);
    for (const auto& [key, at] : s.places.keys) result.places.emplace(s.spec.name + '.' + key, at);
    to.sources.push_back(std::move(s.spec));
  }
}

}  // namespace twinlane::app::detail
