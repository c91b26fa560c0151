#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>
#include <twinlane/runtime/follow.hpp>
#include <twinlane/runtime/port.hpp>

namespace twinlane {

/// One agent's document, kept up to date on a thread of the host's.
///
/// Units    at most waiting_max changes and events wait for next(); when there are more it goes on with the whole
///          document, and events are lost
/// Threads  one at a time; what waits is filled by shards
/// Errors   std::invalid_argument from the constructor for a URI or lane that nothing has, or a waiting_max of 0
class replica {
 public:
  /// What a supply lane emitted.
  struct event {
    std::string lane;
    nlohmann::json value;
  };

  replica(port& p, std::string uri, view what = {}, std::size_t waiting_max = 1000);
  ~replica();
  replica(const replica&) = delete;
  replica& operator=(const replica&) = delete;

  /// Waits for the next change, which it applies, or event; false when none came in time, or none will: see ended().
  bool next(std::chrono::milliseconds wait);

  const nlohmann::json& document() const noexcept { return document_; }
  /// What the last next() has applied; null when it was the whole document, or an event.
  const nlohmann::json& patch() const noexcept { return patch_; }
  /// What a supply lane emitted, when the last next() brought that.
  const std::optional<event>& emitted() const noexcept { return emitted_; }
  bool exists() const noexcept { return exists_; }
  const std::string& lineage() const noexcept { return lineage_; }
  std::uint64_t rev() const noexcept { return rev_; }
  /// Why nothing more comes, or empty.
  const std::string& ended() const noexcept { return ended_; }

 private:
  struct change {
    bool whole, exists;
    std::uint64_t rev;
    std::string lineage, json, lane, done;
  };
  std::optional<error> begin();
  void begin_again();
  void did_hear(const followed& f);
  void apply(change c);

  port& port_;
  const std::string uri_;
  const view what_;
  const std::size_t waiting_max_;

  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<change> waiting_;
  bool missed_ = false;  // more came than may wait

  nlohmann::json document_ = nlohmann::json::object(), patch_;
  std::string lineage_, ended_;
  std::optional<event> emitted_;
  std::uint64_t rev_ = 0;
  bool exists_ = false;
  following subscription_;  // last: it goes first
};

}  // namespace twinlane
