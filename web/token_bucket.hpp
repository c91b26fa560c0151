#pragma once

#include <algorithm>
#include <chrono>

namespace twinlane::web {

/// Lets through `per_second` in the long run and `burst` at once.
class token_bucket {
 public:
  using clock = std::chrono::steady_clock;

  token_bucket(double per_second, double burst, clock::time_point now)
      : per_second_(per_second), burst_(burst), tokens_(burst), at_(now) {}

  bool take(double n, clock::time_point now) {
    tokens_ = std::min(burst_, tokens_ + per_second_ * std::chrono::duration<double>(now - at_).count());
    at_ = now;
    tokens_ -= n;
    return tokens_ >= 0;
  }

 private:
  double per_second_, burst_, tokens_;
  clock::time_point at_;
};

}  // namespace twinlane::web
