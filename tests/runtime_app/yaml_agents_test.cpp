// What agents that YAML declares do.
#include "yaml_twin.hpp"

using nlohmann::json;
using twinlane::testing::any_twin;
using namespace std::chrono_literals;

namespace {

any_twin customer(std::string_view lanes, std::string_view more = {}) {
  std::string yaml =
      "agents:\n  - type: customer\n    route: /customer/:id\n    lanes:\n" + std::string(lanes) + std::string(more);
  return yaml_twin(read_yaml(yaml), "customer", "/customer/42");
}

constexpr std::string_view others = R"yaml(
  - type: segment
    route: /segment/:status
    lanes:
      ratings: { kind: log }
      by_id: { kind: map }
  - type: product
    route: /product/:id
    lanes:
      price: { kind: value }
      stock: { kind: map }
sinks:
  - { name: unhappy, webhook: { url: "http://127.0.0.1:1/" } }
)yaml";

TEST(yaml_agents, a_condition_keeps_records_out_and_brings_no_agent_into_being) {
  auto c = customer(
      "      ratings: { kind: log, when: \"not contains(lower(channel), 'test')\" }\n"
      "      orders: { kind: map, when: \"amount > 0\" }\n"
      "      profile: { kind: value, when: \"club_status is not null\" }\n");
  EXPECT_TRUE(c.feed({{"ratings", "", R"({"channel":"iOS-test"})"},
                      {"ratings", "", R"({"channel":"web"})"},
                      {"orders", "a", R"({"amount":0})"},
                      {"orders", "b", R"({"amount":2})"},
                      {"profile", "", R"({"name":"x"})"}}));
  EXPECT_EQ(c.document(), json::parse(R"({"ratings":{"1":{"channel":"web"}},"orders":{"b":{"amount":2}}})"));
  EXPECT_TRUE(c.remove("orders", "b"));
  EXPECT_EQ(c.lane("orders"), json::object());
}

TEST(yaml_agents, lanes_are_made_of_the_records_of_others_in_the_order_of_their_arrival) {
  auto c = customer(R"yaml(
      profile: { kind: value }
      ratings: { kind: log, keep: { entries: 2 } }
      enriched: { kind: log, from: ratings, when: "profile is not null", value: "{stars: stars, status: profile.club_status}" }
      last_stars: { kind: value, from: enriched, value: stars }
      by_channel: { kind: map, from: ratings, key: channel, value: stars }
)yaml");
  EXPECT_TRUE(c.feed({{"ratings", "", R"({"stars":1,"channel":"web"})"},
                      {"profile", "", R"({"club_status":"gold"})"},
                      {"ratings", "", R"({"stars":2,"channel":"ios"})"},
                      {"profile", "", R"({"club_status":"bronze"})"},
                      {"ratings", "", R"({"stars":3,"channel":"web"})"},
                      {"ratings", "", R"({"stars":4})"}}));
  EXPECT_EQ(c.lane("enriched"), json::parse(R"({"1":{"stars":2,"status":"gold"},"2":{"stars":3,"status":"bronze"},
                                                "3":{"stars":4,"status":"bronze"}})"));
  EXPECT_EQ(c.lane("ratings").size(), 2u);
  EXPECT_EQ(c.lane("last_stars"), 4);
  EXPECT_EQ(c.lane("by_channel"), json::parse(R"({"web":3,"ios":2})"));
}

TEST(yaml_agents, counters_count_and_add_up) {
  auto c = customer(R"yaml(
      orders: { kind: map }
      n: { kind: counter, from: orders }
      large: { kind: counter, from: orders, when: "amount > 10" }
      spent: { kind: counter, from: orders, value: amount }
      by_shop: { kind: counter, from: orders, key: shop, value: amount }
)yaml");
  EXPECT_TRUE(c.feed({{"orders", "1", R"({"amount":5,"shop":"a"})"},
                      {"orders", "2", R"({"amount":20.5,"shop":"b"})"},
                      {"orders", "2", R"({"amount":20.5,"shop":"b"})"},
                      {"orders", "3", R"({"amount":1,"shop":"a"})"},
                      {"orders", "4", R"({"note":"no amount"})"}}));
  EXPECT_EQ(c.lane("n"), 4) << "an equal value is no change";
  EXPECT_EQ(c.lane("large"), 1);
  EXPECT_EQ(c.lane("spent"), 26.5);
  EXPECT_EQ(c.lane("by_shop"), json::parse(R"({"a":6,"b":20.5})"));
}

TEST(yaml_agents, computed_lanes_follow_the_lanes_that_they_read) {
  auto c = customer(R"yaml(
      risk: { kind: value, compute: "if(open > 2, 0.9, 0.1)" }
      open: { kind: value, compute: "count(calls, resolved = false)" }
      calls: { kind: map }
      seen: { kind: value }
)yaml");
  c.feed("seen", "", "1");
  EXPECT_EQ(c.document(), json::parse(R"({"risk":0.1,"open":0,"calls":{},"seen":1})")) << "from the beginning";
  c.feed({{"calls", "1", R"({"resolved":false})"}, {"calls", "2", R"({"resolved":false})"}});
  EXPECT_EQ(c.lane("risk"), 0.1);
  c.feed("calls", "3", R"({"resolved":false})");
  EXPECT_EQ(c.lane("open"), 3);
  EXPECT_EQ(c.lane("risk"), 0.9);
  EXPECT_EQ(c.diffs().back(), json::parse(R"({"calls":{"3":{"resolved":false}},"open":3,"risk":0.9})"));
  c.remove("calls", "3");
  EXPECT_EQ(c.lane("risk"), 0.1);
}

TEST(yaml_agents, windows_reduce_records_by_their_event_time) {
  auto c = customer(R"yaml(
      ratings: { kind: log, keep: { entries: 1 } }
      per_minute:
        kind: window
        from: ratings
        tumbling: 1m
        grace: 1m
        reduce: { n: count(), low: count(stars < 3), stars: collect(stars), mean: mean(stars), users: distinct(user) }
      per_hour: { kind: window, from: per_minute, tumbling: 1h, reduce: { minutes: count(), ratings: sum(value.n) } }
      calm: { kind: window, from: ratings, session: 30s, grace: 1m, reduce: { n: count() } }
      minutes: { kind: log, from: per_minute, value: "{at: start, n: value.n}" }
)yaml");
  const std::int64_t minute = 60'000, start = 1'699'999'980'000;
  c.feed({{"ratings", "", R"({"stars":4,"user":"a"})", start + 1},
          {"ratings", "", R"({"stars":1,"user":"b"})", start + minute},
          {"ratings", "", R"({"stars":"many","user":"a"})", start + 2}});
  EXPECT_EQ(c.lane("per_minute")["1699999980000"], json::parse(R"({"end":1700000040000,"closed":false,
                            "value":{"n":2,"low":0,"stars":[4,"many"],"mean":4.0,"users":1}})"));
  EXPECT_EQ(c.lane("minutes"), json::object());
  c.feed("ratings", "", R"({"stars":5,"user":"a"})", start + 2 * minute);
  EXPECT_TRUE(c.lane("per_minute")["1699999980000"]["closed"]);
  EXPECT_EQ(c.lane("minutes"), json::parse(R"({"1":{"at":1699999980000,"n":2}})"));
  EXPECT_EQ(c.lane("per_hour")["1699999200000"]["value"], json::parse(R"({"minutes":1,"ratings":2})"));
  EXPECT_EQ(c.lane("calm").size(), 3u);
}

TEST(yaml_agents, records_go_on_to_other_agents_and_to_sinks) {
  auto c = customer(R"yaml(
      profile: { kind: value }
      ratings: { kind: log }
    send:
      - { from: ratings, when: "profile is not null", to: "/segment/{profile.club_status}", lane: ratings, value: "{id: param('id'), stars: stars}" }
      - { from: ratings, to: "/segment/{profile.club_status}", lane: by_id, key: rating_id }
      - { from: ratings, when: "stars < 3", sink: unhappy, key: "profile.name", value: stars }
)yaml",
                    others);
  c.feed("ratings", "", R"({"stars":1,"rating_id":7})");
  EXPECT_TRUE(c.sent().empty()) << "without a status there is no URI";
  ASSERT_EQ(c.emitted().size(), 1u);
  EXPECT_EQ(c.emitted()[0].key, "");
  c.feed("profile", "", R"({"club_status":"a/b","name":"Ann"})");
  c.forget();
  c.feed("ratings", "", R"({"stars":2,"rating_id":8})");
  ASSERT_EQ(c.sent().size(), 2u);
  EXPECT_EQ(c.sent()[0].uri, "/segment/a%2Fb");
  EXPECT_EQ(c.sent()[0].value, json::parse(R"({"id":"42","stars":2})"));
  EXPECT_EQ(c.sent()[1].lane, "by_id");
  EXPECT_EQ(c.sent()[1].key, "8");
  EXPECT_EQ(c.emitted()[0].key, "Ann");
  EXPECT_EQ(c.emitted()[0].value, 2);
}

TEST(yaml_agents, joins_follow_for_as_long_as_the_entry_is_there) {
  auto c = customer(R"yaml(
      wishlist: { kind: map, keep: { entries: 2 } }
      prices: { kind: join, from: wishlist, when: "not paused", follow: "/product/{product_id}", lane: price }
      dearest: { kind: value, compute: "max(prices, amount)" }
)yaml",
                    others);
  c.feed("wishlist", "a", R"({"product_id":1,"paused":false})");
  ASSERT_EQ(c.joins().size(), 1u);
  EXPECT_EQ(c.joins()[0].uri, "/product/1");
  EXPECT_EQ(c.joins()[0].from_lane, "price");
  EXPECT_TRUE(c.hear("prices", "a", {{"amount", 5}}));
  EXPECT_EQ(c.lane("prices"), json::parse(R"({"a":{"amount":5}})"));
  EXPECT_EQ(c.lane("dearest"), 5);
  c.forget();
  c.feed("wishlist", "a", R"({"product_id":1,"paused":true})");
  ASSERT_EQ(c.joins().size(), 1u);
  EXPECT_TRUE(c.joins()[0].leave);
  EXPECT_EQ(c.lane("prices"), json::object());
  c.forget();
  for (const char* key : {"b", "c", "d"}) c.feed("wishlist", key, R"({"product_id":2,"paused":false})");
  ASSERT_EQ(c.joins().size(), 4u) << "b left with its entry";
  EXPECT_TRUE(c.joins()[3].leave);
  EXPECT_EQ(c.joins()[3].key, "b");
}

TEST(yaml_agents, supply_lanes_pass_on_what_holds) {
  auto c = customer(R"yaml(
      ratings: { kind: log }
      alerts: { kind: supply, from: ratings, when: "stars < 3", value: "{stars: stars}" }
      news: { kind: supply, when: "urgent" }
      n_news: { kind: counter, from: news }
      heard: { kind: log, from: alerts }
)yaml");
  EXPECT_TRUE(c.feed({{"ratings", "", R"({"stars":1,"x":2})"},
                      {"ratings", "", R"({"stars":5})"},
                      {"news", "", R"({"urgent":true})"},
                      {"news", "", R"({"urgent":false})"}}));
  EXPECT_EQ(c.lane("heard"), json::parse(R"({"1":{"stars":1}})"));
  EXPECT_EQ(c.lane("n_news"), 1);
  EXPECT_FALSE(c.document().contains("alerts"));
}

TEST(yaml_agents, a_turn_that_fails_is_undone_with_all_that_was_made_of_it) {
  auto c = customer(R"yaml(
      texts: { kind: log }
      n: { kind: counter, from: texts }
      twice: { kind: value, from: texts, value: "concat(entry_text, entry_text)" }
)yaml");
  c.feed("texts", "", R"({"entry_text":"a"})");
  const auto before = c.document();
  const std::string long_text(40'000, 'x');
  EXPECT_FALSE(c.feed("texts", "", R"({"entry_text":")" + long_text + R"("})"));
  EXPECT_EQ(c.document(), before);
  ASSERT_FALSE(c.failures().empty());
  EXPECT_NE(c.failures()[0].why.find("65536"), std::string::npos) << c.failures()[0].why;
}

TEST(yaml_agents, all_is_as_it_was_after_a_restart) {
  auto c = customer(R"yaml(
      ratings: { kind: log, keep: { entries: 3 } }
      n: { kind: counter, from: ratings }
      per_minute: { kind: window, from: ratings, tumbling: 1m, grace: 5m, reduce: { n: count(), m: median(stars), d: distinct(stars) } }
      prices: { kind: join, from: by_stars, follow: "/product/{stars}", lane: stock }
      by_stars: { kind: map, from: ratings, key: stars }
      best: { kind: value, compute: "max(by_stars, stars)" }
)yaml",
                    others);
  auto again = customer(R"yaml(
      ratings: { kind: log, keep: { entries: 3 } }
      n: { kind: counter, from: ratings }
      per_minute: { kind: window, from: ratings, tumbling: 1m, grace: 5m, reduce: { n: count(), m: median(stars), d: distinct(stars) } }
      prices: { kind: join, from: by_stars, follow: "/product/{stars}", lane: stock }
      by_stars: { kind: map, from: ratings, key: stars }
      best: { kind: value, compute: "max(by_stars, stars)"
}
)yaml",
                        others);
  for (int i = 0; i < 20; ++i) {
    const auto rating = "{\"stars\":" + std::to_string(i * 7 % 5) + "}";
    const std::int64_t at = any_twin::start_ms + i * 13'000;
    ASSERT_TRUE(c.feed("ratings", "", rating, at));
    ASSERT_TRUE(again.feed("ratings", "", rating, at));
    again.restart();
    ASSERT_EQ(again.document(), c.document()) << i;
  }
}

}  // namespace
