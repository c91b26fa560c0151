#include <twinlane/web/access/caller.hpp>

#include <gmock/gmock.h>

namespace twinlane::web {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const type_description customer{"customer",
                                "/customer/:id",
                                "shared",
                                "events",
                                {{"profile", lane_kind::value, false, false},
                                 {"orders", lane_kind::map, true, false},
                                 {"issue_voucher", lane_kind::command, false, false},
                                 {"alerts", lane_kind::supply, false, false},
                                 {"summary", lane_kind::demand, false, false}}};

rights reads(const std::vector<field_set::path>& paths) {
  rights r;
  r.read = std::make_shared<const field_set>(field_set::of(paths));
  r.tag = "abc";
  return r;
}

view lanes(std::vector<std::string> names) { return {false, std::move(names)}; }

TEST(caller, all_lanes_become_those_that_may_be_read) {
  const auto r = reads({{"profile", "name"}, {"alerts"}, {"summary"}});
  const auto v = narrowed(view{}, r, customer);
  ASSERT_TRUE(v);
  EXPECT_FALSE(v->all);
  EXPECT_THAT(v->lanes, ElementsAre("profile", "alerts"));
  EXPECT_EQ(v->fields, r.read);
  EXPECT_EQ(v->rights, "abc");
}

TEST(caller, lanes_that_may_not_be_read_drop_out_and_unknown_ones_stay) {
  const auto r = reads({{"profile", "name"}});
  EXPECT_THAT(narrowed(lanes({"orders", "profile", "nonsense"}), r, customer)->lanes,
              ElementsAre("profile", "nonsense"));
  EXPECT_FALSE(narrowed(lanes({"orders"}), r, customer));
  EXPECT_FALSE(narrowed(view{}, reads({}), customer));
}

TEST(caller, whole_lanes_need_no_fields) {
  const auto r = reads({{"profile", "name"}, {"orders"}});
  EXPECT_EQ(narrowed(lanes({"orders"}), r, customer)->fields, nullptr);
  EXPECT_EQ(narrowed(lanes({"orders"}), r, customer)->rights, "abc");
}

TEST(caller, fields_that_are_asked_for_are_cut_down_to_what_may_be_read) {
  auto asked = lanes({"profile", "orders"});
  asked.fields = std::make_shared<const field_set>(field_set::of({{"profile"}, {"orders", "7", "status"}}));
  const auto v = narrowed(asked, reads({{"profile", "name"}, {"orders", "7"}}), customer);
  EXPECT_EQ(*v->fields, field_set::of({{"profile", "name"}, {"orders", "7", "status"}}));
  asked.fields = std::make_shared<const field_set>(field_set::of({{"profile", "income"}}));
  EXPECT_FALSE(narrowed(asked, reads({{"profile", "name"}, {"orders", "7"}}), customer));
}

TEST(caller, life_alone_needs_a_right_to_read_something) {
  EXPECT_THAT(narrowed(lanes({}), reads({{"profile"}}), customer)->lanes, IsEmpty());
  EXPECT_FALSE(narrowed(lanes({}), reads({}), customer));
}

TEST(caller, without_policies_nothing_is_cut) {
  const auto v = narrowed(view{}, *caller().on("/customer/1"), customer);
  EXPECT_TRUE(v->all);
  EXPECT_EQ(v->rights, "");
}

TEST(caller, a_value_is_shown_as_far_as_it_may_be_read) {
  const auto r = reads({{"profile", "name"}, {"orders", "7"}});
  EXPECT_EQ(readable(R"({"name":"Ann","income":1})", r, "profile", {}), R"({"name":"Ann"})");
  EXPECT_EQ(readable(R"("Ann")", r, "profile", {}), std::nullopt);
  EXPECT_EQ(readable(R"({"a":1})", r, "orders", "7"), R"({"a":1})");
  EXPECT_EQ(readable(R"({"a":1})", r, "orders", "8"), std::nullopt);
  EXPECT_EQ(readable("1", r, "summary", {}), std::nullopt);
}

TEST(caller, rights_go_behind_the_lineage_and_come_off_again) {
  const auto r = reads({{"profile"}});
  EXPECT_EQ(with_rights("k3", r), "k3-abc");
  EXPECT_EQ(without_rights("k3-abc:17", r), "k3:17");
  EXPECT_EQ(without_rights("k3-abd:17", r), "k3-abd:17");
  EXPECT_EQ(without_rights("*", r), "*");
  EXPECT_EQ(with_rights("k3", *rights::all()), "k3");
}

}  // namespace
}  // namespace twinlane::web
