#pragma once

#include <chrono>
#include <cstdint>

namespace twinlane::web::detail {

/// Notices a peer that reads nothing while something is on its way to it.
///
/// Shape    progress is a completed write, or bytes that the peer has acknowledged: a long message to a slow reader
///          is progress
class stall_watch {
 public:
  using clock = std::chrono::steady_clock;

  void progressed(clock::time_point now) noexcept { since_ = now; }

  /// acknowledged: what acknowledged_bytes() says now.
  bool stalled(std::uint64_t acknowledged, bool writing, clock::time_point now, clock::duration bound) noexcept {
    if (!writing || acknowledged != acknowledged_) {
      acknowledged_ = acknowledged;
      since_ = now;
      return false;
    }
    return now - since_ >= bound;
  }

 private:
  clock::time_point since_ = clock::now();
  std::uint64_t acknowledged_ = 0;
};

}  // namespace twinlane::web::detail
