#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <twinlane/lanes/lane.hpp>
#include <twinlane/runtime/parcel.hpp>
#include <twinlane/runtime/record_batch.hpp>

namespace twinlane {

/// Begins or ends a join on a lane of the followed agent.
struct follow_request {
  std::string uri;   // the followed agent
  std::string lane;  // its lane
  std::string by_uri;
  unsigned by_lane = 0;
  std::string key;
  bool leave = false;
  parcel_item sent;
};

/// The followers of a lane are told in steps; the next one may begin.
struct fan_out_step {
  std::shared_ptr<const std::string> shard;  // its name
  std::string uri;                           // the followed agent
  unsigned lane;
};

class fan_out_steps {
 public:
  virtual ~fan_out_steps() = default;
  virtual void go_on(fan_out_step s) noexcept = 0;
};

/// What a lane says to some of its followers; one for all of them.
///
/// Threads  made and filled on the followed agent's, before it is sent; then read alone, but for `awaited`
struct announcement {
  announcement(fan_out_steps& to, fan_out_step after) : next(std::move(after)), steps_(to) {}
  announcement(const announcement&) = delete;
  announcement& operator=(const announcement&) = delete;
  ~announcement() {
    if (awaited) steps_.go_on(std::move(next));
  }

  const std::string& from() const noexcept { return next.uri; }

  fan_out_step next;
  std::string text;  // JSON, with 64 bytes of padding behind `size`
  std::size_t size = 0;
  bool present = false;
  agent_place at;
  std::vector<std::shared_ptr<record_batch>> causes;
  unsigned hops = 0;
  std::shared_ptr<parcel> in;
  std::atomic<bool> awaited{false};  // by more that there is to say, once the cuts of all who hear this have ended

 private:
  fan_out_steps& steps_;
};

/// An agent's join that hears of the lane that it follows.
struct joiner {
  std::string uri;
  unsigned lane;
  std::string key;
};

/// What the joins of one shard hear.
struct join_update {
  std::shared_ptr<announcement> said;
  std::vector<joiner> to;
};

}  // namespace twinlane
