#include <gtest/gtest.h>

#include <twinlane/web/wanted_view.hpp>

namespace twinlane::web {
namespace {

using names = std::vector<std::string>;

TEST(wanted_view, nothing_named_is_everything) {
  const auto v = wanted_view(std::nullopt, {});
  EXPECT_TRUE(v.all);
  EXPECT_FALSE(v.fields);
}

TEST(wanted_view, no_lane_is_none) {
  const auto v = wanted_view(names{}, {});
  EXPECT_FALSE(v.all);
  EXPECT_TRUE(v.lanes.empty());
}

TEST(wanted_view, paths_lie_within_the_lanes) {
  const auto v = wanted_view(names{"a", "b"}, {{"a", "x"}, {"c", "y"}, {"a", "z", "w"}});
  EXPECT_FALSE(v.all);
  EXPECT_EQ(v.lanes, names{"a"});
  ASSERT_TRUE(v.fields);
  EXPECT_EQ(*v.fields, field_set::of({{"a", "x"}, {"a", "z", "w"}}));
}

TEST(wanted_view, a_whole_lane_takes_in_its_paths) {
  const auto v = wanted_view(std::nullopt, {{"a", "x"}, {"b"}, {"a"}});
  EXPECT_EQ(v.lanes, (names{"a", "b"}));
  EXPECT_FALSE(v.fields) << "there is nothing to leave out";
}

TEST(wanted_view, paths_of_other_lanes_alone_are_nothing) {
  const auto v = wanted_view(names{"a"}, {{"b", "x"}});
  EXPECT_FALSE(v.all);
  EXPECT_TRUE(v.lanes.empty());
}

TEST(pause_of, a_rate_is_a_pause_of_a_day_at_most) {
  EXPECT_EQ(pause_of(10), std::chrono::milliseconds{100});
  EXPECT_EQ(pause_of(0.5), std::chrono::seconds{2});
  EXPECT_EQ(pause_of(1e-300), std::chrono::hours{24});
  EXPECT_EQ(pause_of(1e300).count(), 0);
}

}  // namespace
}  // namespace twinlane::web
