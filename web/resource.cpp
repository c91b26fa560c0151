#include <twinlane/web/resource.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace twinlane::web {
namespace {

constexpr std::array<std::string_view, 7> reserved_first{"api",     "ws",     "ui",          "metrics",
                                                         "healthz", "readyz", "openapi.json"};

resource wrong(problem code, std::string detail) {
  resource r;
  r.wrong = {code, std::move(detail)};
  return r;
}

resource found(resource_kind kind, std::string name = {}) {
  resource r;
  r.kind = kind;
  r.name = std::move(name);
  return r;
}

}  // namespace

std::string allowed_methods(const resource& r) {
  switch (r.kind) {
    case resource_kind::entity:
      return "GET, HEAD, DELETE, OPTIONS";
    case resource_kind::ingest:
    case resource_kind::dead_replay:
      return "POST, OPTIONS";
    case resource_kind::lane:
      if (r.lane->kind == lane_kind::command) return "POST, OPTIONS";
      [[fallthrough]];
    case resource_kind::entry:
      return r.lane->writable ? "GET, HEAD, PUT, PATCH, DELETE, OPTIONS" : "GET, HEAD, OPTIONS";
    default:
      return "GET, HEAD, OPTIONS";
  }
}

bool has_entries(lane_kind k) noexcept { return in_document(k) && k != lane_kind::value && k != lane_kind::join_value; }

resource_table::resource_table(std::vector<type_description> types) : types_(std::move(types)) {
  for (const auto& t : types_) routes_.emplace_back(t.route);
}

resource resource_table::locate(std::string_view target) const {
  const auto question = target.find('?');
  const auto path = target.substr(0, question);
  auto query = parse_query(question == std::string_view::npos ? std::string_view() : target.substr(question + 1));
  if (path.empty() || path[0] != '/') return wrong(problem::bad_request, "The request target must start with '/'.");
  if (!query) return wrong(problem::bad_request, "The query has a malformed escape.");
  resource r;
  const auto segments = split_uri(path);
  if (path == "/") {
    r = found(resource_kind::root);
  } else if (std::find(reserved_first.begin(), reserved_first.end(), segments[0]) != reserved_first.end()) {
    r = reserved(segments);
    if (r.kind == resource_kind::ui) r.name = std::string(path.substr(std::min<std::size_t>(4, path.size())));
  } else if (const auto uri = canonical_uri(path)) {
    r = agent(*uri);
  } else {
    r = wrong(problem::bad_request, "The path has an empty or dot segment, or a malformed escape.");
  }
  r.query = std::move(*query);
  return r;
}

outcome<const lane_description*> resource_table::find_lane(std::string_view uri, std::string_view lane) const {
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    if (!routes_[i].matches(uri)) continue;
    for (const auto& l : types_[i].lanes)
      if (l.name == lane) return &l;
    return error{problem::no_such_lane,
                 "Agents of type '" + types_[i].name + "' have no lane '" + std::string(lane) + "'. See /api/types."};
  }
  return error{problem::no_such_route, "No agent type's route matches " + std::string(uri) + ". See /api/types."};
}

const type_description* resource_table::type_of(std::string_view uri) const {
  for (std::size_t i = 0; i < routes_.size(); ++i)
    if (routes_[i].matches(uri)) return &types_[i];
  return nullptr;
}

resource resource_table::reserved(const std::vector<std::string_view>& s) const {
  if (s[0] == "ui") return found(resource_kind::ui);
  if (s.size() == 1) {
    if (s[0] == "ws") return found(resource_kind::ws);
    if (s[0] == "metrics") return found(resource_kind::metrics);
    if (s[0] == "healthz") return found(resource_kind::healthz);
    if (s[0] == "readyz") return found(resource_kind::readyz);
    if (s[0] == "openapi.json") return found(resource_kind::openapi);
  } else if (s[0] == "api" && s.size() == 2) {
    if (s[1] == "types") return found(resource_kind::types);
    if (s[1] == "sources") return found(resource_kind::sources);
    if (s[1] == "sinks") return found(resource_kind::sinks);
    if (s[1] == "dead") return found(resource_kind::dead);
  } else if (s[0] == "api" && s.size() == 3 && s[1] == "dead" && s[2] == "replay") {
    return found(resource_kind::dead_replay);
  } else if (s[0] == "api" && s.size() == 3 && (s[1] == "entities" || s[1] == "ingest")) {
    auto name = decode_segment(s[2]);
    if (!name || name->empty()) return wrong(problem::bad_request, "The path has a malformed escape.");
    return found(s[1] == "ingest" ? resource_kind::ingest : resource_kind::entities, std::move(*name));
  }
  return wrong(problem::no_such_route, "Nothing lies at this path. See /openapi.json.");
}

// What the route's type has at the uri: the entity, a lane, an entry, or why not. Nothing when the route does not fit.
std::optional<resource> resource_table::below(std::size_t route, const std::string& uri,
                                              const std::vector<std::string_view>& segments) const {
  const std::size_t own = routes_[route].segments();
  if (segments.size() < own || segments.size() > own + 2) return std::nullopt;
  const auto end = static_cast<std::size_t>(segments[own - 1].data() + segments[own - 1].size() - uri.data());
  if (!routes_[route].matches(std::string_view(uri).substr(0, end))) return std::nullopt;
  const auto& type = types_[route];
  resource r = found(resource_kind::entity);
  r.uri = uri.substr(0, end);
  r.type = &type;
  if (segments.size() == own) return r;
  const auto lane = decode_segment(segments[own]);
  const auto it =
      std::find_if(type.lanes.begin(), type.lanes.end(), [&](const auto& l) { return lane && l.name == *lane; });
  if (it == type.lanes.end())
    return wrong(problem::no_such_lane, "Agents of type '" + type.name + "' have no lane '" +
                                            lane.value_or(std::string()) + "'. See /api/types.");
  r.lane = &*it;
  r.kind = resource_kind::lane;
  if (segments.size() == own + 1) return r;
  if (!has_entries(it->kind))
    return wrong(problem::no_such_key,
                 "Lane '" + it->name + "' has no entries: it is a " + std::string(name_of(it->kind)) + " lane.");
  r.kind = resource_kind::entry;
  r.name = decode_segment(segments[own + 1]).value_or(std::string());
  return r;
}

resource resource_table::agent(const std::string& uri) const {
  const auto segments = split_uri(uri);
  std::optional<resource> best;
  std::pair<bool, std::size_t> rank;  // is there something; then the longer route
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    auto r = below(i, uri, segments);
    if (!r) continue;
    const std::pair now{r->kind != resource_kind::none, routes_[i].segments()};
    if (best && now < rank) continue;
    best = std::move(r);
    rank = now;
  }
  if (best) return std::move(*best);
  return wrong(problem::no_such_route, "No agent type's route matches " + uri + ". See /api/types.");
}

}  // namespace twinlane::web
