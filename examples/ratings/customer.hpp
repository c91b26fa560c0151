#pragma once

#include <twinlane/agents/agent.hpp>

#include "statistics.hpp"

namespace ratings {

using std::chrono::minutes, std::chrono::seconds;
using twinlane::did_update, twinlane::keep_last, twinlane::on_change;
using twinlane::grace, twinlane::session, twinlane::tumbling;

/// One customer: enriches each rating with what is known of the customer at that moment, and tells the segment and the
/// desk.
class customer final : public twinlane::agent {
 public:
  // Defined in customer.cpp, so that all that the lanes are made of is compiled once.
  explicit customer(twinlane::construction c);
  ~customer() override;

  // What the topics say.
  value_lane<member> profile{*this, "profile", did_update<&customer::did_change_profile>};
  supply_lane<rating> rated{*this, "rated", did_update<&customer::did_rate>};

  // What follows from it.
  map_lane<number, early_rating> waiting{*this, "waiting", keep_last(100)};
  log_lane<enriched_rating> ratings{*this, "ratings", keep_last(200)};
  log_lane<enriched_rating> unhappy{*this, "unhappy", keep_last(100)};
  window_lane<stars_given> per_15m{*this, "per_15m", tumbling(minutes{15}), grace(minutes{15}), keep_last(96)};
  window_lane<stars_given> sessions{*this, "sessions", session(seconds{30}), grace(minutes{15}), keep_last(50)};
  value_lane<tally> counts{*this, "counts"};

 private:
  rule report_{*this, on_change(counts), &customer::report_counts};
  timer patience_{*this, "patience", &customer::give_up_waiting};

  void did_change_profile(const member& now, const member* before);
  void did_rate(const rating& now);

  void wait_for_profile(const rating& r);
  void enrich_waiting();
  void enrich(const rating& r, number at);
  void give_up_waiting();
  void report_counts();
};

}  // namespace ratings
