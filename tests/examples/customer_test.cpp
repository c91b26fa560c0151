// Lanes, joins, retention and commands of the customer agent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "small_world.hpp"

namespace tests {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr std::int64_t start_ms = 1'760'000'000'000;
constexpr std::int64_t minute_ms = 60'000;
const std::string ann = "/customer/7";

told clicked(int id) {
  return {ann,
          "clicks",
          "",
          {{"id", id},
           {"customer_id", 7},
           {"event_type", "search"},
           {"event_date", start_ms},
           {"search_query", "umbrella"},
           {"search_results", 12}}};
}
told at_place(const char* kind, int id = 1, double latitude = 51.45) {
  return {ann,
          "place",
          "",
          {{"id", id},
           {"customer_id", 7},
           {"event_type", kind},
           {"event_date", start_ms + id},
           {"latitude", latitude},
           {"longitude", -2.58}}};
}

TEST(customer, holds_a_record_of_every_stream_in_its_lane) {
  small_world w(start_ms);
  const std::vector<told> events = {
      {ann,
       "profile",
       "",
       {{"id", 7},
        {"name", "Zoë O'Brien"},
        {"email", "zoe@example.com"},
        {"phone", "+44 1"},
        {"gender", "female"},
        {"birthdate", "1990-02-28"},
        {"address", "1 Quay Street"},
        {"marketing_opt_in", true}}},
      {ann,
       "orders",
       "11",
       {{"id", 11},
        {"customer_id", 7},
        {"order_date", 1},
        {"total_amount", 10.5},
        {"order_status", "placed"},
        {"product_id", 3},
        {"quantity", 1},
        {"product_price", 10.5},
        {"product_discount", 0.25},
        {"loyalty_points_earned", 10}}},
      {ann,
       "payments",
       "12",
       {{"id", 12},
        {"customer_id", 7},
        {"order_id", 11},
        {"payment_date", 2},
        {"payment_method", "card"},
        {"payment_amount", 10.5}}},
      {ann, "loyalty", "", {{"customer_id", 7}, {"tier", "gold"}, {"points", 4000}, {"date_added", 3}}},
      {ann,
       "third_party",
       "demographics",
       {{"customer_id", 7}, {"age", 35}, {"income", 40000}, {"education_level", "master"}}},
      {ann, "third_party", "purchases", {{"customer_id", 7}, {"purchase_history", {"a tent", "two books"}}}},
      {ann,
       "third_party",
       "psychographics",
       {{"customer_id", 7}, {"interests", {"sailing"}}, {"values", {"thrift"}}, {"personality_traits", {"curious"}}}}};
  for (const auto& e : events) w.hear(e);
  EXPECT_THAT(w.bad(), IsEmpty());
  const auto document = w.document(ann);
  for (const auto& e : events) {
    const auto& lane = document.at(e.lane);
    EXPECT_EQ(e.key.empty() ? lane : lane.at(e.key), e.value) << e.lane;
  }
}

TEST(customer, a_tombstone_removes_the_entry_and_what_followed_from_it) {
  small_world w(start_ms);
  w.hear({ann, "orders", "1", {{"id", 1}}});
  EXPECT_EQ(w.lane(ann, "status").at("orders"), 1);
  w.hear({ann, "orders", "1", nullptr});
  EXPECT_EQ(w.lane(ann, "status").at("orders"), 0);
  EXPECT_EQ(w.lane(ann, "orders"), json::object());
}

TEST(customer, follows_a_product_as_long_as_any_wish_names_it) {
  small_world w(start_ms);
  w.hear(umbrella());
  EXPECT_EQ(w.lane(ann, "wished"), json());
  w.hear(wish_for(3, 1));
  w.hear(wish_for(3, 2));
  EXPECT_EQ(w.lane(ann, "wished").at("3"), w.lane("/product/3", "details"));
  w.hear({ann, "wishlist", "1", nullptr});
  EXPECT_TRUE(w.lane(ann, "wished").contains("3"));
  w.hear(wish_for(4, 2));
  EXPECT_EQ(w.lane(ann, "wished"), json::object());
  w.hear(umbrella(10, 0, 1, 4));
  EXPECT_EQ(w.lane(ann, "wished").at("4").at("price"), 10.0);
  const auto turns = w.turns();
  w.hear(umbrella(99));
  EXPECT_EQ(w.turns(), turns + 1) << "nobody follows product 3 any more";
}

TEST(customer, clicks_stay_thirty_minutes) {
  small_world w(start_ms);
  w.hear(clicked(1));
  w.wait(20 * minute_ms);
  w.hear(clicked(2));
  w.wait(9 * minute_ms);
  EXPECT_EQ(w.lane(ann, "clicks").size(), 2u);
  w.wait(2 * minute_ms);
  EXPECT_EQ(w.lane(ann, "clicks").size(), 1u);
  EXPECT_EQ(w.lane(ann, "clicks").at("2").at("id"), 2);
  w.wait(20 * minute_ms);
  EXPECT_EQ(w.lane(ann, "clicks"), json::object());
}

TEST(customer, the_newest_hundred_clicks_stay) {
  small_world w(start_ms);
  for (int i = 1; i <= 130; ++i) w.hear(clicked(i));
  const auto clicks = w.lane(ann, "clicks");
  EXPECT_EQ(clicks.size(), 100u);
  EXPECT_FALSE(clicks.contains("30"));
  EXPECT_TRUE(clicks.contains("31") && clicks.contains("130"));
}

TEST(customer, a_visit_to_a_store_is_kept_only_with_consent) {
  small_world w(start_ms);
  w.hear(at_place("entered_store", 1));
  EXPECT_EQ(w.lane(ann, "entered_store"), json::object());
  w.hear(opt(true));
  w.hear(at_place("ping", 2));
  EXPECT_EQ(w.lane(ann, "entered_store"), json::object());
  w.hear(at_place("entered_store", 3));
  EXPECT_EQ(
      w.lane(ann, "entered_store"),
      json({{"3", {{"id", 3}, {"customer_id", 7}, {"event_type", "entered_store"}, {"event_date", start_ms + 3}}}}))
      << "without the position";
  EXPECT_EQ(w.lane(ann, "place").at("latitude"), 51.45);
  w.hear(opt(false));
  EXPECT_EQ(w.lane(ann, "entered_store"), json::object()) << "who withdraws consent is forgotten";
}

TEST(customer, issued_vouchers_are_numbered_and_answered) {
  small_world w(start_ms);
  w.hear(opt(true));
  const auto first = json::parse(w.command(ann, "issue_voucher", {{"amount", 25}, {"reason", "late parcel"}}));
  EXPECT_EQ(first, json({{"id", 1}, {"amount", 25.0}, {"reason", "late parcel"}, {"issued_at", start_ms}}));
  EXPECT_EQ(json::parse(w.command(ann, "issue_voucher", {{"amount", 5}, {"reason", "again"}})).at("id"), 2);
  EXPECT_EQ(w.lane(ann, "vouchers").size(), 2u);
  EXPECT_EQ(w.lane(ann, "vouchers").at("1"), first);
}

TEST(customer, refuses_vouchers_of_no_or_absurd_worth) {
  small_world w(start_ms);
  for (const double amount : {0.0, -5.0, 10'001.0})
    EXPECT_THAT(w.command(ann, "issue_voucher", {{"amount", amount}, {"reason", "x"}}), StartsWith("refused: "));
  EXPECT_THAT(w.command(ann, "issue_voucher", {{"amount", "ten"}}), StartsWith("bad: "));
  EXPECT_EQ(w.lane(ann, "vouchers"), json::object());
}

TEST(customer, set_tier_changes_the_tier_and_nothing_else_of_loyalty) {
  small_world w(start_ms);
  w.hear({ann, "loyalty", "", {{"customer_id", 7}, {"tier", "silver"}, {"points", 1200}, {"date_added", 1}}});
  EXPECT_EQ(w.command(ann, "set_tier", {{"tier", "platinum"}}), "null");
  EXPECT_EQ(w.lane(ann, "loyalty"),
            json({{"customer_id", 7}, {"tier", "platinum"}, {"points", 1200}, {"date_added", start_ms}}));
  EXPECT_THAT(w.command(ann, "set_tier", {{"tier", "titanium"}}), StartsWith("bad: "));
  EXPECT_EQ(w.lane(ann, "loyalty").at("tier"), "platinum");
}

TEST(customer, set_tier_enrols_who_was_not_in_the_programme) {
  small_world w(start_ms);
  w.hear(opt(true));
  w.command(ann, "set_tier", {{"tier", "gold"}});
  EXPECT_EQ(w.lane(ann, "loyalty"),
            json({{"customer_id", 7}, {"tier", "gold"}, {"points", 0}, {"date_added", start_ms}}));
}

TEST(customer, notes_are_kept_in_order_and_must_say_something) {
  small_world w(start_ms);
  w.hear(opt(true));
  w.command(ann, "add_note", {{"text", "called twice"}});
  w.wait(minute_ms);
  w.command(ann, "add_note", {{"text", "wants a call back"}});
  EXPECT_EQ(w.lane(ann, "notes"), json({{"1", {{"text", "called twice"}, {"at", start_ms}}},
                                        {"2", {{"text", "wants a call back"}, {"at", start_ms + minute_ms}}}}));
  EXPECT_THAT(w.command(ann, "add_note", {{"text", ""}}), HasSubstr("refused"));
  EXPECT_THAT(w.command(ann, "add_note", {{"text", std::string(4'001, 'x')}}), HasSubstr("refused"));
  EXPECT_EQ(w.lane(ann, "notes").size(), 2u);
}

TEST(product, remembers_its_last_price_drop_until_the_price_rises) {
  small_world w(start_ms);
  w.hear(umbrella(40, 0));
  EXPECT_EQ(w.lane("/product/3", "last_drop"), json());
  w.hear(umbrella(40, 0.5));
  EXPECT_EQ(w.lane("/product/3", "last_drop"), json({{"before", 40.0}, {"now", 20.0}}));
  w.hear(umbrella(45, 0.5));
  EXPECT_EQ(w.lane("/product/3", "last_drop"), json());
}

TEST(product, a_drop_counts_even_when_more_prices_share_its_turn) {
  small_world one_by_one(start_ms), at_once(start_ms);
  const std::vector<told> prices = {umbrella(40, 0), umbrella(50, 0), umbrella(45, 0)};
  for (const auto& e : prices) one_by_one.hear(e);
  at_once.hear(prices);
  EXPECT_EQ(at_once.document("/product/3"), one_by_one.document("/product/3"));
  EXPECT_EQ(at_once.lane("/product/3", "last_drop"), json({{"before", 50.0}, {"now", 45.0}}));
}

}  // namespace
}  // namespace tests
