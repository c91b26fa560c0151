#include <gmock/gmock.h>

#include "kept_lab.hpp"

// The life of an agent, as those hear it who follow nothing else.
using namespace runtime_test;
using testing::ElementsAre;

namespace {

const view no_lanes{false, {}};

shard_options soon_idle() {
  shard_options o;
  o.idle_ms = 1'000;
  return o;
}

void let_idle(kept_lab& l) {
  l->now += 2'000;
  l->tick();
  ASSERT_EQ(l->agents, 0);
}

TEST(shard_life, is_told_from_birth_to_deletion) {
  kept_lab l(soon_idle());
  const auto f = l->subscribe("/account/1", no_lanes, true);
  l.post({{"/account/1", "sum", "", "1"}});
  let_idle(l);
  l.post({{"/account/1", "sum", "", "2"}});
  l->remove("/account/1");
  ASSERT_TRUE(l->settle());
  l.post({{"/account/1", "sum", "", "3"}});
  for (std::uint32_t n = 0; n < l.shards; ++n) l->order(std::to_string(n), [](shard& s) { s.stop_agents(); });
  ASSERT_TRUE(l->settle());
  EXPECT_THAT(f->said(), ElementsAre("snap 0 none", "snap 1", "life started", "life passivated", "life activated",
                                     "life deleted", "snap 0 none", "snap 1", "life started", "life stopped"));
  EXPECT_EQ(f->broken(), "");
}

TEST(shard_life, alone_it_activates_nobody_and_says_where_the_agent_is) {
  kept_lab l(soon_idle());
  l.post({{"/account/1", "sum", "", "1"}});
  l.post({{"/account/1", "sum", "", "2"}});
  l.restart();
  const auto f = l->subscribe("/account/1", no_lanes, true), nobody = l->subscribe("/account/2", no_lanes, true);
  ASSERT_TRUE(l->settle());
  EXPECT_EQ(l->agents, 0);
  EXPECT_THAT(f->said(), ElementsAre("snap 2"));
  EXPECT_EQ(f->state(), json::object());
  EXPECT_FALSE(f->lineage().empty());
  EXPECT_THAT(nobody->said(), ElementsAre("snap 0 none"));
  l.post({{"/account/1", "sum", "", "3"}});
  EXPECT_EQ(l->rev("/account/1"), 3u);
  EXPECT_THAT(f->said(), ElementsAre("snap 2", "life activated"));
}

TEST(shard_life, alone_it_holds_nobody_in_memory) {
  kept_lab l(soon_idle());
  l.post({{"/account/1", "sum", "", "1"}});
  const auto f = l->subscribe("/account/1", no_lanes, true);
  ASSERT_TRUE(l->settle());
  let_idle(l);
  EXPECT_THAT(f->said(), ElementsAre("snap 1", "life passivated"));
  l->now += 10'000;
  l->tick();
  EXPECT_EQ(l->agents, 0);
}

TEST(shard_life, a_second_subscription_to_a_passive_agent_activates_it_only_for_lanes) {
  kept_lab l(soon_idle());
  l.post({{"/account/1", "sum", "", "1"}});
  let_idle(l);
  const auto life = l->subscribe("/account/1", no_lanes, true);
  ASSERT_TRUE(l->settle());
  EXPECT_EQ(l->agents, 0);
  const auto lanes = l->subscribe("/account/1");
  ASSERT_TRUE(l->settle());
  EXPECT_EQ(l->agents, 1);
  EXPECT_EQ(lanes->state()["sum"], 1);
  EXPECT_THAT(life->said(), ElementsAre("snap 1", "life activated"));
  EXPECT_EQ(life->lineage(), lanes->lineage());
}

TEST(shard_life, a_store_that_cannot_be_read_for_now_shows_nobody) {
  kept_lab l(soon_idle());
  l.post({{"/account/1", "sum", "", "1"}});
  let_idle(l);
  const auto before = l->subscribe("/account/1", no_lanes, true);
  ASSERT_TRUE(l->settle());
  l->kept.reads_fail = 1;
  const auto f = l->subscribe("/account/1", no_lanes, true);
  ASSERT_TRUE(l->settle());
  EXPECT_THAT(before->said(), ElementsAre("snap 1"));
  EXPECT_THAT(f->said(), ElementsAre("done error"));
  EXPECT_EQ(l->agents, 0);
}

}  // namespace
