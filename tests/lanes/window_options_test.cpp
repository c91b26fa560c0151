#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

#include <twinlane/lanes/dynamic_reducer.hpp>
#include <twinlane/lanes/reduce.hpp>

#include "twin.hpp"

using namespace twin_test;

namespace {

// Bounds, idleness, and reducers that are made by a function.
struct bounded final : agent {
  using agent::agent;
  window_lane<reduce::count> last{*this,
                                  "last",
                                  tumbling(minutes{1}),
                                  grace(minutes{10}),
                                  keep_last(2),
                                  did_close<&bounded::closed>,
                                  did_remove<&bounded::gone>};
  window_lane<reduce::count> young{*this,
                                   "young",
                                   tumbling(minutes{1}),
                                   grace(minutes{10}),
                                   keep_for(minutes{5}),
                                   did_close<&bounded::closed>,
                                   did_remove<&bounded::gone>};
  window_lane<reduce::count> idle{*this,
                                  "idle",
                                  tumbling(minutes{1}),
                                  grace(seconds{20}),
                                  close_after_idle(seconds{30}),
                                  did_close<&bounded::closed>};
  window_lane<reduce::count> glance{*this, "glance", tumbling(minutes{1}), transient};
  std::vector<std::string> told;

 private:
  void closed(std::int64_t start, const window<reduce::count>& w) {
    told.push_back("closed " + std::to_string(start / 1000) + ' ' + std::to_string(w.value.shown()));
  }
  void gone(std::int64_t start, const window<reduce::count>&) {
    told.push_back("gone " + std::to_string(start / 1000));
  }
};

struct edges final : agent {
  using agent::agent;
  window_lane<reduce::count> fine{*this, "fine", tumbling(minutes{7}), roll_up_into<&edges::coarse>};
  window_lane<reduce::count> coarse{*this, "coarse", tumbling(hours{7})};
};

using strings = std::vector<std::string>;

TEST(window_options, count_bound_closes_the_window_that_ends_first_and_does_not_begin_it_anew) {
  twin<bounded> t;
  t.act([](bounded& b) {
    for (const int second : {120, 60, 60, 180}) EXPECT_TRUE(b.last.add_at(second * 1000));
    EXPECT_EQ(b.told, (strings{"closed 60 2", "gone 60"}));
    EXPECT_FALSE(b.last.add_at(61'000));
    EXPECT_TRUE(b.last.add_at(121'000));
  });
  EXPECT_EQ(t->last.find(120'000)->value.shown(), 2u);
  t.reload();
  t.act([](bounded& b) { EXPECT_FALSE(b.last.add_at(61'000)); });
  EXPECT_EQ(t->last.late_count(), 2u);
}

TEST(window_options, age_counts_from_the_end_of_a_window_and_closes_it_before_it_goes) {
  twin<bounded> t;
  t.now_ms = 400'000;
  t.act([](bounded& b) {
    b.young.add_at(60'000);
    b.young.add_at(130'000);
  });
  EXPECT_EQ(t->young.next_expiry(), 120'000 + 300'000);
  t.now_ms = 419'999;
  EXPECT_TRUE(t.tick().is_null());
  t.now_ms = 420'000;
  EXPECT_EQ(t.tick(), json::parse(R"({"young":{"60000":null}})"));
  EXPECT_EQ(t->told, (strings{"closed 60 1", "gone 60"}));
  t.act([](bounded& b) { EXPECT_FALSE(b.young.add_at(60'000)); });
}

TEST(window_options, event_time_goes_on_by_the_clock_when_nothing_comes) {
  twin<bounded> t;
  t.now_ms = 5'000'000;
  t.act([](bounded& b) { b.idle.add_at(90'000); });
  // The window ends at 120 s, its grace at 140 s: 50 s of the clock after the event of 90 s.
  EXPECT_EQ(t->idle.next_expiry(), 5'050'000);
  t.now_ms = 5'049'999;
  EXPECT_TRUE(t.tick().is_null());
  t.now_ms = 5'050'000;
  EXPECT_EQ(t.tick(), json::parse(R"({"idle":{"60000":{"closed":true}}})"));
  EXPECT_EQ(t->told, strings{"closed 60 1"});
  EXPECT_EQ(t->idle.next_expiry(), lane_base::never);
}

TEST(window_options, window_that_could_close_waits_until_nothing_has_come_for_the_idle_time) {
  twin<bounded> t;
  t.now_ms = 5'000'000;
  t.act([](bounded& b) { b.idle.add_at(118'000); });
  EXPECT_EQ(t->idle.next_expiry(), 5'030'000);
  t.now_ms = 5'020'000;
  t.act([](bounded& b) { b.idle.add_at(119'000); });
  EXPECT_EQ(t->idle.next_expiry(), 5'050'000);
}

TEST(window_options, idleness_counts_anew_after_activation_but_once) {
  twin<bounded> t;
  t.now_ms = 5'000'000;
  t.act([](bounded& b) { b.idle.add_at(118'000); });
  t.reload();
  t.now_ms = 9'000'000;
  EXPECT_LE(t->idle.next_expiry(), t.now_ms);
  EXPECT_TRUE(t.tick().is_null()) << "what is to be read may not have been read";
  EXPECT_EQ(t->idle.next_expiry(), 9'030'000);
  t.reload();
  t.now_ms = 9'030'500;
  EXPECT_EQ(t.tick(), json::parse(R"({"idle":{"60000":{"closed":true}}})"));
}

TEST(window_options, time_that_went_on_by_the_clock_counts_once_after_a_second_activation) {
  twin<bounded> t;
  t.now_ms = 5'000'000;
  t.act([](bounded& b) {
    b.idle.add_at(90'000);
    b.idle.add_at(130'000);
  });
  t.reload();
  t.now_ms = 9'000'000;
  t.tick();
  t.now_ms = 9'030'000;
  EXPECT_EQ(t.tick(), json::parse(R"({"idle":{"60000":{"closed":true}}})"));
  EXPECT_EQ(t->idle.watermark_ms(), 160'000);
  EXPECT_EQ(t->idle.next_expiry(), 9'070'000);
  t.reload();
  EXPECT_EQ(t->idle.next_expiry(), 9'070'000);
  t.now_ms = 9'069'999;
  EXPECT_TRUE(t.tick().is_null());
  t.now_ms = 9'070'000;
  EXPECT_EQ(t.tick(), json::parse(R"({"idle":{"120000":{"closed":true}}})"));
  t.reload();
  EXPECT_EQ(t->idle.watermark_ms(), 200'000);
  EXPECT_EQ(t->idle.next_expiry(), lane_base::never);
}

TEST(window_options, header_of_an_older_version_still_loads) {
  twin<bounded> t;
  auto& lane = t->lane_at(t.lane_of("idle"));
  ASSERT_TRUE(lane.load_note("118000 98000 0 5000000 1"));
  EXPECT_EQ(t->idle.watermark_ms(), 118'000);
}

TEST(window_options, idleness_counts_anew_after_each_restart) {
  twin<bounded> first;
  first.now_ms = 5'000'000;
  first.act([](bounded& b) { b.idle.add_at(118'000); });
  twin<bounded> second;
  second.load(first.rows());
  second.now_ms = 9'000'000;
  EXPECT_TRUE(second.tick().is_null());
  twin<bounded> third;
  third.load(second.rows());
  third.now_ms = 12'000'000;
  EXPECT_TRUE(third.tick().is_null()) << "what is to be read may not have been read";
  EXPECT_EQ(third->idle.next_expiry(), 12'030'000);
  third.reload();
  third.now_ms = 12'030'000;
  EXPECT_EQ(third.tick(), json::parse(R"({"idle":{"60000":{"closed":true}}})"));
}

TEST(window_options, window_that_the_clock_cannot_reach_is_never_due) {
  twin<bounded> t;
  t.act([](bounded& b) { b.idle.add_at(event_time_max_ms - 1); });
  EXPECT_EQ(t->idle.next_expiry(), lane_base::never);
  t.now_ms += 10'000'000;
  EXPECT_TRUE(t.tick().is_null());
}

TEST(window_options, transient_windows_are_in_no_row) {
  twin<bounded> t;
  t.act([](bounded& b) { b.glance.add_at(1000); });
  EXPECT_EQ(t->glance.size(), 1u);
  for (const auto& [place, row] : t.rows()) EXPECT_NE(place.first, "glance");
  t.reload();
  EXPECT_EQ(t->glance.size(), 0u);
  EXPECT_FALSE(t->glance.watermark_ms());
}

TEST(window_options, times_that_cannot_be_are_refused) {
  twin<bounded> t;
  EXPECT_THROW(t.act([](bounded& b) { b.last.add_at(event_time_max_ms + 1); }), lane_error);
  EXPECT_THROW(t.act([](bounded& b) { b.last.add_at(lane_base::never); }), lane_error);
  EXPECT_THROW(t.act([](bounded& b) { b.last.add_at(std::numeric_limits<std::int64_t>::min()); }), lane_error);
  EXPECT_FALSE(t->last.watermark_ms());
}

TEST(window_options, windows_of_the_first_and_last_times_come_back_and_roll_up) {
  twin<edges> t;
  t.act([](edges& e) {
    EXPECT_TRUE(e.fine.add_at(-event_time_max_ms));
    EXPECT_TRUE(e.fine.add_at(event_time_max_ms));
  });
  EXPECT_EQ(t->coarse.size(), 1u);
  const auto before = t.document();
  t.reload();
  EXPECT_EQ(t.document(), before);
}

TEST(window_options, records_and_writes_from_outside_are_refused) {
  twin<bounded> t;
  EXPECT_THROW(t.put("last", "60000", R"({"end":120000})"), lane_error);
}

struct hopping_up final : agent {
  using agent::agent;
  window_lane<reduce::count> fine{*this, "fine", hopping(minutes{2}, minutes{1}), roll_up_into<&hopping_up::coarse>};
  window_lane<reduce::count> coarse{*this, "coarse", tumbling(hours{1})};
};
struct shapeless final : agent {
  using agent::agent;
  window_lane<reduce::count> none{*this, "none", grace(minutes{1})};
};
struct too_few final : agent {
  using agent::agent;
  window_lane<reduce::count> some{*this, "some", hopping(minutes{5}, minutes{1}), keep_last(4)};
};
struct too_many final : agent {
  using agent::agent;
  window_lane<reduce::count> all{*this, "all", hopping(hours{1}, std::chrono::milliseconds{10})};
};

TEST(window_options, lanes_that_make_no_sense_are_refused_at_start) {
  EXPECT_THROW(twin<hopping_up>(), std::invalid_argument);
  EXPECT_THROW(twin<shapeless>(), std::invalid_argument);
  EXPECT_THROW(twin<too_many>(), std::invalid_argument);
  EXPECT_THROW(twin<too_few>(), std::invalid_argument);
}

TEST(window_options, damaged_rows_are_told_and_left_out) {
  twin<bounded> t;
  t.act([](bounded& b) { b.last.add_at(60'000); });
  auto& lane = t->lane_at(t.lane_of("last"));
  decoder d;
  for (const auto* row :
       {"", "1", "1 2", "1 2 {}", R"(1 2 {"end":60000,"value":3})", R"(1 2 {"end":240000,"value":-1})",
        R"(1 2 {"end":240000,"value":{"n":1}})", R"(0 0 {"end":240000,"value":1})"})
    EXPECT_FALSE(lane.load_row(d, "180000", row)) << row;
  EXPECT_FALSE(lane.load_row(d, "x", R"(1 2 {"end":240000,"value":1})"));
  EXPECT_FALSE(lane.load_row(d, "60000", R"(1 2 {"end":120000,"value":1})")) << "the window is there already";
  EXPECT_TRUE(lane.load_row(d, "180000", R"(240000 9 {"end":240000,"value":1})"));
  for (const auto* note : {"x", "1", "1 2 3", "1 2 3 4 5 6", "99999999999999999 2 3 4 0",
                           "1 -9223372036854775807 3 4 0", "1 2 3 -9223372036854775808 0"})
    EXPECT_FALSE(lane.load_note(note)) << note;
}

// A lane whose reducers are named at run time, as YAML names them.
struct named final : agent {
  using agent::agent;
  window_lane<reduce::dynamic> stats{
      *this, "stats", tumbling(minutes{1}), fresh([] {
        return reduce::dynamic(
            {{"n", reduce::kind::count}, {"stars", reduce::kind::mean}, {"who", reduce::kind::distinct}});
      }),
      when_closed([](lane_owner& o, std::int64_t start, const window<reduce::dynamic>& w) {
        static_cast<named&>(o).told = std::to_string(start) + ' ' + json(w.value.shown()).dump();
      })};
  std::string told;
  void rate(int second, const json& stars, const json& who) {
    stats.add_at(second * 1000, std::vector<json>{1, stars, who});
  }
};

TEST(window_options, reducers_chosen_at_run_time_are_stored_and_go_on) {
  twin<named> t;
  t.act([](named& n) { n.rate(60, 5, "ann"); });
  t.reload();
  t.act([](named& n) { n.rate(61, 2, "ann"); });
  t.act([](named& n) { n.rate(62, nullptr, "bob"); });
  EXPECT_EQ(t.document()["stats"]["60000"]["value"], json::parse(R"({"n":3,"stars":3.5,"who":2})"));
  t.act([](named& n) { n.rate(120, 1, "eve"); });
  EXPECT_EQ(t->told, R"(60000 {"n":3,"stars":3.5,"who":2})");
  EXPECT_THROW(t.act([](named& n) { n.rate(121, "five", "eve"); }), lane_error);
}

}  // namespace
