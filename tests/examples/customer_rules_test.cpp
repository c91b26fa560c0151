// What the rules conclude from a customer's lanes, on small cases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <customer360/rules.hpp>

#include "small_world.hpp"

namespace tests {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t start_ms = 1'760'000'000'000;
const std::string ann = "/customer/7";

told review(int id, double rating, std::int64_t at = start_ms) {
  return {ann,
          "reviews",
          std::to_string(id),
          {{"id", id}, {"customer_id", 7}, {"product_id", 3}, {"rating", rating}, {"date_added", at}}};
}
told call(int id, bool dropped, std::int64_t at = start_ms) {
  return {ann,
          "calls",
          std::to_string(id),
          {{"id", id}, {"customer_id", 7}, {"started_at", at}, {"duration_s", 60}, {"dropped", dropped}}};
}
told sent_back(int id, std::int64_t at = start_ms) {
  return {ann, "returns", std::to_string(id), {{"id", id}, {"customer_id", 7}, {"order_id", 1}, {"return_date", at}}};
}
told post(const char* kind, std::int64_t at = start_ms) {
  return {ann, "social", "", {{"id", 1}, {"customer_id", 7}, {"event_type", kind}, {"event_date", at}}};
}
told spent(double amount) {
  return {ann, "analytics", "", {{"customer_id", 7}, {"window_end", start_ms}, {"amount", amount}}};
}
told ordered(int id) {
  return {ann, "orders", std::to_string(id), {{"id", id}, {"customer_id", 7}, {"order_date", start_ms}}};
}

int score(const small_world& w) { return w.lane(ann, "sentiment").at("score"); }
std::string trend(const small_world& w) { return w.lane(ann, "sentiment").at("trend"); }
double risk(const small_world& w) { return w.lane(ann, "churn_risk").at("score"); }

class customer_rules : public testing::Test {
 protected:
  void hear(const std::vector<told>& events) {
    for (const auto& e : events) world.hear(e);
    EXPECT_THAT(world.bad(), IsEmpty());
  }
  json offer() const { return world.lane(ann, "next_best_offer"); }

  small_world world{start_ms};
};

TEST_F(customer_rules, somebody_of_whom_little_is_known_feels_neither_good_nor_bad) {
  hear({opt(true)});
  EXPECT_EQ(world.lane(ann, "sentiment"), json({{"score", 50}, {"trend", "flat"}}));
  EXPECT_EQ(world.lane(ann, "segment"), json({{"name", "new"}}));
  EXPECT_EQ(world.lane(ann, "churn_risk"), json({{"score", 0.1}, {"reasons", json::array()}}));
  EXPECT_EQ(world.lane(ann, "status"),
            json({{"state", "new"}, {"spend_30d", 0.0}, {"orders", 0}, {"dropped_calls", 0}}));
  EXPECT_TRUE(offer().is_null());
}

TEST_F(customer_rules, stars_and_praise_lift_the_mood_and_returns_dropped_calls_and_complaints_lower_it) {
  int before = 50;
  for (const auto& good : {review(1, 5, start_ms + 1), post("praise", start_ms + 2), review(2, 5, start_ms + 3)}) {
    hear({good});
    EXPECT_GT(score(world), before);
    EXPECT_EQ(trend(world), "up");
    before = score(world);
  }
  for (const auto& bad : {review(3, 1, start_ms + 4), call(1, true, start_ms + 5), sent_back(1, start_ms + 6),
                          post("complaint", start_ms + 7)}) {
    hear({bad});
    EXPECT_LT(score(world), before);
    EXPECT_EQ(trend(world), "down");
    before = score(world);
  }
}

TEST_F(customer_rules, a_call_that_held_says_nothing_about_the_mood) {
  hear({review(1, 5), call(1, false, start_ms + 1)});
  const int before = score(world);
  hear({call(2, false, start_ms + 2)});
  EXPECT_EQ(score(world), before);
}

TEST_F(customer_rules, a_new_sign_weighs_more_than_an_old_one) {
  hear({review(1, 1, start_ms), review(2, 5, start_ms + 1)});
  EXPECT_GT(score(world), 50);
  small_world other(start_ms);
  for (const auto& e : {review(1, 5, start_ms), review(2, 1, start_ms + 1)}) other.hear(e);
  EXPECT_LT(score(other), 50);
}

TEST_F(customer_rules, the_mood_stays_between_0_and_100_whatever_comes) {
  for (int i = 0; i < 60; ++i) hear({post("complaint", start_ms + i), review(i, -1e9, start_ms + i)});
  EXPECT_GE(score(world), 0);
  for (int i = 0; i < 60; ++i) hear({post("praise", start_ms + 100 + i), review(i, 1e9, start_ms + 100 + i)});
  EXPECT_LE(score(world), 100);
  EXPECT_GT(score(world), 80);
}

TEST_F(customer_rules, a_corrected_review_counts_as_corrected) {
  hear({review(1, 1)});
  EXPECT_LT(score(world), 50);
  hear({review(1, 5)});
  EXPECT_GT(score(world), 50);
  hear({{ann, "reviews", "1", nullptr}});
  EXPECT_EQ(score(world), 50);
}

TEST_F(customer_rules, dropped_calls_returns_and_small_spending_raise_the_risk_and_say_so) {
  hear({opt(true), spent(400)});
  const double calm = risk(world);
  hear({call(1, true), call(2, true), call(3, false)});
  EXPECT_GT(risk(world), calm);
  hear({sent_back(1)});
  hear({spent(12)});
  EXPECT_THAT(world.lane(ann, "churn_risk").at("reasons").get<std::vector<std::string>>(),
              ElementsAre("low sentiment", "2 dropped calls", "1 return", "hardly any spending in 30 days"));
  EXPECT_GT(risk(world), 0.35);
  EXPECT_LE(risk(world), 1);
  EXPECT_EQ(world.lane(ann, "status").at("dropped_calls"), 2);
}

TEST_F(customer_rules, only_the_newest_ten_calls_count_for_the_risk) {
  for (int i = 0; i < 10; ++i) hear({call(i, true, start_ms + i)});
  const double high = risk(world);
  for (int i = 10; i < 20; ++i) hear({call(i, false, start_ms + i)});
  EXPECT_LT(risk(world), high);
  const auto reasons = world.lane(ann, "churn_risk").at("reasons");
  for (const std::string reason : reasons) EXPECT_THAT(reason, Not(HasSubstr("call")));
}

TEST_F(customer_rules, the_status_sums_up_what_the_lanes_say) {
  hear({ordered(1), ordered(2), review(1, 5), review(2, 4), call(1, true), spent(1234.5)});
  EXPECT_EQ(
      world.lane(ann, "status"),
      json({{"state", "healthy"}, {"spend_30d", 1234.5}, {"orders", 2}, {"dropped_calls", 1}, {"mean_rating", 4.5}}));
  for (int i = 2; i < 12; ++i) hear({call(i, true, start_ms + i), post("complaint", start_ms + i)});
  EXPECT_EQ(world.lane(ann, "status").at("state"), "at_risk");
}

TEST_F(customer_rules, the_analytics_topic_decides_segment_status_and_the_offers_discount) {
  hear({rain(), wish_for(), opt(true), umbrella(40, 0.25)});
  EXPECT_EQ(offer().at("discount"), 0.25);
  hear({spent(1500)});
  EXPECT_EQ(world.lane(ann, "segment").at("name"), "high value");
  EXPECT_EQ(world.lane(ann, "status").at("spend_30d"), 1500.0);
  EXPECT_EQ(offer().at("discount"), 0.3);
  EXPECT_EQ(offer().at("offer"), "Storm Umbrella for $28.00 instead of $40.00");
  hear({spent(450)});
  EXPECT_EQ(world.lane(ann, "segment").at("name"), "regular");
  EXPECT_EQ(offer().at("discount"), 0.25);
  hear({spent(20)});
  EXPECT_EQ(world.lane(ann, "segment").at("name"), "occasional");
}

TEST_F(customer_rules, opting_out_withdraws_the_offer_in_the_same_turn) {
  hear({rain(), wish_for(), opt(true), umbrella()});
  ASSERT_FALSE(offer().is_null());
  const auto before = world.turns();
  hear({opt(false)});
  EXPECT_TRUE(offer().is_null());
  EXPECT_EQ(world.turns(), before + 1);
  hear({opt(true)});
  EXPECT_FALSE(offer().is_null());
}

TEST_F(customer_rules, the_end_of_rain_of_stock_or_of_the_wish_withdraws_the_offer) {
  hear({rain(), wish_for(), opt(true), umbrella()});
  ASSERT_FALSE(offer().is_null());
  hear({rain("cloudy")});
  EXPECT_TRUE(offer().is_null());
  hear({rain("Light Rain")});
  ASSERT_FALSE(offer().is_null());
  hear({umbrella(40, 0.25, 0)});
  EXPECT_TRUE(offer().is_null());
  hear({umbrella(40, 0.25, 1)});
  ASSERT_FALSE(offer().is_null());
  hear({{ann, "wishlist", "1", nullptr}});
  EXPECT_TRUE(offer().is_null());
}

TEST_F(customer_rules, rain_makes_no_offer_of_something_that_is_not_against_rain) {
  auto scarf = umbrella();
  scarf.value["category"] = "accessories";
  hear({rain(), wish_for(), opt(true), scarf});
  EXPECT_TRUE(offer().is_null());
}

TEST_F(customer_rules, a_price_drop_of_a_wished_product_raises_an_offer_without_rain) {
  hear({rain("sunny"), wish_for(), opt(true), umbrella(40, 0)});
  EXPECT_TRUE(offer().is_null());
  hear({umbrella(40, 0.2)});
  EXPECT_EQ(offer().at("offer"), "Storm Umbrella for $32.00 instead of $40.00");
  EXPECT_EQ(offer().at("reason"), "its price dropped from $40.00 and it is on the wishlist");
  hear({umbrella(36, 0.2)});
  EXPECT_EQ(offer().at("offer"), "Storm Umbrella for $28.80 instead of $36.00");
  hear({umbrella(36, 0.2, 1)});
  EXPECT_FALSE(offer().is_null()) << "another stock is no other price";
  hear({umbrella(40, 0)});
  EXPECT_TRUE(offer().is_null()) << "the price rose again";
}

TEST_F(customer_rules, a_price_drop_with_rain_makes_the_offer_better) {
  hear({rain(), wish_for(), opt(true), umbrella(40, 0)});
  EXPECT_EQ(offer().at("offer"), "Storm Umbrella for $40.00");
  hear({umbrella(30, 0)});
  EXPECT_EQ(offer().at("offer"), "Storm Umbrella for $30.00");
  EXPECT_EQ(offer().at("reason"), "it rains where they are and it is on the wishlist");
}

TEST_F(customer_rules, rain_goes_first_and_then_the_greatest_saving) {
  auto scarf = umbrella(200, 0, 5, 9);
  scarf.value["category"] = "accessories";
  scarf.value["product_name"] = "Wool Scarf";
  hear({rain(), opt(true), wish_for(3, 1), wish_for(4, 2), wish_for(9, 3), umbrella(40, 0.1, 5, 3), scarf});
  scarf.value["price"] = 20;
  hear({umbrella(60, 0.5, 5, 4), scarf});
  EXPECT_EQ(offer().at("product_id"), 4);
  hear({rain("sunny")});
  EXPECT_EQ(offer().at("product_id"), 9);
}

TEST(customer_prices, a_discount_is_a_share_whether_written_as_share_or_percent) {
  using customer360::price_of;
  customer360::product_details p;
  p.price = 80;
  const std::vector<std::pair<double, double>> cases = {{0, 80}, {0.25, 60}, {25, 60}, {1, 0}, {-3, 80}, {900, 0}};
  for (const auto& [discount, price] : cases) {
    p.discount = discount;
    EXPECT_EQ(price_of(p), price) << discount;
  }
  p.discount = 0.98;
  EXPECT_EQ(price_of(p, 0.05), 0);
}

}  // namespace
}  // namespace tests
