#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/agents/agent.hpp>
#include <twinlane/runtime/followers.hpp>
#include <twinlane/runtime/port.hpp>

namespace twinlane {

/// A subscriber's hold on an entity: which lanes it sees and the rev it has.
struct link {
  std::uint64_t id;
  std::uint64_t tag;
  std::uint64_t lanes;  // bit per lane of the view
  std::uint64_t rev;    // the rev that the subscriber last had
  bool life;
  std::shared_ptr<subscriber> to;
};

/// Who watches an entity; allocated for the watched ones only.
struct watchers {
  std::vector<link> links;
  std::map<unsigned, lane_followers> followers;  // by followed lane

  /// Is a fan-out under way, which goes on here?
  bool waits() const noexcept {
    return std::any_of(followers.begin(), followers.end(), [](const auto& f) { return f.second.waits; });
  }
};

/// One entity as its shard holds it: the agent, if it exists, its rev, and who watches.
struct entity {
  entity(std::string u, const agent_type* t) : uri(std::move(u)), type(t) {}

  std::string uri;
  const agent_type* type;
  std::unique_ptr<agent> self;  // null: does not exist, only watched
  std::uint64_t rev = 0;
  std::uint64_t birth = 0;
  std::int64_t due_ms = lane_base::never;  // as entered in the shard's schedule
  std::int64_t used_ms = 0;                // time of its last turn or read
  bool looked_up = false;                  // the store was asked, while it is not in memory
  bool starts = false;                     // it came from the store and has had no turn yet
  std::string unreadable;                  // why the rows that the store holds cannot be read
  std::int64_t evict_after_ms = 0;         // not before, because a retention callback threw
  std::unique_ptr<watchers> watched;
  // The cut being made: first and last of this entity's messages, 1-based, 0 for none.
  std::uint32_t cut_first = 0, cut_last = 0;

  bool idle() const noexcept {
    return !self && cut_first == 0 && due_ms == lane_base::never && unreadable.empty() &&
           (!watched || (watched->links.empty() && watched->followers.empty()));
  }
};

struct uri_hash {
  using is_transparent = void;
  using is_avalanching = void;
  std::size_t operator()(std::string_view uri) const noexcept { return std::hash<std::string_view>()(uri); }
  std::size_t operator()(const std::unique_ptr<entity>& e) const noexcept { return (*this)(std::string_view(e->uri)); }
};
struct uri_equal {
  using is_transparent = void;
  static std::string_view of(std::string_view uri) noexcept { return uri; }
  static std::string_view of(const std::unique_ptr<entity>& e) noexcept { return e->uri; }
  template <class A, class B>
  bool operator()(const A& a, const B& b) const noexcept {
    return of(a) == of(b);
  }
};

/// Why there is no agent to ask, if so: it does not exist, or what is stored of it cannot be read. e may be null.
std::optional<error> absence(const entity* e, const std::string& uri);

/// Which lanes of a type a view names; no_such_lane otherwise. followed: supply lanes may be among them.
outcome<std::uint64_t> lanes_of(const agent_type& type, const view& what, bool followed = false);

/// The text after `{"op":"snap","id":1,`; see port.hpp. An empty lineage: the entity does not exist. One that is not in
/// memory shows no lanes.
snapshot make_snapshot(const entity& e, const std::string& lineage, std::uint64_t lanes);

/// The text of an ETag: `lineage:rev`.
std::string etag_of(std::string_view lineage, std::uint64_t rev);

}  // namespace twinlane
