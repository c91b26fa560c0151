#pragma once

#include <twinlane/agents/agent.hpp>

#include "statistics.hpp"

namespace ratings {

/// All ratings of a club status, as customers report them.
class segment final : public twinlane::agent {
 public:
  using agent::agent;

  log_lane<enriched_rating> latest{*this, "latest", twinlane::keep_last(50), twinlane::did_update<&segment::did_rate>};
  window_lane<star_statistics> per_minute{*this, "per_minute", twinlane::tumbling(std::chrono::minutes{1}),
                                          twinlane::grace(std::chrono::minutes{15}), twinlane::keep_last(120)};
  window_lane<star_statistics> per_5m{*this, "per_5m",
                                      twinlane::hopping(std::chrono::minutes{5}, std::chrono::minutes{1}),
                                      twinlane::grace(std::chrono::minutes{15}), twinlane::keep_last(120)};

 private:
  void did_rate(std::uint64_t, const enriched_rating& now) {
    per_minute.add_at(now.at, now);
    per_5m.add_at(now.at, now);
  }
};

}  // namespace ratings
