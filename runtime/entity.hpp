#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <twinlane/agents/agent.hpp>
#include <twinlane/runtime/agent_links.hpp>
#include <twinlane/runtime/port.hpp>

namespace twinlane {

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
           (!watched || watched->nobody());
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

/// The lineage as readers with these rights see it; see view::rights.
std::string lineage_for(const link_view& v, const std::string& lineage);

/// The text after `{"op":"snap","id":1,`; see port.hpp. An empty lineage: the entity does not exist. One that is not in
/// memory shows no lanes.
snapshot make_snapshot(const entity& e, const std::string& lineage, const link_view& v);

/// The first answer to one who resumes from that rev of the entity's.
snapshot make_resumed(const entity& e, const std::string& lineage, const link_view& v, std::uint64_t from);

/// The text of an ETag: `lineage:rev`.
std::string etag_of(std::string_view lineage, std::uint64_t rev);

/// Does a tag name the rev, whatever rights stand behind its lineage?
bool is_etag_of(std::string_view tag, std::string_view lineage, std::uint64_t rev);

}  // namespace twinlane
