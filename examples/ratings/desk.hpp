#pragma once

#include <map>
#include <string>
#include <vector>

#include <twinlane/agents/agent.hpp>

#include "statistics.hpp"

namespace ratings {

/// What the dashboard shows: one agent that hears of every rating. Its messages come many a turn, so that one turn, and
/// one diff, takes what a batch of the topic brought.
class desk final : public twinlane::agent {
 public:
  // Defined in desk.cpp, so that all that the lanes are made of is compiled once.
  explicit desk(twinlane::construction c);
  ~desk() override;

  // What customers report.
  log_lane<enriched_rating> latest{*this, "latest", twinlane::keep_last(100), twinlane::did_update<&desk::did_rate>};
  supply_lane<tally> counted{*this, "counted", twinlane::did_update<&desk::add_up>};

  // What follows from it, by the minute of the ratings' own times.
  value_lane<tally> totals{*this, "totals"};
  log_lane<complaint> unhappy{*this, "unhappy", twinlane::keep_last(500)};
  window_lane<channel_counts> by_channel{*this, "by_channel", minutely, lateness, history};
  window_lane<status_medians> by_status{*this, "by_status", minutely, lateness, history};
  window_lane<person_counts> by_person{*this, "by_person", minutely, lateness, history};

  // Of the stream's last fifteen minutes.
  value_lane<std::map<std::string, double>> medians{*this, "medians"};
  value_lane<std::vector<busy_person>> top{*this, "top"};

 private:
  static constexpr auto minutely = twinlane::tumbling(std::chrono::minutes{1});
  static constexpr auto lateness = twinlane::grace(std::chrono::minutes{15});
  static constexpr auto history = twinlane::keep_last(60);

  rule medians_{*this, twinlane::on_change(by_status), &desk::find_medians};
  rule top_{*this, twinlane::on_change(by_person), &desk::find_top};

  void did_rate(std::uint64_t, const enriched_rating& now);
  void add_up(const tally& more);
  void find_medians();
  void find_top();
};

}  // namespace ratings
