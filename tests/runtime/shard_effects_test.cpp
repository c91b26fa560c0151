#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cast.hpp"
#include "lab.hpp"

using namespace runtime_test;

namespace {

struct relay_lab : lab {
  explicit relay_lab(std::uint32_t shards = 4) : lab({make_agent_type<relay>("relay", "/relay/:id")}, shards) {}
  void link(int from, int to) {
    post({{"/relay/" + std::to_string(from), "to", "", "\"/relay/" + std::to_string(to) + "\""}});
    settle();
  }
};

TEST(shard_message, travels_from_agent_to_agent_and_creates_its_receiver) {
  relay_lab l;
  for (int i = 1; i < 6; ++i) l.link(i, i + 1);
  l.post({{"/relay/1", "inbox", "", "10"}});
  ASSERT_TRUE(l.settle());
  for (int i = 1; i <= 6; ++i) EXPECT_EQ(l.document("/relay/" + std::to_string(i))["inbox"], json({{"1", 9 + i}})) << i;
}

TEST(shard_message, many_from_one_agent_arrive_in_order) {
  relay_lab l;
  l.link(1, 2);
  std::vector<event> events;
  for (int i = 0; i < 700; ++i) events.push_back({"/relay/1", "inbox", "", std::to_string(i)});
  l.post(events);
  l.settle();
  const auto inbox = l.document("/relay/2")["inbox"];
  ASSERT_EQ(inbox.size(), 700u);
  for (int i = 0; i < 700; ++i) ASSERT_EQ(inbox[std::to_string(i + 1)], i + 1);
}

TEST(shard_message, does_not_leave_a_turn_that_failed) {
  relay_lab l;
  l.link(1, 2);
  l.post({{"/relay/1", "inbox", "", "5"}, {"/relay/1", "inbox", "", "-1"}, {"/relay/1", "inbox", "", "6"}});
  l.settle();
  EXPECT_EQ(l.document("/relay/2")["inbox"], json::parse(R"({"1":6,"2":7})")) << "one each, although 5 was tried twice";
  EXPECT_EQ(l.dead.size(), 1u);
}

TEST(shard_message, that_fails_at_its_receiver_is_a_dead_letter_of_the_agents) {
  relay_lab l;
  l.link(1, 2);
  l.post({{"/relay/1", "inbox", "", "-2"}});  // 2 gets -1 and throws
  l.settle();
  ASSERT_EQ(l.dead.size(), 1u);
  EXPECT_EQ(l.dead[0].source, "(agents)");
  EXPECT_EQ(l.dead[0].reason, dead_reason::handler_failed);
  EXPECT_EQ(l.dead[0].topic, "/relay/2/inbox");
  EXPECT_EQ(l.dead[0].value, "-1");
}

TEST(shard_message, to_a_lane_that_is_not_there_is_a_dead_letter) {
  relay_lab l;
  l.deliver(mail{"/relay/1", "nowhere", "", "1", nullptr, 1, {}});
  l.deliver(mail{"/relay/2", "inbox", "", "{", nullptr, 1, {}});
  l.settle();
  ASSERT_EQ(l.dead.size(), 2u);
  EXPECT_NE(l.dead[0].offset, l.dead[1].offset) << "letters are known by their position";
  EXPECT_TRUE(l.document("/relay/1").is_null());
}

TEST(shard_message, endless_loop_ends_as_a_dead_letter) {
  relay_lab l;
  l.link(1, 2);
  l.link(2, 1);
  l.post({{"/relay/1", "inbox", "", "0"}});
  ASSERT_TRUE(l.settle(10'000));
  ASSERT_EQ(l.dead.size(), 1u);
  EXPECT_EQ(l.dead[0].reason, dead_reason::handler_failed);
  EXPECT_EQ(l.document("/relay/1")["seen"].get<int>() + l.document("/relay/2")["seen"].get<int>(), 65);
  EXPECT_EQ(l.source->in_flight_records(), 0) << "the record that began it is done with";
}

TEST(shard_message, keeps_its_records_window_open_until_it_is_applied) {
  relay_lab l(1);
  l.link(1, 2);
  std::vector<std::string> order;
  l.source->did_advance = [&](std::int64_t) { order.push_back(l.document("/relay/2").dump()); };
  l.post({{"/relay/1", "inbox", "", "1"}});
  l.settle();
  ASSERT_EQ(order.size(), 1u);
  EXPECT_THAT(order[0], testing::HasSubstr("\"seen\":1"));
}

/// Notes the event time of what it gets, and passes it on.
class dated final : public agent {
 public:
  using agent::agent;
  value_lane<std::string> to{*this, "to"};
  log_lane<int> inbox{*this, "inbox", did_update<&dated::heard>};
  value_lane<std::int64_t> seen{*this, "seen"};

 private:
  void heard(std::uint64_t, const int& n) {
    seen.set(event_ms());
    if (to) send(*to, "inbox", n);
  }
};

struct dated_lab : lab {
  explicit dated_lab(bool keeps = false) : lab({make_agent_type<dated>("dated", "/dated/:id")}, 3, {}, keeps) {}
  void link_and_post() {
    for (int i = 1; i < 4; ++i)
      post({{"/dated/" + std::to_string(i), "to", "", "\"/dated/" + std::to_string(i + 1) + "\""}});
    settle();
    kept.remembers = true;
    post({{"/dated/1", "inbox", "", "7", false, 123'456}});
    settle();
  }
};

TEST(shard_message, carries_the_event_time_of_the_record_that_caused_it) {
  dated_lab l;
  l.link_and_post();
  for (int i = 1; i < 5; ++i) EXPECT_EQ(l.document("/dated/" + std::to_string(i))["seen"], 123'456) << i;
}

TEST(shard_message, carries_its_event_time_over_an_end_at_any_moment) {
  dated_lab l(true);
  l.link_and_post();
  std::size_t on_their_way = 0;
  for (const auto& rows : l.kept.history) {
    const bool travels = std::any_of(rows.begin(), rows.end(), [](const auto& r) { return r.first[1] == "out"; });
    if (!travels) continue;
    ++on_their_way;
    dated_lab again(true);
    again.kept.rows = rows;
    again.now = 2'000'000;
    again.wake_all();
    again.on("/dated/4").request([](shard& s) { s.find_agent("/dated/4"); });
    again.settle();
    EXPECT_EQ(again.document("/dated/4")["seen"], 123'456);
  }
  EXPECT_GT(on_their_way, 0u);
}

struct fan_lab : lab {
  explicit fan_lab(std::uint32_t shards = 4)
      : lab({make_agent_type<fan>("fan", "/fan/:id"), make_agent_type<product>("product", "/product/:id")}, shards) {}
  void price(int product, int p) {
    post({{"/product/" + std::to_string(product), "price", "", std::to_string(p)}});
    settle();
  }
  void wish(int fan, int key, int product) {
    post(
        {{"/fan/" + std::to_string(fan), "wish", std::to_string(key), "\"/product/" + std::to_string(product) + "\""}});
    settle();
  }
  void forget(int fan, int key) {
    post({{"/fan/" + std::to_string(fan), "wish", std::to_string(key), "", true}});
    settle();
  }
  json prices(int fan) { return document("/fan/" + std::to_string(fan))["prices"]; }
};

class shard_join : public testing::TestWithParam<std::uint32_t> {};

TEST_P(shard_join, gets_the_present_value_at_once_and_each_change_after) {
  fan_lab l(GetParam());
  l.price(7, 30);
  l.wish(1, 0, 7);
  EXPECT_EQ(l.prices(1), json({{"0", 30}}));
  l.price(7, 20);
  EXPECT_EQ(l.prices(1), json({{"0", 20}}));
  EXPECT_EQ(l.document("/fan/1")["cheapest"], 20);
}

TEST_P(shard_join, follows_what_is_born_later) {
  fan_lab l(GetParam());
  l.wish(1, 0, 7);
  EXPECT_EQ(l.prices(1), json::object());
  EXPECT_TRUE(l.document("/product/7").is_null()) << "a join creates nothing";
  l.price(7, 30);
  EXPECT_EQ(l.prices(1), json({{"0", 30}}));
}

TEST_P(shard_join, value_goes_with_the_followed_agent_and_returns_with_it) {
  fan_lab l(GetParam());
  l.price(7, 30);
  l.wish(1, 0, 7);
  l.remove("/product/7");
  l.settle();
  EXPECT_EQ(l.prices(1), json::object());
  l.price(7, 31);
  EXPECT_EQ(l.prices(1), json({{"0", 31}}));
  l.post({{"/product/7", "price", "", "", true}});
  l.settle();
  EXPECT_EQ(l.prices(1), json::object()) << "a cleared lane is absent too";
}

TEST_P(shard_join, leaving_and_moving_on_are_heard) {
  fan_lab l(GetParam());
  l.price(7, 30);
  l.price(8, 40);
  l.wish(1, 0, 7);
  l.wish(1, 0, 8);
  EXPECT_EQ(l.prices(1), json({{"0", 40}}));
  const auto before = l.delivered;
  l.price(7, 10);
  EXPECT_EQ(l.delivered, before) << "nobody follows 7 any more";
  l.forget(1, 0);
  EXPECT_EQ(l.prices(1), json::object());
  l.price(8, 41);
  EXPECT_EQ(l.delivered, before + 1) << "the leave alone";
}

TEST_P(shard_join, other_lanes_of_the_followed_agent_send_nothing) {
  fan_lab l(GetParam());
  l.price(7, 30);
  l.wish(1, 0, 7);
  const auto before = l.delivered;
  l.post({{"/product/7", "other", "", "1"}});
  l.settle();
  EXPECT_EQ(l.delivered, before);
}

TEST_P(shard_join, deleted_joiner_follows_no_more_and_its_rebirth_starts_without) {
  fan_lab l(GetParam());
  l.price(7, 30);
  l.wish(1, 0, 7);
  l.remove("/fan/1");
  l.settle();
  const auto before = l.delivered;
  l.price(7, 20);
  EXPECT_EQ(l.delivered, before);
  EXPECT_TRUE(l.document("/fan/1").is_null());
  l.wish(1, 1, 7);
  EXPECT_EQ(l.prices(1), json({{"1", 20}}));
}

TEST_P(shard_join, one_change_reaches_all_who_follow) {
  fan_lab l(GetParam());
  for (int f = 0; f < 40; ++f) {
    l.wish(f, 0, 7);
    l.wish(f, 1, 8);
  }
  l.price(7, 30);
  l.price(8, 20);
  for (int f = 0; f < 40; ++f) {
    EXPECT_EQ(l.prices(f), json::parse(R"({"0":30,"1":20})")) << f;
    EXPECT_EQ(l.document("/fan/" + std::to_string(f))["cheapest"], 20);
  }
}

INSTANTIATE_TEST_SUITE_P(shards, shard_join, testing::Values(1u, 5u));

}  // namespace
