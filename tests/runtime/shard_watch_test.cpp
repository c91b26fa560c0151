#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cast.hpp"
#include "lab.hpp"

using namespace runtime_test;
using testing::ElementsAre;

namespace {

TEST(shard_watch, snapshot_then_diffs_in_an_unbroken_chain) {
  lab l({accounts()});
  l.post({{"/account/1", "sum", "", "1"}});
  l.settle();
  const auto f = l.subscribe("/account/1");
  for (int i = 2; i < 6; ++i) {
    l.post({{"/account/1", "sum", "", std::to_string(i)}});
    l.settle();
  }
  EXPECT_THAT(f->said(), ElementsAre("snap 1", "diff 1>2", "diff 2>3", "diff 3>4", "diff 4>5"));
  EXPECT_EQ(f->broken(), "");
  EXPECT_EQ(f->state(), l.document("/account/1"));
  EXPECT_EQ(f->lineage(), "L1");
}

TEST(shard_watch, events_of_one_turn_are_one_diff_and_nothing_changed_is_none) {
  lab l({accounts()});
  l.post({{"/account/1", "sum", "", "1"}});
  l.settle();
  const auto f = l.subscribe("/account/1");
  l.settle();
  l.post(
      {{"/account/1", "amounts", "1", "3"}, {"/account/1", "amounts", "2", "4"}, {"/account/1", "name", "", "\"x\""}});
  l.settle();
  l.post({{"/account/1", "amounts", "1", "3"}});
  l.settle();
  EXPECT_THAT(f->said(), ElementsAre("snap 1", "diff 1>2"));
  EXPECT_EQ(f->patches()[0], json::parse(R"({"amounts":{"1":3,"2":4},"name":"x","sum":7})"));
  EXPECT_EQ(l.rev("/account/1"), 2u);
}

TEST(shard_watch, view_of_lanes_gets_no_frame_when_none_of_them_changed) {
  lab l({accounts()});
  l.post({{"/account/1", "sum", "", "1"}, {"/account/1", "name", "", "\"a\""}});
  l.settle();
  const auto names = l.subscribe("/account/1", {false, {"name"}});
  const auto none = l.subscribe("/account/1", {false, {}});
  for (int i = 2; i < 5; ++i) {
    l.post({{"/account/1", "sum", "", std::to_string(i)}});
    l.settle();
  }
  l.post({{"/account/1", "sum", "", "9"}, {"/account/1", "name", "", "\"b\""}});
  l.settle();
  EXPECT_THAT(names->said(), ElementsAre("snap 1", "diff 1>5"));
  EXPECT_EQ(names->state(), json::parse(R"({"name":"b"})"));
  EXPECT_EQ(names->broken(), "");
  EXPECT_THAT(none->said(), ElementsAre("snap 1"));
  EXPECT_EQ(none->state(), json::object());
}

TEST(shard_watch, what_does_not_exist_is_told_and_its_birth_too) {
  lab l({accounts()});
  const auto f = l.subscribe("/account/1", {}, true);
  l.settle();
  EXPECT_THAT(f->said(), ElementsAre("snap 0 none"));
  EXPECT_TRUE(l.document("/account/1").is_null()) << "a subscription creates nothing";
  l.post({{"/account/1", "sum", "", "1"}});
  l.settle();
  EXPECT_THAT(f->said(), ElementsAre("snap 0 none", "snap 1", "life started"));
  EXPECT_EQ(f->lineage(), "L1");
  EXPECT_EQ(f->state()["sum"], 1);
}

TEST(shard_watch, deletion_and_rebirth_are_new_snapshots_with_another_lineage) {
  lab l({accounts()});
  l.post({{"/account/1", "sum", "", "1"}});
  l.settle();
  const auto f = l.subscribe("/account/1", {}, true);
  l.settle();
  const auto gone = l.remove("/account/1");
  l.settle();
  ASSERT_TRUE(gone->has_value() && ok(**gone));
  EXPECT_EQ(f->state(), json::object());
  EXPECT_EQ(l.agents, 0);
  l.post({{"/account/1", "name", "", "\"new\""}});
  l.settle();
  EXPECT_THAT(f->said(), ElementsAre("snap 1", "life deleted", "snap 0 none", "snap 1", "life started"));
  EXPECT_EQ(f->lineage(), "L2");
  EXPECT_FALSE(f->state().contains("sum"));
  EXPECT_EQ(f->broken(), "");
}

TEST(shard_watch, removing_what_is_not_there_is_no_such_entity) {
  lab l({accounts()});
  const auto gone = l.remove("/account/1");
  l.settle();
  ASSERT_TRUE(gone->has_value());
  EXPECT_EQ(std::get<error>(**gone).code, problem::no_such_entity);
}

TEST(shard_watch, unsubscribed_hears_done_and_nothing_more_and_leaves_nothing_behind) {
  lab l({accounts()});
  const auto f = l.subscribe("/account/1");
  l.settle();
  l.on("/account/1").order([id = l.last_link()](shard& s) {
    s.unsubscribe("/account/1", id);
    s.unsubscribe("/account/1", id);
  });
  l.settle();
  EXPECT_THAT(f->said(), ElementsAre("snap 0 none", "done unsubscribed"));
  EXPECT_EQ(l.on("/account/1").find("/account/1"), nullptr);
  l.post({{"/account/1", "sum", "", "1"}});
  l.settle();
  EXPECT_EQ(f->said().size(), 2u);
}

TEST(shard_watch, failed_turn_is_seen_by_nobody) {
  lab l({accounts()});
  l.post({{"/account/1", "notes", "", "\"a\""}});
  l.settle();
  const auto f = l.subscribe("/account/1");
  l.settle();
  l.post({{"/account/1", "notes", "", "\"poison\""}});
  l.settle();
  EXPECT_THAT(f->said(), ElementsAre("snap 1"));
  EXPECT_EQ(l.rev("/account/1"), 1u);
}

TEST(shard_watch, subscription_keeps_its_place_between_records) {
  lab l({accounts()});
  l.post({{"/account/1", "sum", "", "1"}});
  const auto f = l.subscribe("/account/1");
  l.post({{"/account/1", "sum", "", "2"}});
  l.settle();
  EXPECT_THAT(f->said(), ElementsAre("snap 1", "diff 1>2"));
}

TEST(shard_watch, timers_fire_once_and_survive_the_failure_of_another) {
  lab l({accounts()});
  l.post({{"/account/1", "sum", "", "1"}, {"/account/2", "sum", "", "13"}});
  l.command("/account/1", "alarm", "1000");
  l.command("/account/2", "alarm", "1000");
  l.settle();
  const auto f = l.subscribe("/account/1");
  l.settle();
  l.tick();
  EXPECT_FALSE(l.document("/account/1").contains("rings"));
  l.now += 1000;
  l.tick();
  l.tick();
  EXPECT_EQ(l.document("/account/1")["rings"], 1);
  EXPECT_EQ(f->said().back(), "diff 1>2");
  EXPECT_FALSE(l.document("/account/2").contains("rings")) << "it threw and was undone";
  l.post({{"/account/2", "sum", "", "1"}});
  l.settle();
  l.now += 10'000;
  l.tick();
  EXPECT_EQ(l.document("/account/2")["rings"], 1) << "and fires when it can";
  l.now += 100'000;
  l.tick();
  EXPECT_EQ(l.document("/account/2")["rings"], 1);
}

TEST(shard_watch, entries_leave_by_age_as_a_turn_with_nulls_in_the_diff) {
  lab l({accounts()});
  l.post({{"/account/1", "recent", "1", "1", false, l.now}, {"/account/1", "recent", "2", "2", false, l.now + 500}});
  l.settle();
  const auto f = l.subscribe("/account/1");
  l.settle();
  l.now += 1000;
  l.tick();
  EXPECT_EQ(f->patches().back(), json::parse(R"({"recent":{"1":null}})"));
  l.now += 500;
  l.tick();
  EXPECT_EQ(f->patches().back(), json::parse(R"({"recent":{"2":null}})"));
  EXPECT_EQ(f->rev(), 3u);
  EXPECT_EQ(l.kept.states["/account/1"]["recent"], json::object());
}

TEST(shard_watch, stopping_tells_those_who_follow_lives) {
  lab l({accounts()});
  l.post({{"/account/1", "sum", "", "1"}});
  l.settle();
  const auto f = l.subscribe("/account/1", {}, true);
  l.on("/account/1").order([](shard& s) { s.stop_agents(); });
  l.settle();
  EXPECT_EQ(f->said().back(), "life stopped");
}

}  // namespace
