#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>

namespace twinlane::ingest {

/// Time as sources see it, so that tests of rates and loops need no waiting.
///
/// Threads  any
class clock {
 public:
  virtual ~clock() = default;
  virtual std::chrono::steady_clock::time_point now() const = 0;
  /// Milliseconds since the epoch, UTC.
  virtual std::int64_t wall_ms() const = 0;
  /// Returns at `t`, or sooner when a stop is requested.
  virtual void wait_until(std::chrono::steady_clock::time_point t, std::stop_token stop) = 0;
};

/// The machine's own clock; lives as long as the process.
clock& system_clock() noexcept;

}  // namespace twinlane::ingest
