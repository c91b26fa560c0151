#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <twinlane/agents/agent.hpp>
#include <twinlane/runtime/agent_history.hpp>
#include <twinlane/runtime/followers.hpp>
#include <twinlane/runtime/port.hpp>

namespace twinlane {

class turn;

/// A port's view with its lanes looked up. Links of an agent that see the same share one.
struct link_view {
  std::uint64_t lanes = ~std::uint64_t{0};  // bit per lane
  std::shared_ptr<const field_set> fields;  // null: the whole of them
  std::string rights;

  friend bool operator==(const link_view& a, const link_view& b) {
    return a.lanes == b.lanes && a.rights == b.rights &&
           (a.fields == b.fields || (a.fields && b.fields && *a.fields == *b.fields));
  }
};

/// Which lanes of a type a view names; no_such_lane otherwise. followed: supply lanes may be among them. Fields that no
/// lane has show nothing.
outcome<link_view> view_of(const agent_type& type, const view& what, bool followed = false);

/// A subscriber's hold on an entity: what it sees, and what of it it has.
struct link {
  static constexpr std::uint64_t nothing_yet = ~std::uint64_t{0};

  std::uint64_t id;
  std::uint64_t tag;
  std::shared_ptr<const link_view> sees;
  bool life;
  std::shared_ptr<subscriber> to;
  std::uint64_t rev = 0;              // the subscriber last had
  std::uint64_t known = 0;            // up to here it misses nothing: rev, or later when nothing that it sees changed
  std::uint64_t birth = nothing_yet;  // of the agent whose state it has; 0: that there is none
  bool behind = false;                // it did not take something: it hears of the state only when it pulls
  bool resumes = false;               // it has asked for that, and was not answered yet
};

/// Who watches an entity; allocated for the watched ones only.
struct watchers {
  std::vector<link> links;
  std::map<unsigned, lane_followers> followers;  // by followed lane
  std::unique_ptr<agent_history> history;        // while there are links that see lanes, and some time longer
  std::int64_t history_until_ms = 0;             // once the last link has gone
  std::int64_t history_due_ms = 0;               // when the shard looks at it; 0: it is not listed

  /// Is a fan-out under way, which goes on here?
  bool waits() const noexcept {
    return std::any_of(followers.begin(), followers.end(), [](const auto& f) { return f.second.waits; });
  }
  bool nobody() const noexcept { return links.empty() && followers.empty() && !history; }
  /// Lets the link share the view of one that sees the same.
  void share_view(link& l) const;
};

/// What was made for one link and may serve others that see the same: when many come back at once, one text is enough.
///
/// Shape    the last eight, by view and a place in the agent's life
/// Units    kept for a second at most, and no longer than its shard has work
template <class T>
class shared_texts {
 public:
  using place = std::array<std::uint64_t, 3>;

  /// Made by make() when it is not there; holds until the next call.
  template <class Make>
  const T& find_or_make(const std::shared_ptr<const link_view>& of, const place& at, std::int64_t now_ms, Make&& make) {
    constexpr std::int64_t keep_ms = 1000;
    if (now_ms - since_ms_ > keep_ms) made_.clear();
    for (const auto& m : made_)
      if (m.of == of && m.at == at) return m.what;
    if (made_.empty()) since_ms_ = now_ms;
    if (made_.size() == made_max) made_.erase(made_.begin());
    return made_.emplace_back(entry{of, at, make()}).what;
  }
  void clear() noexcept { made_.clear(); }

 private:
  static constexpr std::size_t made_max = 8;
  struct entry {
    std::shared_ptr<const link_view> of;
    place at;
    T what;
  };
  std::vector<entry> made_;
  std::int64_t since_ms_ = 0;
};

/// The diffs of one turn: encoded once for each distinct view, shared by its links.
class turn_diffs {
 public:
  turn_diffs(const turn& t, std::uint64_t rev, steady_time arrived) : turn_(t), rev_(rev), arrived_(arrived) {}
  /// Without its `from`; null when the view shows nothing of the turn. Holds until the next call.
  const diff* of(const link_view& v);

 private:
  struct entry {
    const link_view* of;
    std::uint64_t lanes;  // that changed
    diff what;            // without a text: nothing
  };
  diff make(const link_view& v, std::uint64_t lanes);

  const turn& turn_;
  const std::uint64_t rev_;
  const steady_time arrived_;
  std::vector<entry> made_;
  dirty_paths paths_;  // of the turn; made for the first view of fields
  std::string patch_;
};

/// The merged diff of all paths given, as they are now; without a text when the view shows nothing of them.
diff make_merged_diff(const agent& a, std::uint64_t rev, const link_view& v, dirty_paths& paths);

}  // namespace twinlane
