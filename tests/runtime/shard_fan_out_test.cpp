#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "cast.hpp"
#include "lab.hpp"

// A change of a lane that many follow.
using namespace runtime_test;

namespace {

/// A product that many fans follow, told a few at a time; notes what each of them is told.
struct crowd_lab : lab {
  static shard_options steps_of(std::uint32_t n) {
    shard_options o;
    o.fan_out_step = n;
    return o;
  }
  explicit crowd_lab(std::uint32_t shards = 4, bool keeps = false, shard_options o = steps_of(10))
      : lab({accounts(), make_agent_type<fan>("fan", "/fan/:id"), make_agent_type<product>("product", "/product/:id")},
            shards, o, keeps) {}

  void deliver(join_update u) override {
    for (const auto& to : u.to) {
      const auto joiner = to.uri + ' ' + to.key;
      auto& last = last_[joiner];
      if (!last.expired()) twice_waiting = joiner;
      last = u.said;
      const auto place = u.said->at.lineage + ':' + std::to_string(u.said->at.rev);
      if (++heard[joiner][place] > 1 && u.said->present) heard_twice = joiner + " at " + place;
    }
    updates += u.to.size();
    said.insert(u.said);
    lab::deliver(std::move(u));
  }

  void join(int fans) {
    std::vector<event> events;
    for (int f = 0; f < fans; ++f) events.push_back({"/fan/" + std::to_string(f), "wish", "0", R"("/product/7")"});
    post(events);
    settle();
    updates = 0;
    heard.clear();
  }
  void price(int p) { post({{"/product/7", "price", "", std::to_string(p)}}); }
  /// Runs until so many updates have left, or all is at rest.
  void run_until(std::size_t count) {
    while (updates < count && !settle(1)) {}
  }
  int with_price(int fans, const json& p) {
    int n = 0;
    for (int f = 0; f < fans; ++f) n += document("/fan/" + std::to_string(f))["prices"] == p;
    return n;
  }
  int with_price(int fans, int p) { return with_price(fans, json({{"0", p}})); }

  std::map<std::string, std::map<std::string, int>> heard;  // by joiner and the place where the product was
  std::string heard_twice, twice_waiting;
  std::size_t updates = 0;
  std::set<std::weak_ptr<announcement>, std::owner_less<>> said;  // what was made for them

 private:
  std::map<std::string, std::weak_ptr<announcement>> last_;
};

class fan_out : public testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(shards, fan_out, testing::Values(1u, 5u));

TEST_P(fan_out, reaches_all_once_in_steps) {
  crowd_lab l(GetParam());
  l.join(95);
  l.price(30);
  l.run_until(1);
  EXPECT_EQ(l.updates, 10u) << "one step";
  ASSERT_TRUE(l.settle());
  EXPECT_EQ(l.updates, 95u);
  EXPECT_EQ(l.with_price(95, 30), 95);
  EXPECT_EQ(l.heard_twice, "");
}

TEST_P(fan_out, of_few_is_told_in_the_cut_that_changed) {
  crowd_lab l(GetParam());
  l.join(10);
  l.price(30);
  l.run_until(1);
  EXPECT_EQ(l.updates, 10u);
  ASSERT_TRUE(l.settle());
  EXPECT_EQ(l.updates, 10u);
  EXPECT_EQ(l.with_price(10, 30), 10);
}

TEST_P(fan_out, change_under_way_is_merged_into_it) {
  crowd_lab l(GetParam());
  l.join(95);
  l.price(30);
  for (int p = 31; p < 60; ++p) {
    l.run_until(static_cast<std::size_t>(p - 30) * 10);
    l.price(p);
  }
  ASSERT_TRUE(l.settle());
  EXPECT_EQ(l.with_price(95, 59), 95);
  EXPECT_EQ(l.heard_twice, "") << "no state is told again";
  EXPECT_EQ(l.twice_waiting, "") << "one update for a joiner at a time";
  EXPECT_LT(l.updates, 95u * 6) << "30 changes, and each joiner heard those that stood when it was told";
}

TEST_P(fan_out, of_changes_that_come_faster_than_they_are_heard_is_bounded) {
  crowd_lab l(GetParam());
  l.join(5);
  for (int p = 1; p <= 500; ++p) {
    l.price(p);
    l.on("/product/7").run();  // and nobody who hears it, where that is another shard
  }
  ASSERT_TRUE(l.settle());
  EXPECT_EQ(l.with_price(5, 500), 5);
  EXPECT_EQ(l.twice_waiting, "");
}

TEST(fan_out_on_one_shard, to_those_who_join_at_once_is_made_once_a_cut_that_is_bounded) {
  for (const bool keeps : {false, true}) {
    auto o = crowd_lab::steps_of(10);
    o.cut_records = 50;
    crowd_lab l(1, keeps, o);
    l.price(30);
    l.join(200);
    EXPECT_EQ(l.said.size(), 4u);
    EXPECT_EQ(l.with_price(200, 30), 200);
    EXPECT_EQ(l.heard_twice, "");
    l.price(31);
    ASSERT_TRUE(l.settle());
    EXPECT_EQ(l.with_price(200, 31), 200);
    EXPECT_EQ(l.source->in_flight_records(), 0);
  }
}

TEST(fan_out_on_one_shard, lets_others_on_its_shard_go_on_between_its_steps) {
  crowd_lab l(1);
  l.join(95);
  l.price(30);
  l.run_until(20);
  l.post({{"/account/1", "name", "", "\"a\""}});
  while (l.document("/account/1").is_null() && !l.settle(1)) {}
  EXPECT_EQ(l.document("/account/1")["name"], "a");
  EXPECT_LT(l.with_price(95, 30), 60) << "it did not wait for the fan-out's end";
  ASSERT_TRUE(l.settle());
  EXPECT_EQ(l.with_price(95, 30), 95);
}

TEST_P(fan_out, holds_its_records_window_until_the_last_has_heard) {
  crowd_lab l(GetParam());
  l.join(95);
  int told_at_last = 0;
  l.source->did_advance = [&](std::int64_t) { told_at_last = l.with_price(95, 30); };
  l.price(30);
  l.run_until(60);
  EXPECT_EQ(l.source->in_flight_records(), 1);
  ASSERT_TRUE(l.settle());
  EXPECT_EQ(l.source->in_flight_records(), 0);
  EXPECT_EQ(told_at_last, 95);
}

TEST_P(fan_out, who_leaves_meanwhile_hears_no_more_and_all_others_do) {
  for (int leaver = 0; leaver < 30; ++leaver) {
    crowd_lab l(GetParam(), false, crowd_lab::steps_of(4));
    l.join(30);
    l.price(30);
    l.run_until(12);
    l.post({{"/fan/" + std::to_string(leaver), "wish", "0", "", true}});
    l.price(31);
    ASSERT_TRUE(l.settle());
    EXPECT_EQ(l.with_price(30, 31), 29) << leaver;
    EXPECT_EQ(l.document("/fan/" + std::to_string(leaver))["prices"], json::object());
    EXPECT_EQ(l.heard_twice, "");
  }
}

TEST_P(fan_out, who_joins_meanwhile_hears_each_state_once) {
  for (int joiner = 100; joiner < 130; ++joiner) {
    crowd_lab l(GetParam(), false, crowd_lab::steps_of(4));
    l.join(30);
    l.price(30);
    l.run_until(12);
    const auto uri = "/fan/" + std::to_string(joiner);
    l.post({{uri, "wish", "0", R"("/product/7")"}});
    ASSERT_TRUE(l.settle());
    EXPECT_EQ(l.document(uri)["prices"], json({{"0", 30}})) << uri;
    EXPECT_EQ(l.heard_twice, "");
    l.price(31);
    ASSERT_TRUE(l.settle());
    EXPECT_EQ(l.document(uri)["prices"], json({{"0", 31}})) << uri;
    EXPECT_EQ(l.with_price(30, 31), 30);
  }
}

TEST_P(fan_out, deleted_meanwhile_is_heard_of_by_all_and_so_is_its_rebirth) {
  crowd_lab l(GetParam());
  l.join(95);
  l.price(30);
  l.run_until(40);
  l.remove("/product/7");
  ASSERT_TRUE(l.settle());
  EXPECT_EQ(l.with_price(95, json::object()), 95);
  l.price(31);
  l.run_until(l.updates + 40);
  l.remove("/product/7");
  l.price(32);
  ASSERT_TRUE(l.settle());
  EXPECT_EQ(l.with_price(95, 32), 95);
  EXPECT_EQ(l.heard_twice, "");
}

TEST_P(fan_out, ends_when_all_have_left) {
  crowd_lab l(GetParam());
  l.join(30);
  l.price(30);
  l.run_until(10);
  l.remove("/product/7");
  for (int f = 0; f < 30; ++f) l.remove("/fan/" + std::to_string(f));
  ASSERT_TRUE(l.settle());
  EXPECT_EQ(l.source->in_flight_records(), 0);
  EXPECT_EQ(l.on("/product/7").find("/product/7"), nullptr) << "nothing is left of it";
}

TEST_P(fan_out, of_a_lane_that_nobody_follows_tells_nobody) {
  crowd_lab l(GetParam());
  l.join(30);
  l.price(30);
  ASSERT_TRUE(l.settle());
  l.post({{"/product/7", "other", "", "1"}});
  ASSERT_TRUE(l.settle());
  EXPECT_EQ(l.updates, 30u);
}

// What is kept.

json owed(const lab& l) {
  json all = json::array();
  for (const auto& [place, value] : l.kept.rows)
    if (place[1] == "owed") all.push_back(place[2]);
  return all;
}

TEST_P(fan_out, is_owed_until_the_last_has_heard_durably) {
  crowd_lab l(GetParam(), true);
  l.join(95);
  l.kept.held = true;
  l.price(30);
  ASSERT_TRUE(l.settle());
  EXPECT_EQ(l.with_price(95, 30), 95);
  EXPECT_EQ(l.source->in_flight_records(), 1);
  EXPECT_EQ(owed(l), json({"/product/7"}));
  l.kept.held = false;
  while (!l.kept.waiting.empty()) {
    l.kept.release();
    l.settle();
  }
  EXPECT_EQ(l.source->in_flight_records(), 0);
  EXPECT_EQ(owed(l), json::array());
}

TEST_P(fan_out, goes_on_after_an_end_at_any_moment) {
  crowd_lab l(GetParam(), true, crowd_lab::steps_of(4));
  l.join(30);
  l.price(29);
  ASSERT_TRUE(l.settle());
  l.kept.remembers = true;
  l.kept.history = {l.kept.rows};
  l.price(30);
  l.run_until(12);
  l.price(31);
  ASSERT_TRUE(l.settle());
  int cut_short = 0;
  for (const auto& rows : l.kept.history) {
    crowd_lab again(GetParam(), true, crowd_lab::steps_of(4));
    again.kept.rows = rows;
    again.wake_all();
    const auto price = [&] {
      again.on("/product/7").find_agent("/product/7");
      return again.document("/product/7")["price"].get<int>();
    }();
    for (int f = 0; f < 30; ++f) {
      const auto uri = "/fan/" + std::to_string(f);
      again.on(uri).find_agent(uri);
      ASSERT_EQ(again.document(uri)["prices"], json({{"0", price}})) << uri;
    }
    cut_short += again.updates > 0;
    EXPECT_EQ(owed(again), json::array());
    EXPECT_EQ(again.heard_twice, "");
  }
  EXPECT_GT(cut_short, 5) << "ends in the middle of it";
}

TEST_P(fan_out, activates_passive_joiners) {
  auto o = crowd_lab::steps_of(10);
  o.active_max = 3;
  crowd_lab l(GetParam(), true, o);
  l.join(95);
  EXPECT_LT(l.agents, 60) << "most are passive";
  for (const int p : {30, 31}) {
    l.price(p);
    ASSERT_TRUE(l.settle());
    for (int f = 0; f < 95; ++f) {
      const auto uri = "/fan/" + std::to_string(f);
      l.on(uri).find_agent(uri);
      ASSERT_EQ(l.document(uri)["prices"], json({{"0", p}})) << uri;
    }
  }
  EXPECT_EQ(l.heard_twice, "");
  EXPECT_EQ(owed(l), json::array());
}

TEST_P(fan_out, whose_joiner_cannot_be_read_reaches_the_others_and_stays_owed) {
  crowd_lab l(GetParam(), true);
  l.join(30);
  const auto rows = l.kept.rows;
  crowd_lab again(GetParam(), true);
  again.kept.rows = rows;
  again.kept.rows[{"/fan/3", "", ""}] = "no header";
  std::int64_t offset = 1'000;
  again.post(again.source, {{"/product/7", "price", "", "30"}}, offset);
  ASSERT_TRUE(again.settle());
  EXPECT_EQ(again.with_price(30, 30), 29);
  EXPECT_EQ(owed(again), json({"/product/7"}));
  crowd_lab healed(GetParam(), true);
  healed.kept.rows = again.kept.rows;
  healed.kept.rows[{"/fan/3", "", ""}] = rows.at({"/fan/3", "", ""});
  healed.wake_all();
  EXPECT_EQ(healed.document("/fan/3")["prices"], json({{"0", 30}}));
  EXPECT_EQ(owed(healed), json::array());
}

TEST(fan_out_on_one_shard, reaches_those_who_joined_while_the_agent_could_not_be_read) {
  crowd_lab first(1, true);
  first.price(30);
  ASSERT_TRUE(first.settle());
  crowd_lab l(1, true);
  l.kept.rows = first.kept.rows;
  std::int64_t offset = 1'000;
  l.post(l.source, {{"/fan/0", "wish", "0", R"("/product/7")"}, {"/fan/1", "wish", "0", R"("/product/7")"}}, offset);
  while (l.delivered < 2 && !l.settle(1)) {}
  l.kept.reads_fail = 100;  // all tries for the first; the second is of the same cut
  ASSERT_TRUE(l.settle());
  l.post(l.source, {{"/product/7", "price", "", "31"}}, offset);
  ASSERT_TRUE(l.settle());
  EXPECT_EQ(l.with_price(2, 31), 2);
}

}  // namespace
