#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace twinlane::ingest {

/// How long to wait before the next try: doubled each time up to a bound, less up to a half by chance, so that many who
/// failed together do not come back together.
///
/// Threads  one
class back_off {
 public:
  back_off(std::chrono::milliseconds first, std::chrono::milliseconds longest) : first_(first), longest_(longest) {}

  /// `tries`: how many have failed, from 1.
  std::chrono::milliseconds after(unsigned tries) {
    auto wait = first_;
    for (unsigned i = 1; i < tries && wait < longest_; ++i) wait *= 2;
    wait = std::min(wait, longest_);
    std::uniform_int_distribution<std::chrono::milliseconds::rep> part(wait.count() / 2, wait.count());
    return std::chrono::milliseconds{part(random_)};
  }

 private:
  std::chrono::milliseconds first_, longest_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace twinlane::ingest
