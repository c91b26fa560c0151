#include <gtest/gtest.h>

#include <stdexcept>

#include <twinlane/lanes/reduce.hpp>

#include "twin.hpp"

using namespace twin_test;

namespace {

struct rating_stats {
  reduce::count n;
  reduce::mean stars;
  reduce::collect<int> list;
  void add(int stars_given) {
    n.add();
    stars.add(stars_given);
    list.add(stars_given);
  }
};
BOOST_DESCRIBE_STRUCT(rating_stats, (), (n, stars, list))

// The event time is the second; what comes to `in` goes to all windows.
struct rated final : agent {
  using agent::agent;
  using stats = window<rating_stats>;
  value_lane<int> in{*this, "in", did_update<&rated::came>};
  window_lane<rating_stats> minute{*this,
                                   "minute",
                                   tumbling(minutes{1}),
                                   grace(seconds{30}),
                                   keep_last(1000),
                                   did_close<&rated::minute_closed>,
                                   roll_up_into<&rated::hour>,
                                   did_remove<&rated::gone>};
  window_lane<rating_stats> hour{*this, "hour", tumbling(hours{1}), did_close<&rated::hour_closed>};
  window_lane<reduce::count> wide{*this, "wide", hopping(minutes{2}, minutes{1}), grace(seconds{30})};
  window_lane<rating_stats> visits{*this, "visits", twinlane::session(seconds{10}), grace(seconds{30}),
                                   did_close<&rated::visit_closed>};
  log_lane<std::string> said{*this, "said"};
  command_lane<int> none{*this, "none", on_command<&rated::nothing>};

 private:
  void came(const int& stars, const int*) {
    const bool taken = minute.add(stars);
    wide.add();
    visits.add(stars);
    if (!taken) said.append("late");
    if (stars == 13) throw std::runtime_error("unlucky");
  }
  void minute_closed(std::int64_t start, const stats& w) { told("minute", start, w); }
  void hour_closed(std::int64_t start, const stats& w) { told("hour", start, w); }
  void visit_closed(std::int64_t start, const stats& w) { told("visit", start, w); }
  void gone(std::int64_t start, const stats&) { said.append("gone " + std::to_string(start / 1000)); }
  void told(const std::string& what, std::int64_t start, const stats& w) {
    said.append(what + ' ' + std::to_string(start / 1000) + '-' + std::to_string(w.end_ms / 1000) + ' ' +
                std::to_string(w.value.n.shown()));
  }
  reply nothing(const int&) { return {}; }
};

struct rated_twin : twin<rated> {
  // Stars given at a second.
  json rate(int second, int stars) {
    return run([&](turn& t) {
      ASSERT_TRUE(remove(t, "in"));
      ASSERT_TRUE(apply(t, "in", "", std::to_string(stars), second * 1000));
    });
  }
  // What was said that begins so.
  std::vector<std::string> said(std::string_view prefix = "") const {
    std::vector<std::string> all;
    for (const auto& e : (**this).said)
      if (e.value.starts_with(prefix)) all.push_back(e.value);
    return all;
  }
};

TEST(window_lane, window_shows_end_closed_and_value_under_its_start) {
  rated_twin t;
  for (const int stars : {1, 2, 4}) t.rate(130, stars);
  EXPECT_EQ(
      t.document()["minute"],
      json::parse(
          R"({"120000":{"end":180000,"closed":false,"value":{"n":3,"stars":2.3333333333333335,"list":[1,2,4]}}})"));
}

TEST(window_lane, boundaries_are_multiples_of_the_size_since_the_epoch_and_the_end_belongs_to_the_next) {
  rated_twin t;
  t.rate(119, 1);
  t.rate(120, 2);
  t.rate(-1, 3);
  EXPECT_EQ(t->minute.find(60'000)->value.n.shown(), 1u);
  EXPECT_EQ(t->minute.find(120'000)->value.n.shown(), 1u);
  EXPECT_EQ(t->minute.find(-60'000), nullptr) << "it came later than the grace";
  rated_twin before_epoch;
  before_epoch.rate(-1, 3);
  before_epoch.rate(-60, 3);
  EXPECT_EQ(before_epoch->minute.find(-60'000)->value.n.shown(), 2u);
  EXPECT_EQ(before_epoch->minute.find(-60'000)->end_ms, 0);
}

TEST(window_lane, diff_has_what_changed_in_a_window) {
  rated_twin t;
  t.rate(60, 5);
  const auto patch = t.rate(61, 5);
  EXPECT_EQ(patch["minute"], json::parse(R"({"60000":{"value":{"n":2,"list":[5,5]}}})"));
}

TEST(window_lane, window_closes_in_the_turn_of_the_event_that_reaches_its_end_and_grace) {
  rated_twin t;
  t.rate(70, 5);
  t.rate(149, 4);
  EXPECT_FALSE(t->minute.find(60'000)->closed);
  const auto patch = t.rate(150, 3);
  EXPECT_EQ(patch["minute"]["60000"], json::parse(R"({"closed":true})"));
  EXPECT_EQ(t.said("minute"), std::vector<std::string>{"minute 60-120 1"});
}

TEST(window_lane, windows_close_in_order_of_their_ends_and_once_each) {
  rated_twin t;
  for (const int second : {70, 130, 75, 10'000, 10'001, 20'000}) t.rate(second, 5);
  EXPECT_EQ(t.said("minute"), (std::vector<std::string>{"minute 60-120 2", "minute 120-180 1", "minute 9960-10020 2"}));
}

TEST(window_lane, late_event_within_the_grace_counts_and_a_later_one_is_dropped_and_counted) {
  rated_twin t;
  t.rate(149, 5);
  t.rate(60, 1);
  EXPECT_EQ(t->minute.find(60'000)->value.n.shown(), 1u);
  t.rate(150, 5);
  const auto before = t.document()["minute"];
  std::uint64_t counted = 0;
  t.run([&](turn& in) {
    ASSERT_TRUE(t.apply(in, "in", "", "2", 119'000));
    ASSERT_TRUE(in.finish());
    for (const auto& l : in.late) counted += l.lane == t->minute.index() ? l.count : 0;
  });
  EXPECT_EQ(counted, 1u);
  EXPECT_EQ(t->minute.late_count(), 1u);
  EXPECT_EQ(t.document()["minute"], before);
  EXPECT_EQ(t.said("late").size(), 1u);
}

TEST(window_lane, hopping_window_of_two_advances_holds_each_event_twice) {
  rated_twin t;
  t.rate(130, 5);
  EXPECT_EQ(t.document()["wide"], json::parse(R"({"60000":{"end":180000,"closed":false,"value":1},
                                                  "120000":{"end":240000,"closed":false,"value":1}})"));
}

TEST(window_lane, event_that_is_late_for_one_hopping_window_counts_in_the_open_one) {
  rated_twin t;
  t.rate(130, 5);
  t.rate(215, 5);
  ASSERT_TRUE(t->wide.find(60'000)->closed);
  t.rate(170, 5);
  EXPECT_EQ(t->wide.find(60'000)->value.shown(), 1u);
  EXPECT_EQ(t->wide.find(120'000)->value.shown(), 3u);
  EXPECT_EQ(t->wide.late_count(), 0u);
}

TEST(window_lane, session_runs_from_first_to_last_event_and_a_gap_of_its_size_does_not_end_it) {
  rated_twin t;
  for (const int second : {100, 110, 105, 121}) t.rate(second, 5);
  EXPECT_EQ(t->visits.find(100'000)->end_ms, 110'000);
  EXPECT_EQ(t->visits.find(100'000)->value.n.shown(), 3u);
  EXPECT_EQ(t->visits.find(121'000)->end_ms, 121'000);
}

TEST(window_lane, late_event_joins_two_sessions_and_the_later_start_goes) {
  rated_twin t;
  t.rate(100, 1);
  t.rate(120, 3);
  ASSERT_EQ(t->visits.size(), 2u);
  const auto patch = t.rate(110, 2);
  EXPECT_EQ(patch["visits"]["120000"], nullptr);
  EXPECT_TRUE(patch["visits"].contains("120000"));
  EXPECT_EQ(t.document()["visits"],
            json::parse(R"({"100000":{"end":120000,"closed":false,"value":{"n":3,"stars":2.0,"list":[1,3,2]}}})"));
}

TEST(window_lane, late_event_before_a_session_moves_its_start) {
  rated_twin t;
  t.rate(100, 1);
  t.rate(95, 2);
  EXPECT_EQ(t->visits.find(100'000), nullptr);
  EXPECT_EQ(t->visits.find(95'000)->end_ms, 100'000);
  EXPECT_EQ(t->visits.find(95'000)->value.list.shown(), (std::vector<int>{1, 2}));
}

TEST(window_lane, session_closes_when_end_gap_and_grace_have_passed) {
  rated_twin t;
  t.rate(100, 1);
  t.rate(140, 1);
  EXPECT_FALSE(t->visits.find(100'000)->closed) << "an event at 110 could be as late as that";
  t.rate(110, 1);
  EXPECT_EQ(t->visits.find(100'000)->end_ms, 110'000);
  t.rate(151, 1);
  EXPECT_TRUE(t->visits.find(100'000)->closed);
}

TEST(window_lane, closed_windows_are_merged_into_the_coarser_lane_that_closes_after_them) {
  rated_twin t;
  for (const int second : {10, 70, 3590, 3620}) t.rate(second, 4);
  EXPECT_EQ(t->hour.find(0)->value.n.shown(), 2u) << "the minutes that have closed";
  t.rate(3630, 2);
  EXPECT_EQ(t->hour.find(0)->value.n.shown(), 3u);
  EXPECT_TRUE(t->hour.find(0)->closed);
  t.rate(30'000, 1);
  EXPECT_EQ(t->hour.find(3'600'000)->value.n.shown(), 2u);
  EXPECT_EQ(t->hour.find(3'600'000)->value.stars.shown(), 3.0);
  EXPECT_EQ(t->hour.late_count(), 0u);
}

TEST(window_lane, turn_that_throws_leaves_no_trace) {
  rated_twin t;
  t.rate(70, 5);
  t.rate(100, 5);
  const auto document = t.document_text();
  const auto rows = t.rows();
  EXPECT_THROW(t.rate(500, 13), std::runtime_error);
  EXPECT_EQ(t.document_text(), document);
  EXPECT_EQ(t->minute.watermark_ms(), 100'000);
  t.rate(70, 1);
  EXPECT_EQ(t->minute.find(60'000)->value.n.shown(), 3u);
  EXPECT_EQ(t->minute.late_count(), 0u);
}

TEST(window_lane, nothing_shows_that_it_came_from_its_rows) {
  rated_twin live, loaded;
  for (const int second : {70, 130, 100, 149, 95, 171}) {
    live.rate(second, second % 5);
    loaded.rate(second, second % 5);
    loaded.reload();
    ASSERT_EQ(loaded.document_text(), live.document_text());
    ASSERT_EQ(loaded->minute.watermark_ms(), live->minute.watermark_ms());
    ASSERT_EQ(loaded->visits.late_count(), live->visits.late_count());
  }
  EXPECT_EQ(loaded.said(), live.said());
}

}  // namespace
