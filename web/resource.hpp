#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/agents/uri.hpp>
#include <twinlane/runtime/port.hpp>
#include <twinlane/web/header_values.hpp>

namespace twinlane::web {

enum class resource_kind : unsigned char {
  none,  // `wrong` says why
  root,
  ui,
  ws,
  healthz,
  readyz,
  metrics,
  openapi,
  types,
  entities,
  sources,
  sinks,
  ingest,
  dead,
  dead_replay,
  entity,
  lane,
  entry
};

/// What a request target names.
struct resource {
  resource_kind kind = resource_kind::none;
  error wrong;
  std::string uri;  // entity, lane, entry: the agent's canonical URI
  const type_description* type = nullptr;
  const lane_description* lane = nullptr;
  std::string name;  // entry: the decoded key; entities: the type; ingest: the source; ui: the encoded path below /ui/
  query_map query;
};

/// The methods that a resource takes, as an Allow header lists them.
std::string allowed_methods(const resource& r);

/// Have the entries of a lane of this kind URLs of their own?
bool has_entries(lane_kind k) noexcept;

/// Finds what a request target names: reserved first segments, then the agent types' routes.
///
/// Shape    routes may nest: the longest that has something at the path wins, whatever the order of declaration
/// Cost     one match per agent type
/// Threads  any, once built
class resource_table {
 public:
  explicit resource_table(std::vector<type_description> types);

  resource locate(std::string_view target) const;
  /// The lane of an agent; no_such_route or no_such_lane.
  outcome<const lane_description*> find_lane(std::string_view uri, std::string_view lane) const;
  /// The type whose route takes the URI; null: none.
  const type_description* type_of(std::string_view uri) const;
  const std::vector<type_description>& types() const noexcept { return types_; }

 private:
  resource reserved(const std::vector<std::string_view>& segments) const;
  resource agent(const std::string& uri) const;
  std::optional<resource> below(std::size_t route, const std::string& uri,
                                const std::vector<std::string_view>& segments) const;

  std::vector<type_description> types_;
  std::vector<route> routes_;
};

}  // namespace twinlane::web
