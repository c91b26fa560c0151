#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include <twinlane/runtime/port.hpp>
#include <twinlane/web/lane_query.hpp>

namespace twinlane::web {

/// One connection's subscriptions: found by the client's id when it speaks, by tag when the runtime does.
///
/// Shape    a tag is a slot's index and a generation, so that a late message for a slot's former user finds nobody
/// Cost     by tag an index, by id one hash
/// Threads  the connection's strand
class subscription_table {
 public:
  struct slot {
    std::uint64_t id{};
    std::uint32_t generation{};
    bool used = false;
    bool waiting = false;  // for its first snapshot
    bool pulling = false;  // it waits for what it pulled
    subscription handle;
    std::unique_ptr<subscribe_request> what;
    std::unique_ptr<const view> asked;  // what was asked for, where less may be seen
    std::unique_ptr<lane_query> query;  // of what the client gets as rows
    steady_time::duration pause{};      // after each diff; 0: none
    steady_time due{};                  // when the pause ends; the clock's start: there is none
  };

  std::size_t size() const noexcept { return by_id_.size(); }
  bool contains(std::uint64_t id) const { return by_id_.contains(id); }

  /// The new subscription's tag. The id must be free.
  std::uint64_t add(std::uint64_t id);
  /// Nothing when the tag's subscription has ended.
  slot* find(std::uint64_t tag) noexcept;
  std::optional<std::uint64_t> tag_of(std::uint64_t id) const;
  void remove(std::uint64_t tag);

  template <class F>
  void for_each(F f) {
    for (auto& s : slots_)
      if (s.used) f(s);
  }
  void clear();

 private:
  std::vector<slot> slots_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::uint64_t, std::uint32_t> by_id_;
};

}  // namespace twinlane::web
