#include <fmt/format.h>

#include <twinlane/runtime/app/detail/config_reader.hpp>

namespace twinlane::app {

namespace {

/// At the dots, with `\.` a dot and `\\` a backslash within a part. Nothing when a part is empty.
std::optional<std::vector<std::string>> split_path(std::string_view path) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\' && i + 1 < path.size() && (path[i + 1] == '.' || path[i + 1] == '\\'))
      parts.back() += path[++i];
    else if (path[i] == '.')
      parts.emplace_back();
    else
      parts.back() += path[i];
  }
  for (const auto& p : parts)
    if (p.empty()) return std::nullopt;
  return parts;
}

std::string_view name_in(const yaml_node& entry) {
  for (const auto* key : {"name", "type"})
    if (const auto* n = entry.find(key); n && n->what == yaml_node::kind::scalar) return n->text;
  return {};
}

yaml_node* entry_of(yaml_node& list, std::string_view name) {
  for (auto& item : list.items)
    if (name_in(item) == name) return &item;
  return nullptr;
}

std::vector<std::string> names_in(const yaml_node& list) {
  std::vector<std::string> names;
  for (const auto& item : list.items)
    if (const auto name = name_in(item); !name.empty()) names.emplace_back(name);
  return names;
}

/// `sources.orders.rate` means the rate of whatever the source reads from.
yaml_node* origin_with_key(yaml_node& source, std::string_view key) {
  for (const auto* own : {"name", "kafka", "file", "http", "generator", "format", "columns", "entity", "lane", "key",
                          "time", "after", "load"})
    if (key == own) return nullptr;
  for (const auto* origin : {"kafka", "file", "generator"})
    if (auto* n = source.find(origin); n && n->what == yaml_node::kind::map) return n;
  return nullptr;
}

void stamp(yaml_node& n, const place& at) {
  n.at = at;
  for (auto& i : n.items) stamp(i, at);
  for (auto& m : n.members) {
    m.at = at;
    stamp(m.value, at);
  }
}

}  // namespace

std::optional<config_override> parse_override(std::string_view argument) {
  const auto equals = argument.find('=');
  if (equals == 0 || equals == std::string_view::npos) return std::nullopt;
  config_override o{std::string(argument.substr(0, equals)), std::string(argument.substr(equals + 1)),
                    "--set " + std::string(argument)};
  if (!split_path(o.path)) return std::nullopt;
  return o;
}

namespace detail {

void apply(yaml_node& root, const config_override& o, problem_list& problems) {
  const place at{std::make_shared<const std::string>(o.option), 0};
  const auto parts = split_path(o.path);
  if (!parts || parts->size() > 16) {
    problems.add(at, fmt::format("'{}' is not a path. Write a.b=c.", o.path));
    return;
  }
  yaml_node* here = &root;
  for (std::size_t i = 0; i < parts->size(); ++i) {
    const auto& part = (*parts)[i];
    if (here->what == yaml_node::kind::sequence) {
      auto* entry = entry_of(*here, part);
      if (!entry) {
        problems.add(at, fmt::format("there is no entry named '{}'.{}", part, did_you_mean(part, names_in(*here))));
        return;
      }
      here = entry;
      continue;
    }
    if (i == 2 && parts->front() == "sources")
      if (auto* origin = origin_with_key(*here, part)) here = origin;
    if (here->what == yaml_node::kind::scalar) {
      problems.add(at, fmt::format("'{}' lies below a value that is no map. Shorten the path.", part));
      return;
    }
    here->what = yaml_node::kind::map;
    auto* value = here->find(part);
    if (!value) {
      here->members.push_back({part, at, {}});
      value = &here->members.back().value;
      value->at = at;
    }
    here = value;
  }
  auto value = parse_yaml(o.value, o.option);
  stamp(value, at);
  *here = std::move(value);
}

}  // namespace detail
}  // namespace twinlane::app
