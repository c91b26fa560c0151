#include <algorithm>

#include <twinlane/web/access/policy_table.hpp>
#include <twinlane/web/fields.hpp>

// What is wrong with lines of `policies:`, in words.
namespace twinlane::web {
namespace {

constexpr std::size_t paths_max = 1'000;

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& n : names) out += (out.empty() ? "" : ", ") + n;
  return out.empty() ? "none" : out;
}

std::vector<std::string> routes_of(const std::vector<type_description>& types) {
  std::vector<std::string> all;
  for (const auto& t : types) all.push_back(t.route);
  return all;
}

template <class Wanted>
std::vector<std::string> lanes_of(const type_description& type, Wanted wanted) {
  std::vector<std::string> all;
  for (const auto& l : type.lanes)
    if (wanted(l)) all.push_back(l.name);
  return all;
}

bool readable(const lane_description& l) { return l.kind != lane_kind::command; }
bool commandable(const lane_description& l) { return l.kind == lane_kind::command; }
bool writable(const lane_description& l) { return l.writable; }

std::optional<std::string> wrong_path(const std::string& text, const type_description& type) {
  if (text == "*") return std::nullopt;
  const auto path = split_field(text);
  if (!path) return "'" + text + "' is not a dotted path, as in profile.name.";
  for (const auto& l : type.lanes) {
    if (l.name != path->front()) continue;
    if (l.kind == lane_kind::command)
      return "'" + l.name + "' takes commands and is not read. Name it under 'command'.";
    if (l.kind == lane_kind::supply && path->size() > 1)
      return "what the supply lane '" + l.name + "' emits is read whole. Write " + l.name + ".";
    return std::nullopt;
  }
  return type.name + " has no lane '" + path->front() +
         "' to read. Its lanes are: " + listed(lanes_of(type, readable)) + ".";
}

template <class Wanted>
std::optional<std::string> wrong_lane(const std::string& name, const type_description& type, std::string_view what,
                                      Wanted wanted) {
  const auto lanes = lanes_of(type, wanted);
  if (name == "*" || std::find(lanes.begin(), lanes.end(), name) != lanes.end()) return std::nullopt;
  return type.name + " has no " + std::string(what) + " lane '" + name + "'. It has: " + listed(lanes) + ".";
}

std::optional<policy_problem> wrong_lanes(const policy_line& l, const type_description& type) {
  if (l.read.size() > paths_max) return policy_problem{"read", "there are more than 1000 paths."};
  for (const auto& path : l.read)
    if (auto wrong = wrong_path(path, type)) return policy_problem{"read", std::move(*wrong)};
  for (const auto& name : l.command)
    if (auto wrong = wrong_lane(name, type, "command", commandable))
      return policy_problem{"command", std::move(*wrong)};
  for (const auto& name : l.write)
    if (auto wrong = wrong_lane(name, type, "writable", writable)) return policy_problem{"write", std::move(*wrong)};
  return std::nullopt;
}

bool about_agents(const policy_line& l) {
  return !l.read.empty() || !l.command.empty() || !l.write.empty() || l.remove;
}

}  // namespace

const std::vector<std::string>& api_names() {
  static const std::vector<std::string> names{"dead", "ingest", "metrics", "query", "sources"};
  return names;
}

std::optional<std::string> claim_of(std::string_view segment) {
  constexpr std::string_view head = "{jwt.";
  if (!segment.starts_with(head) || !segment.ends_with('}')) return std::nullopt;
  const auto path = segment.substr(head.size(), segment.size() - head.size() - 1);
  return split_field(path) ? std::optional(std::string(path)) : std::nullopt;
}

const type_description* type_of_pattern(std::string_view pattern, const std::vector<type_description>& types) {
  if (!pattern.starts_with('/')) return nullptr;
  const auto wanted = split_uri(pattern);
  const auto stands_for = [](std::string_view of_route, std::string_view own) {
    if (!of_route.starts_with(':')) return of_route == own;
    return (own.size() > 1 && own.front() == ':') || claim_of(own);
  };
  for (const auto& t : types) {
    const auto route = split_uri(t.route);
    if (std::equal(route.begin(), route.end(), wanted.begin(), wanted.end(), stands_for)) return &t;
  }
  return nullptr;
}

std::optional<policy_problem> wrong_policy(const policy_line& l, const std::vector<type_description>& types) {
  if (l.role.empty())
    return policy_problem{"role", "there is none. Name a role, or self for everybody with credentials."};
  for (const auto& name : l.api)
    if (!std::binary_search(api_names().begin(), api_names().end(), name))
      return policy_problem{"api", "there is no '" + name + "'. There are: " + listed(api_names()) + "."};
  if (l.on.empty()) {
    if (about_agents(l)) return policy_problem{"on", "it is missing. Name a type's route, as in /customer/:id."};
    return l.api.empty()
               ? std::optional(policy_problem{"role", "the line allows nothing. Give it api, or on and read."})
               : std::nullopt;
  }
  const auto* type = type_of_pattern(l.on, types);
  if (!type)
    return policy_problem{"on", "'" + l.on + "' is no type's route. Routes are: " + listed(routes_of(types)) +
                                    "; {jwt.sub} may stand for a parameter."};
  if (!about_agents(l))
    return policy_problem{"on", "the line allows nothing there. Give it read, command, write or delete."};
  return wrong_lanes(l, *type);
}

}  // namespace twinlane::web
