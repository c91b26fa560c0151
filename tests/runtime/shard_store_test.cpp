#include <gmock/gmock.h>

#include "kept_lab.hpp"

// Shards over a store that keeps rows: what a restart and a passivation leave as it was.
namespace runtime_test {
namespace {

using testing::ElementsAre;

TEST(shard_store, agent_is_after_a_restart_what_it_was_and_goes_on) {
  kept_lab l;
  l.post({{"/account/1", "amounts", "1", "5"},
          {"/account/1", "notes", "", R"("a")"},
          {"/account/2", "name", "", R"("b")"}});
  l.post({{"/account/1", "amounts", "1", "", true}, {"/account/1", "amounts", "2", "7"}});
  const auto one = l->document("/account/1"), two = l->document("/account/2");
  const auto rev = l->rev("/account/1");
  l.restart();
  const auto f = l->subscribe("/account/1");
  ASSERT_TRUE(l->settle());
  EXPECT_EQ(f->state(), one);
  EXPECT_EQ(l->rev("/account/1"), rev);
  l.post({{"/account/1", "notes", "", R"("c")"}, {"/account/2", "sum", "", "3"}});
  EXPECT_EQ(l->document("/account/1")["notes"], json({{"1", "a"}, {"2", "c"}}));
  EXPECT_EQ(l->rev("/account/1"), rev + 1);
  EXPECT_EQ(l->document("/account/2")["name"], two["name"]);
}

TEST(shard_store, records_below_the_watermark_are_dropped_after_a_restart) {
  kept_lab l;
  l.post({{"/account/1", "notes", "", R"("a")"}, {"/account/2", "notes", "", R"("b")"}});
  l.restart();
  l.offset = 0;
  l.post({{"/account/1", "notes", "", R"("a")"},
          {"/account/2", "notes", "", R"("b")"},
          {"/account/1", "notes", "", R"("c")"}});
  EXPECT_EQ(l->source->duplicates.load(), 2u);
  EXPECT_EQ(l->document("/account/1")["notes"], json({{"1", "a"}, {"2", "c"}}));
}

TEST(shard_store, request_that_comes_again_applies_only_what_is_missing) {
  kept_lab l;
  const std::vector<event> body{{"/account/1", "notes", "", R"("a")"}, {"/account/1", "notes", "", R"("b")"}};
  const auto send = [&](const std::string& key, std::size_t records) {
    const auto request = std::make_shared<const ingest_request>(ingest_request{key, l.offset});
    l->post(l->source, {body.begin(), body.begin() + static_cast<std::ptrdiff_t>(records)}, l.offset, request);
    ASSERT_TRUE(l->settle());
  };
  send("k", 1);
  EXPECT_EQ(l->kept.synced, 1) << "nobody can read it again";
  l.restart();
  send("k", 2);
  EXPECT_EQ(l->document("/account/1")["notes"], json({{"1", "a"}, {"2", "b"}}));
  send("k", 2);
  EXPECT_EQ(l->source->duplicates.load(), 3u);
  l->now += ingest_requests::keep_ms + 1;
  l.restart();
  send("k", 1);
  send("other", 1);
  send("", 1);
  EXPECT_EQ(l->document("/account/1")["notes"], json({{"1", "a"}, {"2", "b"}, {"3", "a"}, {"4", "a"}, {"5", "a"}}));
}

TEST(shard_store, agents_over_the_bound_leave_memory_and_come_back_on_any_touch) {
  shard_options o;
  o.active_max = 10;
  kept_lab l(o);
  l.shards = 1;
  l.restart();
  std::vector<event> events;
  for (int i = 0; i < 100; ++i) events.push_back({"/account/" + std::to_string(i), "sum", "", std::to_string(i)});
  l.post(events);
  EXPECT_LE(l->agents, 10);
  const auto f = l->subscribe("/account/3");
  ASSERT_TRUE(l->settle());
  EXPECT_EQ(f->state()["sum"], 3);
  l.post(events);
  EXPECT_LE(l->agents, 10);
  l.post({{"/account/3", "sum", "", "33"}});
  EXPECT_EQ(f->state()["sum"], 33);
  EXPECT_EQ(f->broken(), "");
  const auto c = l->command("/account/50", "add", "5");
  ASSERT_TRUE(l->settle());
  EXPECT_EQ(c->result().result, "55");
  EXPECT_EQ(l->kept.synced, 1) << "a command's cut is synced";
}

TEST(shard_store, idle_agents_leave_memory) {
  shard_options o;
  o.idle_ms = 1'000;
  kept_lab l(o);
  l.post({{"/account/1", "sum", "", "1"}, {"/account/2", "sum", "", "2"}});
  l->now += 900;
  l.post({{"/account/2", "sum", "", "3"}});
  l->now += 200;
  l->tick();
  EXPECT_EQ(l->agents, 1);
  l->now += 1'000;
  l->tick();
  EXPECT_EQ(l->agents, 0);
  l.post({{"/account/2", "name", "", R"("x")"}});
  EXPECT_EQ(l->document("/account/2")["sum"], 3);
}

TEST(shard_store, subscriber_hears_that_transient_lanes_went_with_the_passive_agent) {
  shard_options o;
  o.idle_ms = 1'000;
  kept_lab l(o);
  l.post({{"/clerk/1", "papers", "1", "1"}, {"/clerk/1", "whisper", "", "5"}, {"/clerk/2", "papers", "1", "1"}});
  const auto f = l->subscribe("/clerk/1"), g = l->subscribe("/clerk/2");
  ASSERT_TRUE(l->settle());
  EXPECT_EQ(f->state()["whisper"], 5);
  l->now += 2'000;
  l->tick();
  EXPECT_EQ(l->agents, 0);
  const auto again = l->subscribe("/clerk/1"), other = l->subscribe("/clerk/2");
  ASSERT_TRUE(l->settle());
  EXPECT_EQ(again->state().count("whisper"), 0u);
  EXPECT_EQ(f->state(), again->state());
  EXPECT_EQ(l->rev("/clerk/1"), 2u) << "it is another state than at rev 1";
  EXPECT_EQ(l->rev("/clerk/2"), 1u);
  EXPECT_EQ(g->said().size(), 1u);
  l.restart();
  l.post({{"/clerk/1", "papers", "1", "2"}});
  EXPECT_EQ(l->rev("/clerk/1"), 3u);
  for (const auto& [place, value] : l->kept.rows) EXPECT_NE(place[1], "whisper");
}

TEST(shard_store, timer_that_was_due_while_nobody_ran_fires_once) {
  kept_lab l;
  l.post({{"/account/1", "sum", "", "1"}});
  l->command("/account/1", "alarm", "500");
  ASSERT_TRUE(l->settle());
  l.restart();
  l->now += 10'000;
  l->wake_all();
  l->tick();
  l->tick();
  EXPECT_EQ(l->document("/account/1")["rings"], 1);
}

TEST(shard_store, who_is_due_later_is_not_in_memory_until_then) {
  kept_lab l;
  for (int i = 1; i <= 3; ++i) {
    l.post({{"/account/" + std::to_string(i), "sum", "", "1"}});
    l->command("/account/" + std::to_string(i), "alarm", std::to_string(500 * i));
  }
  ASSERT_TRUE(l->settle());
  l.restart();
  l->wake_all();
  EXPECT_EQ(l->on("/account/1").find("/account/1"), nullptr);
  l->remove("/account/2");
  l->command("/account/3", "alarm", "5000");
  ASSERT_TRUE(l->settle());
  l->now += 2'000;
  l->tick();
  EXPECT_EQ(l->document("/account/1")["rings"], 1);
  EXPECT_TRUE(l->document("/account/2").is_null());
  EXPECT_EQ(l->document("/account/3").count("rings"), 0u) << "it has been set anew";
  l->now += 4'000;
  l->tick();
  EXPECT_EQ(l->document("/account/3")["rings"], 1);
  for (const auto& [place, value] : l->kept.rows) EXPECT_NE(place[1], "due");
}

TEST(shard_store, what_has_fired_is_not_due_at_the_next_start) {
  kept_lab l;
  l.post({{"/account/1", "sum", "", "1"}});
  l->command("/account/1", "alarm", "500");
  ASSERT_TRUE(l->settle());
  l->now += 1'000;
  l->tick();
  EXPECT_EQ(l->document("/account/1")["rings"], 1);
  for (const auto& [place, value] : l->kept.rows) EXPECT_NE(place[1], "due");
}

TEST(shard_store, timer_waits_while_the_store_takes_nothing) {
  kept_lab l;
  l.post({{"/account/1", "sum", "", "1"}});
  l->command("/account/1", "alarm", "500");
  ASSERT_TRUE(l->settle());
  l->kept.full = true;
  l->now += 1'000;
  l->tick();
  EXPECT_EQ(l->document("/account/1").count("rings"), 0u);
  l->kept.full = false;
  l->tick();
  EXPECT_EQ(l->document("/account/1")["rings"], 1);
}

TEST(shard_store, letter_that_cannot_be_written_outlives_a_kill_with_the_watermark_that_passed_it) {
  kept_lab l;
  l->burial_fails = true;
  l.post({{"/account/1", "notes", "", R"("poison")"}, {"/account/1", "notes", "", R"("a")"}});
  EXPECT_EQ(l->dead.size(), 0u);
  l.restart();
  l->burial_fails = true;
  l->wake_all();
  EXPECT_EQ(l->dead.size(), 0u);
  l->burial_fails = false;
  l->retry_burial();
  ASSERT_TRUE(l->settle());
  ASSERT_EQ(l->dead.size(), 1u);
  EXPECT_EQ(l->dead[0].offset, 0);
  EXPECT_EQ(l->dead[0].value, R"("poison")");
  l.restart();
  l->wake_all();
  EXPECT_EQ(l->dead.size(), 0u) << "it is written once";
}

TEST(shard_store, shard_that_cannot_be_read_waits_and_goes_on_by_itself) {
  kept_lab l;
  l.post({{"/account/1", "sum", "", "1"}});
  l.restart();
  l->kept.reads_fail = 1;
  l.post({{"/account/1", "sum", "", "2"}});
  EXPECT_EQ(l->agents, 0);
  l->now += 1'000;
  l->tick();
  EXPECT_EQ(l->document("/account/1")["sum"], 2);
}

TEST(shard_store, agent_that_cannot_be_read_for_a_moment_is_no_worse_off) {
  kept_lab l;
  l.post({{"/account/1", "sum", "", "1"}});
  l.restart();
  l->wake_all();
  l->kept.reads_fail = 2;
  l.post({{"/account/1", "name", "", R"("x")"}});
  EXPECT_EQ(l->document("/account/1"),
            json::parse(R"({"amounts":{},"labels":{},"name":"x","notes":{},"recent":{},"sum":1})"));
  EXPECT_TRUE(l->dead.empty());
}

/// Its map may get a key that has no text.
struct odd final : agent {
  using agent::agent;
  enum class color : int { red, blue };
  BOOST_DESCRIBE_NESTED_ENUM(color, red, blue)
  value_lane<int> first{*this, "first", did_update<&odd::put>};
  map_lane<color, int> by_color{*this, "by_color"};
  void put(const int& now, const int*) {
    by_color.put(static_cast<color>(now), now);
    send("/odd/2", "first", 0);
  }
};

TEST(shard_store, turn_that_cannot_be_saved_leaves_no_rows_and_sends_nothing) {
  lab l({make_agent_type<odd>("odd", "/odd/:id")}, 2, {}, true);
  l.post({{"/odd/1", "first", "", "77"}});
  ASSERT_TRUE(l.settle());
  EXPECT_EQ(l.dead.size(), 1u);
  EXPECT_EQ(l.agents, 0);
  EXPECT_EQ(l.delivered, 0);
  for (const auto& [place, value] : l.kept.rows) EXPECT_NE(place[0], "/odd/1") << place[1];
  l.post({{"/odd/1", "first", "", "1"}});
  ASSERT_TRUE(l.settle());
  l.post({{"/odd/1", "first", "", "77"}});
  ASSERT_TRUE(l.settle());
  EXPECT_EQ(l.rev("/odd/1"), 1u);
  EXPECT_EQ((l.kept.rows.at({"/odd/1", "by_color", "blue"}).empty()), false);
  EXPECT_EQ(l.document("/odd/1")["first"], 1);
}

TEST(shard_store, follower_hears_of_a_change_after_a_restart_although_both_were_out_of_memory) {
  kept_lab l;
  l.post({{"/fan/1", "wish", "1", R"("/product/9")"}, {"/product/9", "price", "", "30"}});
  ASSERT_EQ(l->document("/fan/1")["cheapest"], 30);
  l.restart();
  l.post({{"/product/9", "price", "", "20"}});
  const auto f = l->subscribe("/fan/1");
  ASSERT_TRUE(l->settle());
  EXPECT_EQ(f->state()["cheapest"], 20);
  l.restart();
  l.post({{"/fan/1", "wish", "1", "", true}});
  l.restart();
  l.post({{"/product/9", "price", "", "10"}});
  const auto g = l->subscribe("/fan/1");
  ASSERT_TRUE(l->settle());
  EXPECT_EQ(g->state().count("cheapest"), 0u);
}

TEST(shard_store, removed_agent_leaves_no_rows_and_is_born_anew) {
  kept_lab l;
  l.post({{"/account/1", "amounts", "1", "5"}, {"/account/1", "notes", "", R"("a")"}});
  const auto said = l->remove("/account/1");
  ASSERT_TRUE(l->settle());
  ASSERT_TRUE(said->has_value() && ok(**said));
  for (const auto& [place, value] : l->kept.rows) EXPECT_NE(place[0], "/account/1");
  l.restart();
  l.post({{"/account/1", "notes", "", R"("b")"}});
  EXPECT_EQ(l->document("/account/1")["notes"], json({{"1", "b"}}));
}

TEST(shard_store, unreadable_agent_is_set_aside_and_its_neighbours_are_not) {
  kept_lab l;
  l.post({{"/account/1", "sum", "", "1"}, {"/account/2", "sum", "", "2"}});
  for (auto& [place, value] : l->kept.rows)
    if (place[0] == "/account/1" && place[1] == "sum") value = "rubbish";
  l.restart();
  l.post({{"/account/1", "sum", "", "3"}, {"/account/2", "sum", "", "4"}});
  EXPECT_EQ(l->document("/account/2")["sum"], 4);
  ASSERT_EQ(l->dead.size(), 1u);
  EXPECT_THAT(l->dead[0].detail, testing::HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace runtime_test
