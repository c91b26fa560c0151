#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>

namespace twinlane::ingest {

/// When record n of a steady stream is due. Rate 0: always.
class pacer {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  pacer(double rate, time_point start) : rate_(rate), start_(start) {}

  /// How many records are due by then: the first at the start itself.
  std::uint64_t due(time_point now) const noexcept {
    if (rate_ <= 0) return std::numeric_limits<std::uint64_t>::max();
    if (now < start_) return 0;
    return static_cast<std::uint64_t>(std::chrono::duration<double>(now - start_).count() * rate_ + 1e-9) + 1;
  }

  /// When record n (from 0) is due.
  time_point time_of(std::uint64_t n) const noexcept {
    if (rate_ <= 0) return start_;
    // Rounded up, so that the record is due when its time has come.
    const double ns = std::ceil(static_cast<double>(n) / rate_ * 1e9);
    return start_ + std::chrono::nanoseconds(static_cast<std::int64_t>(ns));
  }

 private:
  double rate_;
  time_point start_;
};

}  // namespace twinlane::ingest
