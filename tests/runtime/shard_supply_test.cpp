#include <gmock/gmock.h>

#include "kept_lab.hpp"

// What supply lanes emit, on its way to subscribers.
using namespace runtime_test;
using testing::ElementsAre;

namespace {

TEST(shard_supply, events_of_a_turn_come_after_its_diff_and_in_their_order) {
  kept_lab l;
  l.post({{"/siren/1", "levels", "1", "1"}});
  const auto f = l->subscribe("/siren/1");
  l.post({{"/siren/1", "levels", "1", "11"}, {"/siren/1", "levels", "2", "12"}});
  l.post({{"/siren/1", "levels", "1", "2"}, {"/siren/1", "levels", "3", "13"}});
  EXPECT_THAT(f->said(),
              ElementsAre("snap 1", "diff 1>2", "event alarms 11", "event alarms 12", "diff 2>3", "event alarms 13"));
  EXPECT_EQ(f->broken(), "");
}

TEST(shard_supply, a_view_without_the_lane_hears_none_and_one_of_it_alone_nothing_else) {
  kept_lab l;
  l.post({{"/siren/1", "levels", "1", "1"}});
  const auto levels = l->subscribe("/siren/1", {false, {"levels"}}),
             alarms = l->subscribe("/siren/1", {false, {"alarms"}});
  l.post({{"/siren/1", "levels", "1", "11"}, {"/siren/1", "shouts", "", R"("hey")"}});
  EXPECT_THAT(levels->said(), ElementsAre("snap 1", "diff 1>2"));
  EXPECT_THAT(alarms->said(), ElementsAre("snap 1", "event alarms 11"));
  EXPECT_EQ(alarms->state(), json::object());
}

TEST(shard_supply, a_turn_that_is_undone_emits_nothing_and_its_good_messages_do) {
  kept_lab l;
  l.post({{"/siren/1", "levels", "1", "1"}});
  const auto f = l->subscribe("/siren/1", {false, {"alarms"}});
  l.post({{"/siren/1", "levels", "1", "11"}, {"/siren/1", "levels", "2", "666"}, {"/siren/1", "levels", "3", "12"}});
  EXPECT_THAT(f->said(), ElementsAre("snap 1", "event alarms 11", "event alarms 12"));
  EXPECT_EQ(l->dead.size(), 1u);
}

TEST(shard_supply, what_is_passed_on_is_stored_nowhere_and_makes_no_rev) {
  kept_lab l;
  l.post({{"/siren/1", "levels", "1", "1"}});
  const auto f = l->subscribe("/siren/1", {false, {"shouts"}});
  const auto count_of_rows = [&] {
    std::size_t n = 0;
    for (const auto& [place, value] : l->kept.rows) n += place[0] == "/siren/1" && place[1] != "shouted_count";
    return n;
  };
  const auto rows = count_of_rows();
  l.post({{"/siren/1", "shouts", "", R"("hey")"}, {"/siren/1", "shouts", "", R"("ho")"}});
  EXPECT_THAT(f->said(), ElementsAre("snap 1", R"(event shouts "hey")", R"(event shouts "ho")"));
  EXPECT_EQ(l->document("/siren/1")["shouted_count"], 2) << "did_update has run";
  EXPECT_EQ(count_of_rows(), rows);
  l.restart();
  const auto again = l->subscribe("/siren/1", {false, {"shouts"}});
  ASSERT_TRUE(l->settle());
  EXPECT_THAT(again->said(), ElementsAre("snap 2"));
}

TEST(shard_supply, an_agent_may_be_born_by_what_it_passes_on) {
  kept_lab l;
  const auto f = l->subscribe("/siren/1", {}, true);
  l.post({{"/siren/1", "shouts", "", R"("hey")"}});
  EXPECT_THAT(f->said(), ElementsAre("snap 0 none", "snap 1", "life started", R"(event shouts "hey")"));
}

TEST(shard_supply, null_and_what_does_not_decode_are_dead_letters_as_is_a_record_for_a_demand_lane) {
  kept_lab l;
  l.post({{"/siren/1", "levels", "1", "1"}});
  const auto f = l->subscribe("/siren/1");
  l.post({{"/siren/1", "alarms", "", R"("x")"}, {"/siren/1", "alarms", "", "", true}, {"/siren/1", "mean", "", "5"}});
  EXPECT_THAT(f->said(), ElementsAre("snap 1"));
  EXPECT_EQ(l->dead.size(), 3u);
}

TEST(shard_supply, a_message_from_another_agent_is_passed_on_too) {
  kept_lab l;
  const auto f = l->subscribe("/siren/1", {false, {"alarms"}});
  l->on("/siren/1").enqueue(mail{"/siren/1", "alarms", {}, "5", nullptr, 0, {}});
  ASSERT_TRUE(l->settle());
  EXPECT_EQ(f->said().back(), "event alarms 5");
}

}  // namespace
