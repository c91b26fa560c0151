#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <twinlane/web/lane_query.hpp>

namespace twinlane::web {
namespace {

using ::testing::ElementsAre;

query_spec spec(const std::string& lane) { return {lane, {}, false, {}, {}}; }
query_spec following(const std::string& lane) { return {lane, {}, true, {}, {}}; }

shared_text text(const std::string& t) { return shared_text(t); }
shared_text snap(std::uint64_t rev, const std::string& lanes, const std::string& lineage = "k") {
  return text("\"uri\":\"/customer/1\",\"lineage\":\"" + lineage + "\",\"rev\":" + std::to_string(rev) +
              ",\"exists\":" + (lineage.empty() ? "false" : "true") + ",\"resumed\":false,\"lanes\":" + lanes + "}");
}
shared_text patch(std::uint64_t rev, const std::string& p) {
  return text("\"rev\":" + std::to_string(rev) + ",\"patch\":" + p + "}");
}

std::vector<std::string> rows(lane_query& q) {
  std::vector<std::string> all;
  for (std::string row; q.next(row); row.clear()) all.push_back(row);
  return all;
}

TEST(lane_query, one_that_ends_has_the_entries_in_order_and_then_is_over) {
  lane_query q(spec("orders"), lane_kind::map);
  EXPECT_EQ(q.over(), std::nullopt);
  q.take_snapshot(snap(3, R"({"orders":{"7":{"n":1.50},"8":2}})"));
  EXPECT_THAT(rows(q), ElementsAre(R"("key":"7","value":{"n":1.50})", R"("key":"8","value":2)"));
  EXPECT_EQ(q.rev(), 3u);
  EXPECT_EQ(q.over(), "end");
  EXPECT_EQ(q.held_bytes(), 0u);
}

TEST(lane_query, limit_ends_it_and_newest_first_turns_the_order) {
  auto s = spec("clicks");
  s.limit = 2;
  s.newest_first = true;
  lane_query q(s, lane_kind::log);
  q.take_lane(text(R"({"1":"a","2":"b","3":"c"})"));
  EXPECT_THAT(rows(q), ElementsAre(R"("key":"3","value":"c")", R"("key":"2","value":"b")"));
  EXPECT_EQ(q.over(), "limit");
}

TEST(lane_query, what_follows_says_whole_entries_and_null_for_what_left) {
  lane_query q(following("orders"), lane_kind::map);
  q.take_snapshot(snap(1, R"({"orders":{"7":{"status":"new","n":1}}})"));
  EXPECT_THAT(rows(q), ElementsAre(R"("key":"7","value":{"status":"new","n":1})"));
  q.take_diff(patch(2, R"({"orders":{"7":{"status":"sent"},"8":{"n":2}}})"));
  EXPECT_THAT(rows(q), ElementsAre(R"("key":"7","value":{"status":"sent","n":1})", R"("key":"8","value":{"n":2})"));
  EXPECT_EQ(q.rev(), 2u);
  q.take_diff(patch(3, R"({"orders":{"7":null}})"));
  EXPECT_THAT(rows(q), ElementsAre(R"("key":"7","value":null)"));
  q.take_diff(patch(4, R"({"orders":{"7":{"n":3}}})"));
  EXPECT_THAT(rows(q), ElementsAre(R"("key":"7","value":{"n":3})")) << "nothing of the removed entry comes back";
  EXPECT_EQ(q.over(), std::nullopt);
}

TEST(lane_query, from_now_leaves_out_what_is_there_and_knows_it) {
  auto s = following("orders");
  s.from_start = false;
  s.limit = 1;
  lane_query q(s, lane_kind::map);
  q.take_snapshot(snap(1, R"({"orders":{"7":{"a":1}}})"));
  EXPECT_TRUE(rows(q).empty());
  EXPECT_EQ(q.over(), std::nullopt);
  q.take_diff(patch(2, R"({"orders":{"7":{"b":2}}})"));
  EXPECT_THAT(rows(q), ElementsAre(R"("key":"7","value":{"a":1,"b":2})"));
  EXPECT_EQ(q.over(), "limit");
}

TEST(lane_query, another_snapshot_becomes_the_rows_that_lead_to_it) {
  lane_query q(following("orders"), lane_kind::map);
  q.take_snapshot(snap(1, R"({"orders":{"1":{"a":1,"b":2},"2":2,"3":3}})"));
  rows(q);
  q.take_snapshot(snap(9, R"({"orders":{"1":{"b":2,"a":1},"2":5,"4":4}})"));
  EXPECT_THAT(rows(q), ElementsAre(R"("key":"2","value":5)", R"("key":"4","value":4)", R"("key":"3","value":null)"));
  q.take_snapshot(snap(0, "{}", ""));
  EXPECT_THAT(rows(q),
              ElementsAre(R"("key":"1","value":null)", R"("key":"2","value":null)", R"("key":"4","value":null)"));
  EXPECT_TRUE(q.missing());
  EXPECT_EQ(q.held_bytes(), 0u);
}

TEST(lane_query, a_log_keeps_nothing_and_says_each_entry_once) {
  lane_query q(following("clicks"), lane_kind::log);
  q.take_snapshot(snap(1, R"({"clicks":{"4":"a","5":"b"}})"));
  EXPECT_EQ(rows(q).size(), 2u);
  q.take_diff(patch(2, R"({"clicks":{"4":null,"6":"c"}})"));
  EXPECT_THAT(rows(q), ElementsAre(R"("key":"6","value":"c")"));
  q.take_snapshot(snap(9, R"({"clicks":{"6":"c","7":"d"}})"));
  EXPECT_THAT(rows(q), ElementsAre(R"("key":"7","value":"d")"));
  EXPECT_EQ(q.held_bytes(), 0u);
  q.take_snapshot(snap(1, R"({"clicks":{"1":"reborn"}})", "k2"));
  EXPECT_THAT(rows(q), ElementsAre(R"("key":"1","value":"reborn")"));
}

TEST(lane_query, a_value_lane_is_one_row_without_a_key) {
  lane_query q(following("profile"), lane_kind::value);
  q.take_snapshot(snap(1, "{}"));
  EXPECT_TRUE(rows(q).empty());
  q.take_diff(patch(2, R"({"profile":{"name":"Ann","tier":"gold"}})"));
  EXPECT_THAT(rows(q), ElementsAre(R"("key":null,"value":{"name":"Ann","tier":"gold"})"));
  q.take_diff(patch(3, R"({"profile":{"tier":null}})"));
  EXPECT_THAT(rows(q), ElementsAre(R"("key":null,"value":{"name":"Ann"})"));
  q.take_diff(patch(4, R"({"profile":null})"));
  EXPECT_THAT(rows(q), ElementsAre(R"("key":null,"value":null)"));
}

TEST(lane_query, events_of_a_supply_lane_are_rows_that_say_what_was_dropped) {
  lane_query q(following("alerts"), lane_kind::supply);
  q.take_snapshot(snap(1, "{}"));
  EXPECT_TRUE(rows(q).empty());
  q.take_event(text(R"("lane":"alerts","value":{"a":1})"), 7, 0);
  EXPECT_THAT(rows(q), ElementsAre(R"("key":null,"value":{"a":1})"));
  EXPECT_EQ(q.rev(), 7u);
  q.take_event(text(R"("lane":"alerts","value":2)"), 8, 3);
  EXPECT_THAT(rows(q), ElementsAre(R"("key":null,"value":2,"dropped":3)"));
}

TEST(lane_query, what_a_lane_cannot_answer_is_refused_with_a_reason) {
  const auto why = [](const query_spec& s, lane_kind k) {
    const auto wrong = wrong_query(s, k);
    return wrong ? wrong->detail : std::string();
  };
  EXPECT_EQ(why(spec("orders"), lane_kind::map), "");
  EXPECT_EQ(why(following("alerts"), lane_kind::supply), "");
  EXPECT_EQ(why(spec("alerts"), lane_kind::supply), "'alerts' is a supply lane, which keeps nothing. Follow it.");
  EXPECT_EQ(why(spec("sum"), lane_kind::demand), "'sum' is a demand lane, which has no rows.");
  EXPECT_EQ(why(following("pay"), lane_kind::command), "'pay' is a command lane, which has no rows.");
  auto newest = spec("orders");
  newest.newest_first = true;
  EXPECT_EQ(why(newest, lane_kind::map), "'orders' is a map lane, which has no order of arrival. Leave 'order' out.");
  EXPECT_EQ(why(newest, lane_kind::window), "");
  newest.follow = true;
  EXPECT_NE(why(newest, lane_kind::log), "");
  auto from = spec("orders");
  from.from_start = true;
  EXPECT_NE(why(from, lane_kind::map), "");
  auto none = spec("orders");
  none.limit = 0;
  EXPECT_NE(why(none, lane_kind::map), "");
}

}  // namespace
}  // namespace twinlane::web
