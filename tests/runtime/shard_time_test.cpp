#include <gmock/gmock.h>

#include "cast.hpp"
#include "lab.hpp"

// Timers, retention, and agents that would go on for ever.
namespace runtime_test {
namespace {

using testing::HasSubstr;

/// Two timers, of which one always throws, and entries that leave by age with a callback that throws on demand.
class tower final : public agent {
 public:
  using agent::agent;
  value_lane<int> start{*this, "start", did_update<&tower::wind_up>};
  map_lane<int, int> birds{*this, "birds", keep_for(std::chrono::milliseconds{500}), did_remove<&tower::flew>};
  value_lane<int> chimes{*this, "chimes"};
  int tries = 0;

 private:
  timer broken{*this, "broken", &tower::fall};
  timer chime{*this, "chime", &tower::strike};
  void wind_up(const int&, const int*) {
    broken.set_after(std::chrono::milliseconds{100});
    chime.set_after(std::chrono::milliseconds{200});
  }
  void fall() {
    ++tries;
    throw std::runtime_error("the clapper fell");
  }
  void strike() {
    chimes.update([](int& n) { ++n; });
    chime.set_after(std::chrono::milliseconds{1000});
  }
  void flew(const int& key, const int&) {
    if (key == 13) throw std::runtime_error("unlucky");
  }
};

int tries(lab& l) { return static_cast<tower&>(*l.on("/tower/1").find("/tower/1")->self).tries; }

TEST(shard_time, timer_that_throws_is_tried_every_10_s_and_holds_up_no_other) {
  lab l({make_agent_type<tower>("tower", "/tower/:id")});
  l.post({{"/tower/1", "start", "", "1"}});
  l.settle();
  for (int i = 0; i < 5; ++i) {
    l.now += 1'000;
    l.tick();
    l.post({{"/tower/1", "birds", "1", std::to_string(i), false, l.now}});
    l.settle();
  }
  EXPECT_EQ(l.document("/tower/1")["chimes"], 5);
  EXPECT_EQ(tries(l), 1) << "turns in between do not try it again";
  l.now += 10'000;
  l.tick();
  EXPECT_EQ(tries(l), 2);
}

TEST(shard_time, retention_that_throws_is_tried_every_10_s_and_holds_up_no_timer) {
  lab l({make_agent_type<tower>("tower", "/tower/:id")});
  l.post({{"/tower/1", "birds", "13", "1", false, l.now}, {"/tower/1", "start", "", "1"}});
  l.settle();
  l.now += 1'000;
  l.tick();
  EXPECT_EQ(l.document("/tower/1")["birds"], json({{"13", 1}}));
  l.now += 1'000;
  l.tick();
  EXPECT_EQ(l.document("/tower/1")["chimes"], 2);
}

TEST(shard_time, timer_that_throws_holds_up_neither_retention_nor_the_shard) {
  lab l({accounts()});
  l.post({{"/account/1", "sum", "", "13"}, {"/account/1", "recent", "1", "1", false, l.now}});
  l.command("/account/1", "alarm", "500");
  l.settle();
  l.now += 1'000;
  l.tick();
  EXPECT_EQ(l.document("/account/1")["recent"], json::object());
  EXPECT_EQ(l.document("/account/1").count("rings"), 0u);
  l.post({{"/account/1", "sum", "", "1"}});
  l.settle();
  l.now += 10'000;
  l.tick();
  EXPECT_EQ(l.document("/account/1")["rings"], 1) << "tried again";
}

TEST(shard_time, timers_due_at_once_run_in_cuts_as_records_do) {
  shard_options o;
  o.cut_records = 10;
  lab l({accounts()}, 1, o, true);
  for (int i = 0; i < 35; ++i) {
    const auto uri = "/account/" + std::to_string(i);
    l.post({{uri, "sum", "", "1"}});
    l.settle();
    l.command(uri, "alarm", "100");
  }
  l.settle();
  const auto before = l.kept.commits;
  l.now += 100;
  l.tick();
  EXPECT_EQ(l.kept.commits - before, 4);
  for (int i = 0; i < 35; ++i) EXPECT_EQ(l.document("/account/" + std::to_string(i))["rings"], 1);
}

/// Says one more than it hears.
class echo final : public agent {
 public:
  using agent::agent;
  value_lane<std::string> hear{*this, "hear", did_update<&echo::listen>};
  join_value_lane<int, int> heard{*this, "heard"};
  value_lane<int> said{*this, "said"};

 private:
  rule answer{*this, on_change(heard), &echo::speak};
  void listen(const std::string& uri, const std::string*) {
    heard.join(1, uri, "said");
    said.set(1);
  }
  void speak() {
    if (const auto* n = heard.find(1)) said.set(*n + 1);
  }
};

TEST(shard_time, agents_that_follow_one_another_for_ever_end_as_a_dead_letter) {
  lab l({make_agent_type<echo>("echo", "/echo/:id")});
  l.post({{"/echo/1", "hear", "", R"("/echo/2")"}, {"/echo/2", "hear", "", R"("/echo/1")"}});
  ASSERT_TRUE(l.settle(10'000));
  ASSERT_FALSE(l.dead.empty());
  EXPECT_THAT(l.dead[0].detail, HasSubstr("endless"));
  EXPECT_EQ(l.source->in_flight_records(), 0);
}

TEST(shard_time, refused_command_to_nobody_leaves_nothing_behind) {
  lab l({accounts({hosting::shared, creation::commands})});
  const auto c = l.command({"/account/1", "add", "0", {}, {}, "key"});
  l.settle();
  EXPECT_EQ(c->code(), problem::conflict);
  EXPECT_TRUE(l.on("/account/1").retire());
}

TEST(shard_time, if_match_star_asks_that_the_entity_exists) {
  lab l({accounts({hosting::shared, creation::commands})});
  const auto none = l.command({"/account/1", "add", "1", "*", {}, {}});
  l.settle();
  EXPECT_EQ(none->code(), problem::rev_mismatch);
  const auto made = l.command("/account/1", "add", "1"), again = l.command({"/account/1", "add", "1", "*", {}, {}});
  l.settle();
  EXPECT_TRUE(made->fine());
  EXPECT_EQ(again->result().result, "2");
}

TEST(shard_time, subscription_to_a_state_over_the_bound_ends_with_an_error) {
  shard_options o;
  o.document_bytes_max = 500;
  lab l({accounts()}, 1, o);
  const auto early = l.subscribe("/account/1");
  l.settle();
  l.post({{"/account/1", "name", "", '"' + std::string(600, 'x') + '"'}});
  l.settle();
  const auto late = l.subscribe("/account/1");
  const auto part = l.subscribe("/account/1", {false, {"sum"}});
  l.settle();
  EXPECT_THAT(early->said(), testing::ElementsAre("snap 0 none", "done error"));
  EXPECT_THAT(late->said(), testing::ElementsAre("done error"));
  EXPECT_THAT(part->said(), testing::ElementsAre("snap 1"));
}

}  // namespace
}  // namespace runtime_test
