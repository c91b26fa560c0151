#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <twinlane/lanes/dirty_paths.hpp>

namespace twinlane {

/// What all histories of a process hold together. Over the bound, each gives up of its own what it would grow by.
struct history_budget {
  std::size_t bytes_max;
  std::atomic<std::size_t> bytes{0};
};

/// Which paths of an agent's document changed in the last turns, so that whoever missed some of them is told the
/// present values of these paths, and no state.
///
/// Shape    segments of consecutive revs, each one set of paths for all its turns, the last one open. A rev within a
///          segment is served with all of it: more paths than needed are as right
/// Units    bytes as dirty_paths estimates them; a segment takes 250 ms and 64 revs, or an eighth of the bound
/// Cost     a turn looks its paths up; it allocates for those that are new in the segment. Over the bound the oldest
///          segments become one, which is small where the same paths change; when it is half of the bound it goes
/// Threads  its shard's
class agent_history {
 public:
  struct limits {
    std::size_t bytes_max;
    std::int64_t age_ms;
  };
  static constexpr std::int64_t segment_ms = 250;
  static constexpr std::uint64_t segment_revs = 64;

  /// Of what comes after that rev.
  agent_history(std::uint64_t rev, limits l, history_budget& all);
  ~agent_history();
  agent_history(const agent_history&) = delete;
  agent_history& operator=(const agent_history&) = delete;

  /// A turn has made this rev of the one before; mark(node) adds its paths.
  template <class Mark>
  void add(std::uint64_t rev, std::int64_t now_ms, Mark&& mark) {
    auto& s = open_segment(now_ms);
    std::forward<Mark>(mark)(s.paths.root());
    did_add(rev, now_ms);
  }
  /// Drops what is older than its age.
  void expire(std::int64_t now_ms);
  /// Forgets everything up to that rev.
  void restart(std::uint64_t rev) noexcept;

  /// It knows what changed between these two.
  std::uint64_t first() const noexcept { return segments_.empty() ? last_ : segments_.front().from; }
  std::uint64_t last() const noexcept { return last_; }
  /// Where the segment starts that serves a rev from first() on, below last(): equal starts, equal paths.
  std::uint64_t start_of(std::uint64_t rev) const noexcept;
  /// Adds all paths that changed after the rev.
  void collect(std::uint64_t rev, dirty_paths& to);

  bool empty() const noexcept { return segments_.empty(); }
  std::size_t segments() const noexcept { return segments_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct segment {
    std::uint64_t from, to;
    std::int64_t opened_ms, last_ms;
    dirty_paths paths;
    std::size_t bytes = 0;  // as counted
  };
  std::size_t serving(std::uint64_t rev) const noexcept;
  segment& open_segment(std::int64_t now_ms);
  void did_add(std::uint64_t rev, std::int64_t now_ms);
  void count(segment& s) noexcept;
  void drop_first() noexcept;
  void unite_first();

  const limits limits_;
  history_budget& all_;
  std::uint64_t last_;
  std::size_t bytes_ = 0;
  std::vector<segment> segments_;
};

}  // namespace twinlane
