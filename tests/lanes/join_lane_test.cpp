#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "twin.hpp"

using namespace twin_test;

namespace {

struct fan final : agent {
  using agent::agent;
  join_value_lane<int, item> products{*this, "products"};
  join_map_lane<std::string, int> shelves{*this, "shelves"};
  value_lane<int> runs{*this, "runs"};
  std::vector<std::string> told;

 private:
  rule follow{*this, on_change(products), &fan::look};
  void look() {
    runs.update([](int& n) { ++n; });
    products.for_each_change([&](const int& key, const item* now, const item* before) {
      told.push_back(std::to_string(key) + (before ? before->name : "-") + ">" + (now ? now->name : "-"));
    });
  }
};

decode_status hear(twin<fan>& t, turn& in, const char* lane, const char* key, const char* from, const char* value) {
  if (!value) return in.apply(t.lane_of(lane), {lane_input::kind::remove, key, {}, from}, 0);
  return in.apply(t.lane_of(lane), {lane_input::kind::join, key, padded(value).view(), from}, 0);
}
json hear(twin<fan>& t, const char* key, const char* from, const char* value) {
  return t.run([&](turn& in) { EXPECT_TRUE(hear(t, in, "products", key, from, value)); });
}
const auto join_seven = [](fan& f) { f.products.join(7, "/product/7", "details"); };

TEST(join_lane, joining_asks_to_follow_and_shows_nothing_until_a_value_comes) {
  twin<fan> t;
  EXPECT_EQ(t.act(join_seven), json()) << "waiting is not shown";
  ASSERT_EQ(t.joins().size(), 1u);
  EXPECT_EQ(t.joins()[0].uri, "/product/7");
  EXPECT_EQ(t.joins()[0].from_lane, "details");
  EXPECT_EQ(t.joins()[0].key, "7");
  EXPECT_FALSE(t.joins()[0].leave);
  EXPECT_EQ(t.document()["products"], json::object());
  EXPECT_TRUE(t->products.is_joined(7));
  EXPECT_EQ(t->products.find(7), nullptr);
  EXPECT_EQ(hear(t, "7", "/product/7", R"({"name":"hat"})"),
            json::parse(R"({"products":{"7":{"name":"hat","price":0}},"runs":1})"));
  EXPECT_EQ(t->products.find(7)->name, "hat");
}

TEST(join_lane, same_join_again_changes_nothing_and_asks_nothing) {
  twin<fan> t;
  t.act(join_seven);
  hear(t, "7", "/product/7", R"({"name":"hat"})");
  EXPECT_EQ(t.act(join_seven), json());
  EXPECT_TRUE(t.joins().empty());
  EXPECT_NE(t->products.find(7), nullptr);
}

TEST(join_lane, change_of_the_followed_value_is_a_diff_and_an_equal_one_nothing) {
  twin<fan> t;
  t.act(join_seven);
  hear(t, "7", "/product/7", R"({"name":"hat","price":3})");
  EXPECT_EQ(hear(t, "7", "/product/7", R"({"name":"hat","price":3})"), json());
  EXPECT_EQ(hear(t, "7", "/product/7", R"({"name":"hat","price":4})"),
            json::parse(R"({"products":{"7":{"price":4}},"runs":2})"));
  EXPECT_EQ(hear(t, "7", "/product/7", nullptr), json::parse(R"({"products":{"7":null},"runs":3})"));
  EXPECT_TRUE(t->products.is_joined(7)) << "the join stays while the followed lane is absent";
}

TEST(join_lane, updates_after_leaving_are_ignored) {
  twin<fan> t;
  t.act(join_seven);
  hear(t, "7", "/product/7", R"({"name":"hat"})");
  EXPECT_EQ(t.act([](fan& f) { f.products.leave(7); }), json::parse(R"({"products":{"7":null},"runs":2})"));
  ASSERT_EQ(t.joins().size(), 1u);
  EXPECT_TRUE(t.joins()[0].leave);
  EXPECT_EQ(hear(t, "7", "/product/7", R"({"name":"late"})"), json());
  t.act([](fan& f) { EXPECT_FALSE(f.products.leave(7)); });
}

TEST(join_lane, join_to_another_takes_the_place_and_late_updates_of_the_first_are_ignored) {
  twin<fan> t;
  t.act(join_seven);
  hear(t, "7", "/product/7", R"({"name":"hat"})");
  EXPECT_EQ(t.act([](fan& f) { f.products.join(7, "/product/8", "details"); })["products"], json({{"7", nullptr}}));
  ASSERT_EQ(t.joins().size(), 2u);
  EXPECT_TRUE(t.joins()[0].leave);
  EXPECT_EQ(t.joins()[0].uri, "/product/7");
  EXPECT_EQ(t.joins()[1].uri, "/product/8");
  EXPECT_EQ(hear(t, "7", "/product/7", R"({"name":"late"})"), json());
  EXPECT_EQ(hear(t, "7", "/product/8", R"({"name":"cap"})")["products"]["7"]["name"], "cap");
}

TEST(join_lane, leaving_and_joining_again_within_a_turn_forgets_the_value) {
  twin<fan> t;
  t.act(join_seven);
  hear(t, "7", "/product/7", R"({"name":"hat"})");
  EXPECT_EQ(t.act([](fan& f) {
    f.products.leave(7);
    f.products.join(7, "/product/7", "details");
  })["products"],
            json({{"7", nullptr}}));
  EXPECT_EQ(t.joins().size(), 2u);
}

TEST(join_lane, undone_turn_restores_joins_and_values_and_sends_nothing) {
  twin<fan> t;
  t.act(join_seven);
  hear(t, "7", "/product/7", R"({"name":"hat"})");
  const auto before = t.document_text();
  EXPECT_THROW(t.act([](fan& f) {
    f.products.leave(7);
    f.products.join(9, "/product/9", "details");
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  EXPECT_EQ(t.document_text(), before);
  EXPECT_TRUE(t->products.is_joined(7));
  EXPECT_FALSE(t->products.is_joined(9));
  EXPECT_EQ(t.act([](fan&) {}), json());
  EXPECT_TRUE(t.joins().empty());
  EXPECT_EQ(hear(t, "7", "/product/7", R"({"name":"hat2"})")["products"]["7"]["name"], "hat2");
}

TEST(join_lane, rules_are_told_values_alone) {
  twin<fan> t;
  t.act(join_seven);
  t.run([&](turn& in) {
    t->products.join(8, "/product/8", "details");
    hear(t, in, "products", "7", "/product/7", R"({"name":"hat"})");
  });
  EXPECT_THAT(t->told, testing::ElementsAre("7->hat")) << "8 waits for its first value and is no change";
}

TEST(join_lane, followed_value_that_does_not_decode_leaves_the_entry) {
  twin<fan> t;
  t.act(join_seven);
  hear(t, "7", "/product/7", R"({"name":"hat"})");
  t.run([&](turn& in) {
    EXPECT_EQ(hear(t, in, "products", "7", "/product/7", R"({"price":"x"})").code, lane_errc::bad_value);
  });
  EXPECT_EQ(t->products.find(7)->name, "hat");
}

TEST(join_lane, records_cannot_write_it) {
  twin<fan> t;
  t.act(join_seven);
  t.run([&](turn& in) { EXPECT_EQ(t.apply(in, "products", "7", "{}").code, lane_errc::bad_value); });
}

TEST(join_lane, followed_map_is_shown_and_diffed_entry_by_entry) {
  twin<fan> t;
  t.act([](fan& f) { f.shelves.join("a b", "/store/1", "stock"); });
  t.run([&](turn& in) { EXPECT_TRUE(hear(t, in, "shelves", "a b", "/store/1", R"({"x":1,"y":2})")); });
  EXPECT_EQ(t.document()["shelves"], json::parse(R"({"a b":{"x":1,"y":2}})"));
  EXPECT_EQ(t.run([&](turn& in) { hear(t, in, "shelves", "a b", "/store/1", R"({"x":1,"z":3})"); }),
            json::parse(R"({"shelves":{"a b":{"y":null,"z":3}}})"));
}

TEST(join_lane, tells_a_host_whom_to_follow_again) {
  twin<fan> t;
  t.act([](fan& f) {
    f.products.join(7, "/product/7", "details");
    f.products.join(8, "/product/8", "details");
    f.products.leave(7);
  });
  std::vector<join_effect> all;
  t->products.collect_joins(all);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].uri, "/product/8");
  EXPECT_EQ(all[0].lane, t.lane_of("products"));
  EXPECT_EQ(all[0].key, "8");
}

}  // namespace
