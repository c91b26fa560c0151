#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <set>

#include <twinlane/ingest/clock.hpp>

#include "recording_port.hpp"

namespace twinlane::ingest {

/// Time that moves when the test says so.
class fake_clock final : public clock {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  time_point now() const override {
    std::lock_guard lock(mutex_);
    return now_;
  }
  std::int64_t wall_ms() const override {
    std::lock_guard lock(mutex_);
    return 1'700'000'000'000 + std::chrono::duration_cast<std::chrono::milliseconds>(now_ - time_point{}).count();
  }
  void wait_until(time_point t, std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    const auto waiting = waiting_.insert(t);
    wake_.wait(lock, stop, [&] { return now_ >= t; });
    waiting_.erase(waiting);
  }

  /// Moves time on, once somebody waits for it; false when nobody does within 20 s.
  bool advance(std::chrono::nanoseconds by) {
    if (!recording_port::eventually([&] { return somebody_waits(); })) return false;
    std::lock_guard lock(mutex_);
    now_ += by;
    wake_.notify_all();
    return true;
  }
  /// Moves time on, or back, while nobody reads it.
  void pass(std::chrono::seconds by) {
    std::lock_guard lock(mutex_);
    now_ += by;
  }
  bool somebody_waits() const {
    std::lock_guard lock(mutex_);
    return std::any_of(waiting_.begin(), waiting_.end(), [&](auto t) { return t > now_; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  time_point now_{std::chrono::hours{1}};
  std::multiset<time_point> waiting_;
};

}  // namespace twinlane::ingest
