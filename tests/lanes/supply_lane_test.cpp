#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "twin.hpp"

using namespace twin_test;
using testing::ElementsAre;

namespace {

struct bell final : agent {
  using agent::agent;
  supply_lane<std::string> rings{*this, "rings", did_update<&bell::heard>};
  supply_lane<json> news{*this, "news"};
  supply_lane<double> level{*this, "level"};
  value_lane<int> count{*this, "count"};

 private:
  void heard(const std::string& now) {
    count.update([](int& n) { ++n; });
    if (now == "echo") rings.emit("o");
    if (now == "forever") rings.emit(now);
    if (now == "crack") throw std::runtime_error("cracked");
  }
};

TEST(supply_lane, emits_in_the_order_of_the_calls_and_is_no_part_of_the_document) {
  twin<bell> t;
  t.act([](bell& b) {
    b.rings.emit("echo");
    b.news.emit(json{{"a", 1}});
  });
  EXPECT_THAT(t.events(), ElementsAre(R"(rings "echo")", R"(rings "o")", R"(news {"a":1})"));
  EXPECT_EQ(t.document(), json::parse(R"({"count":2})"));
  EXPECT_FALSE(t->rings.present());
  EXPECT_FALSE(t->rings.info().stored());
}

TEST(supply_lane, passes_on_what_comes_to_it_and_keeps_nothing) {
  twin<bell> t;
  EXPECT_EQ(t.put("news", "", R"({"b":[1,2]})"), json()) << "no change, no rev";
  EXPECT_THAT(t.events(), ElementsAre(R"(news {"b":[1,2]})"));
  EXPECT_TRUE(t.rows().empty());
  EXPECT_EQ(t.put("rings", "", R"("ding")"), json::parse(R"({"count":1})"));
}

TEST(supply_lane, a_turn_that_is_undone_emits_nothing) {
  twin<bell> t;
  EXPECT_THROW(t.put("rings", "", R"("crack")"), std::runtime_error);
  EXPECT_FALSE(t->count.has_value());
  t.act([](bell&) {});
  EXPECT_THAT(t.events(), ElementsAre());
}

TEST(supply_lane, one_that_answers_itself_forever_ends_as_an_error) {
  twin<bell> t;
  EXPECT_THROW(t.put("rings", "", R"("forever")"), lane_error);
}

TEST(supply_lane, null_removal_and_what_does_not_decode_are_refused) {
  twin<bell> t;
  EXPECT_THROW(t.put("news", "", "null"), lane_error);
  EXPECT_THROW(t.act([](bell& b) { b.news.emit(nullptr); }), lane_error);
  EXPECT_THROW(t.act([](bell& b) { b.level.emit(std::numeric_limits<double>::quiet_NaN()); }), lane_error);
  t.run([&](turn& in) {
    EXPECT_EQ(t.remove(in, "news").code, lane_errc::bad_value);
    EXPECT_EQ(t.apply(in, "level", "", R"("x")").code, lane_errc::bad_value);
    EXPECT_EQ(t.apply(in, "news", "", "{").code, lane_errc::bad_json);
  });
  EXPECT_THAT(t.events(), ElementsAre());
}

TEST(supply_lane, emits_inside_a_turn_only) {
  twin<bell> t;
  EXPECT_THROW(t->rings.emit("x"), std::logic_error);
}

TEST(supply_lane, describes_its_record) {
  json schema;
  twin<bell>()->level.describe_record(schema);
  EXPECT_EQ(schema, json({{"type", "number"}}));
}

}  // namespace
