#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <twinlane/runtime/join_messages.hpp>

namespace twinlane {

/// Another agent's join on a lane.
struct follower {
  std::uint32_t place;  // of the joining agent, see shard_host::place_of()
  unsigned lane;        // its joining lane
  std::string uri;      // the joining agent
  std::string key;      // its key, as text

  friend auto operator<=>(const follower&, const follower&) = default;
};

/// Who follows one lane of an agent, and how far they have been told of its last change.
///
/// Followers are told some at a time, by their places, in passes. A change while a pass is under way is heard by those
/// who are still to come, and those before them are told in another pass. So each hears what the lane says when it is
/// told, hears no state of it twice, and hears the last one.
///
/// Cost     add and remove O(log n), a change O(1); about 120 bytes a follower with short URI and key
/// Threads  the shard's
class lane_followers {
 public:
  lane_followers() = default;
  lane_followers(const lane_followers&) = delete;
  lane_followers& operator=(const lane_followers&) = delete;

  std::size_t size() const noexcept { return all_.size(); }
  /// False when the passes under way will come to it: it is not to be told by itself.
  bool add(follower f);
  void remove(const follower& f);

  /// The lane has changed, because of a record or nothing; after so many hops.
  void note_change(const std::shared_ptr<record_batch>& cause, unsigned hops);
  /// Are there some who are to be told?
  bool is_telling() const noexcept { return at_ != end_; }
  /// What brought about what is told now. They are held until all have been told who were there.
  void append_causes(std::vector<std::shared_ptr<record_batch>>& to) const;
  /// The fewest hops of what is told, so that endless agents take nothing with them that came from outside.
  unsigned hops() const noexcept { return hops_; }
  /// Calls f(const follower&) for the next ones, at most so many.
  template <class F>
  void tell_next(std::size_t count, F&& f) {
    for (; count != 0 && at_ != end_; --count) f(*at_++);
    if (at_ == end_) end_pass();
  }

  std::weak_ptr<announcement> said;  // the last one that was sent
  bool waits = false;                // for those who hear it
  bool owed = false;                 // as the shard's row says until all have been told

 private:
  using place = std::set<follower>::const_iterator;
  bool will_come_to(const follower& f) const;
  void end_pass();
  void rest();

  std::set<follower> all_;
  place at_ = all_.end(), end_ = all_.end();  // still to be told in this pass
  bool again_ = false;                        // another pass follows
  place again_end_ = all_.end();              // who is before it
  unsigned hops_ = 0;
  std::vector<std::shared_ptr<record_batch>> causes_, causes_again_;
};

}  // namespace twinlane
