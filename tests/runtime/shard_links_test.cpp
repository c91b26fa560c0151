#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cabinet.hpp"
#include "cast.hpp"
#include "kept_lab.hpp"

// Subscribers that refuse, pull, come back, and see parts.
using namespace runtime_test;
using testing::ElementsAre;

namespace {

/// One that refuses until it is told otherwise.
struct choosy {
  std::shared_ptr<following> by = std::make_shared<following>();
  bool full = false;
  choosy() {
    by->refuses = [this] { return full; };
  }
  choosy(const choosy&) = delete;
  template <class Lab>
  void pull(Lab& l, const std::string& uri, std::uint64_t id) {
    full = false;
    by->has_room();
    l.pull(uri, id);
    l.settle();
  }
};

view fields(const std::vector<field_set::path>& paths, std::string rights = {}) {
  return {true, {}, std::make_shared<const field_set>(field_set::of(paths)), std::move(rights)};
}

void set_sum(lab& l, int n) {
  l.post({{"/account/1", "sum", "", std::to_string(n)}});
  l.settle();
}

TEST(shard_links, who_refuses_hears_nothing_until_it_pulls_and_then_all_at_once) {
  lab l({accounts()});
  set_sum(l, 1);
  choosy c;
  l.subscribe("/account/1", c.by, {});
  l.settle();
  c.full = true;
  for (int i = 2; i < 6; ++i) set_sum(l, i);
  EXPECT_THAT(c.by->said(), ElementsAre("snap 1"));
  c.pull(l, "/account/1", l.last_link());
  EXPECT_THAT(c.by->said(), ElementsAre("snap 1", "merged 1>5"));
  EXPECT_EQ(c.by->patches().back(), json::parse(R"({"sum":5})"));
  set_sum(l, 6);
  EXPECT_EQ(c.by->said().back(), "diff 5>6");
  c.pull(l, "/account/1", l.last_link());
  EXPECT_EQ(c.by->said().size(), 3u) << "nothing is missed";
  EXPECT_EQ(c.by->broken(), "");
}

TEST(shard_links, refused_merged_diff_is_merged_with_what_comes_after_it) {
  lab l({accounts()});
  set_sum(l, 1);
  choosy c;
  l.subscribe("/account/1", c.by, {});
  l.settle();
  c.full = true;
  set_sum(l, 2);
  c.by->has_room();
  l.pull("/account/1", l.last_link());
  l.settle();
  EXPECT_TRUE(c.by->waits());
  l.post({{"/account/1", "name", "", "\"n\""}});
  l.settle();
  c.pull(l, "/account/1", l.last_link());
  EXPECT_THAT(c.by->said(), ElementsAre("snap 1", "merged 1>3"));
  EXPECT_EQ(c.by->state(), l.document("/account/1"));
}

TEST(shard_links, refused_snapshot_is_made_when_it_is_pulled) {
  lab l({accounts()});
  set_sum(l, 1);
  choosy c;
  c.full = true;
  l.subscribe("/account/1", c.by, {});
  l.settle();
  set_sum(l, 2);
  c.pull(l, "/account/1", l.last_link());
  EXPECT_THAT(c.by->said(), ElementsAre("snap 2"));
}

TEST(shard_links, removed_and_reborn_meanwhile_is_a_snapshot) {
  lab l({accounts()});
  set_sum(l, 1);
  choosy c, d;
  l.subscribe("/account/1", c.by, {});
  l.subscribe("/account/1", d.by, {});
  l.settle();
  c.full = d.full = true;
  set_sum(l, 2);
  l.remove("/account/1");
  l.settle();
  d.pull(l, "/account/1", l.last_link());
  set_sum(l, 3);
  c.pull(l, "/account/1", l.last_link() - 1);
  EXPECT_THAT(d.by->said(), ElementsAre("snap 1", "snap 0 none", "snap 1"));
  EXPECT_THAT(c.by->said(), ElementsAre("snap 1", "snap 1"));
  EXPECT_EQ(c.by->lineage(), "L2");
}

TEST(shard_links, over_the_bound_of_its_history_it_is_a_snapshot) {
  shard_options o;
  o.history_bytes_max = 1'000;
  lab l({accounts()}, 1, o);
  set_sum(l, 1);
  choosy c;
  l.subscribe("/account/1", c.by, {});
  l.settle();
  c.full = true;
  for (int i = 0; i < 30; ++i) {
    l.post({{"/account/1", "amounts", std::to_string(i), "1"}});
    l.now += 1'000;
    l.settle();
  }
  c.pull(l, "/account/1", l.last_link());
  EXPECT_THAT(c.by->said(), ElementsAre("snap 1", "snap 31"));
  EXPECT_LE(l.history_bytes.bytes, 1'000u);
}

TEST(shard_links, who_comes_back_resumes_with_what_was_missed) {
  lab l({accounts()});
  set_sum(l, 1);
  const auto f = l.subscribe("/account/1");
  l.settle();
  l.unsubscribe("/account/1", l.last_link());
  set_sum(l, 2);
  set_sum(l, 3);
  const auto back = std::make_shared<following>(), same = std::make_shared<following>();
  back->take_over(*f);
  l.subscribe("/account/1", back, {}, false, back->at());
  l.settle();
  EXPECT_THAT(back->said(), ElementsAre("resumed 1", "merged 1>3"));
  EXPECT_EQ(back->state(), l.document("/account/1"));
  same->take_over(*back);
  l.subscribe("/account/1", same, {}, false, same->at());
  set_sum(l, 4);
  EXPECT_THAT(same->said(), ElementsAre("resumed 3", "diff 3>4"));
  EXPECT_EQ(back->broken() + same->broken(), "");
  EXPECT_EQ(l.resumed, 2);
}

TEST(shard_links, nobody_resumes_in_another_life_with_other_rights_or_from_the_future) {
  lab l({accounts()});
  set_sum(l, 1);
  for (const resume_point& from : {resume_point{"L9", 1}, {"L1-x", 1}, {"L1", 2}, {"", 0}, {"L1", 0}}) {
    const auto f = std::make_shared<following>();
    l.subscribe("/account/1", f, {}, false, from);
    l.settle();
    EXPECT_THAT(f->said(), ElementsAre("snap 1")) << from.lineage << ':' << from.rev;
  }
  EXPECT_EQ(l.not_resumed, 5);
  const auto none = std::make_shared<following>();
  l.subscribe("/account/2", none, {}, false, resume_point{"L1", 1});
  l.settle();
  EXPECT_THAT(none->said(), ElementsAre("snap 0 none"));
}

TEST(shard_links, lineage_of_a_snapshot_carries_the_rights) {
  lab l({accounts()});
  set_sum(l, 1);
  const auto f = l.subscribe("/account/1", fields({{"sum"}}, "m7")), back = std::make_shared<following>();
  l.settle();
  EXPECT_EQ(f->lineage(), "L1-m7");
  back->take_over(*f);
  l.subscribe("/account/1", back, fields({{"sum"}}, "m7"), false, back->at());
  l.settle();
  EXPECT_THAT(back->said(), ElementsAre("resumed 1"));
  const auto added = l.command({"/account/1", "add", "1", "L1-m7:1", {}, {}});
  const auto late = l.command({"/account/1", "add", "1", "L1-m7:1", {}, {}});
  const auto other = l.command({"/account/1", "add", "1", "L11:2", {}, {}});
  l.settle();
  EXPECT_TRUE(added->fine());
  EXPECT_EQ(added->result().lineage, "L1");
  EXPECT_EQ(late->code(), problem::rev_mismatch);
  EXPECT_EQ(other->code(), problem::rev_mismatch);
}

TEST(shard_links, history_goes_some_time_after_the_last_link) {
  lab l({accounts()});
  set_sum(l, 1);
  const auto f = l.subscribe("/account/1");
  l.settle();
  set_sum(l, 2);
  EXPECT_GT(l.history_bytes.bytes, 0u);
  l.unsubscribe("/account/1", l.last_link());
  l.settle();
  l.now += l.options.history_age_ms - 1;
  set_sum(l, 3);
  const auto back = std::make_shared<following>();
  back->take_over(*f);
  l.subscribe("/account/1", back, {}, false, back->at());
  l.settle();
  EXPECT_THAT(back->said(), ElementsAre("resumed 2", "merged 2>3"));
  l.unsubscribe("/account/1", l.last_link());
  l.settle();
  for (int i = 0; i < 3; ++i) {
    l.now += l.options.history_age_ms;
    l.tick();
  }
  EXPECT_EQ(l.history_bytes.bytes, 0u);
  EXPECT_EQ(l.on("/account/1").find("/account/1")->watched, nullptr);
}

TEST(shard_links, nobody_who_watches_no_lanes_makes_a_history) {
  lab l({accounts()});
  set_sum(l, 1);
  const auto f = l.subscribe("/account/1", {false, {}}, true);
  set_sum(l, 2);
  EXPECT_EQ(l.history_bytes.bytes, 0u);
}

TEST(shard_links, field_view_sees_only_its_fields_and_hears_of_them_alone) {
  lab l({make_agent_type<cabinet>("cabinet", "/cabinet/:id")});
  const auto put = [&](const char* key, const char* person) {
    l.post({{"/cabinet/1", "people", key, person}});
    l.settle();
  };
  put("x", R"({"name":"ann","at":{"city":"ulm","zip":1,"marks":{}}})");
  const auto f = l.subscribe("/cabinet/1", fields({{"people", "x", "at", "zip"}, {"any"}}));
  l.settle();
  EXPECT_EQ(f->state(), json::parse(R"({"people":{"x":{"at":{"zip":1}}}})"));
  put("x", R"({"name":"eve","at":{"city":"bonn","zip":1,"marks":{"m":1}}})");
  put("y", R"({"name":"bob","at":{"city":"bonn","zip":9,"marks":{}}})");
  l.post({{"/cabinet/1", "counts", "k", "1"}});
  l.settle();
  EXPECT_THAT(f->said(), ElementsAre("snap 1"));
  put("x", R"({"name":"eve","at":{"city":"bonn","zip":2,"marks":{}}})");
  EXPECT_THAT(f->said(), ElementsAre("snap 1", "diff 1>5"));
  EXPECT_EQ(f->patches().back(), json::parse(R"({"people":{"x":{"at":{"zip":2}}}})"));
  l.post({{"/cabinet/1", "people", "x", "", true}});
  l.settle();
  EXPECT_EQ(f->state(), json::parse(R"({"people":{}})"));
  EXPECT_EQ(f->broken(), "");
}

TEST(shard_links, pull_when_nothing_of_the_view_was_missed_is_silent) {
  lab l({make_agent_type<cabinet>("cabinet", "/cabinet/:id")});
  const auto put = [&](const char* lane, const char* key, const char* value) {
    l.post({{"/cabinet/1", lane, key, value}});
    l.settle();
  };
  put("counts", "a", "1");
  choosy c;
  l.subscribe("/cabinet/1", c.by, fields({{"counts", "a"}}));
  l.settle();
  c.full = true;
  put("counts", "a", "2");
  put("counts", "b", "2");
  c.pull(l, "/cabinet/1", l.last_link());
  EXPECT_THAT(c.by->said(), ElementsAre("snap 1", "merged 1>3"));
  put("counts", "b", "3");
  put("counts", "a", "3");
  EXPECT_EQ(c.by->said().back(), "diff 3>5");
  EXPECT_EQ(c.by->state(), json::parse(R"({"counts":{"a":3}})"));
}

TEST(shard_links, supply_event_shows_the_fields_of_its_view) {
  lab l({make_agent_type<siren>("siren", "/siren/:id")});
  const auto all = l.subscribe("/siren/1", fields({{"alarms"}})), none = l.subscribe("/siren/1", fields({{"levels"}})),
             part = l.subscribe("/siren/1", fields({{"alarms", "loud"}}));
  l.post({{"/siren/1", "levels", "1", "11"}});
  l.settle();
  EXPECT_THAT(all->said(), ElementsAre("snap 0 none", "snap 1", "event alarms 11"));
  EXPECT_THAT(none->said(), ElementsAre("snap 0 none", "snap 1"));
  EXPECT_THAT(part->said(), ElementsAre("snap 0 none", "snap 1")) << "a number has no such member";
}

TEST(shard_links, links_that_see_the_same_share_one_text) {
  lab l({accounts()});
  set_sum(l, 1);
  std::vector<const std::string*> texts;
  struct noting final : subscriber {
    explicit noting(std::vector<const std::string*>& to) : to_(to) {}
    bool on_snapshot(std::uint64_t, const snapshot& s) override { return to_.push_back(&*s.tail), true; }
    bool on_diff(std::uint64_t, const diff& d) override { return to_.push_back(&*d.tail), true; }
    void on_life(std::uint64_t, const life_event&) override {}
    void on_done(std::uint64_t, std::string_view) override {}
    std::vector<const std::string*>& to_;
  };
  for (int i = 0; i < 3; ++i) l.subscribe("/account/1", std::make_shared<noting>(texts), fields({{"sum"}}));
  l.settle();
  set_sum(l, 2);
  ASSERT_EQ(texts.size(), 6u);
  EXPECT_EQ(texts[0], texts[1]);
  EXPECT_EQ(texts[1], texts[2]);
  EXPECT_EQ(texts[3], texts[4]);
  EXPECT_EQ(texts[4], texts[5]);
}

TEST(shard_links, passive_agent_that_nothing_happened_to_is_resumed_without_bringing_it_back) {
  shard_options o;
  o.idle_ms = 1'000;
  kept_lab l(o);
  l.post({{"/account/1", "sum", "", "1"}});
  const auto f = l->subscribe("/account/1");
  l->settle();
  l->unsubscribe("/account/1", l->last_link());
  l->settle();
  for (const bool restarts : {false, true}) {
    l->now += 10'000;
    l->tick();
    if (restarts) l.restart();
    const auto back = std::make_shared<following>();
    back->take_over(*f);
    l->subscribe("/account/1", back, {}, false, back->at());
    l->settle();
    EXPECT_THAT(back->said(), ElementsAre("resumed 1"));
    EXPECT_EQ(l->on("/account/1").find("/account/1")->self, nullptr);
    if (!restarts) l->unsubscribe("/account/1", l->last_link());
    if (!restarts) continue;
    l.post({{"/account/1", "sum", "", "2"}});
    EXPECT_THAT(back->said(), ElementsAre("resumed 1", "diff 1>2"));
    EXPECT_EQ(back->broken(), "");
  }
}

TEST(shard_links, what_a_transient_lane_lost_with_its_agent_is_a_snapshot) {
  shard_options o;
  o.idle_ms = 1'000;
  kept_lab l(o);
  l.post({{"/clerk/1", "whisper", "", "1"}, {"/clerk/1", "papers", "1", "1"}});
  choosy c;
  l->subscribe("/clerk/1", c.by, {});
  l->settle();
  const auto id = l->last_link();
  c.full = true;
  l.post({{"/clerk/1", "papers", "2", "1"}});
  l->now += 10'000;
  l->tick();
  ASSERT_EQ(l->on("/clerk/1").find("/clerk/1")->self, nullptr);
  c.pull(*l.now, "/clerk/1", id);
  EXPECT_THAT(c.by->said(), ElementsAre("snap 1", "snap 3"));
  EXPECT_FALSE(c.by->state().contains("whisper"));
}

}  // namespace
