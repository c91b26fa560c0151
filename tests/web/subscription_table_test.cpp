#include <gtest/gtest.h>

#include <twinlane/web/subscription_table.hpp>

namespace twinlane::web {
namespace {

TEST(subscription_table, a_late_tag_of_an_ended_subscription_finds_nobody) {
  subscription_table t;
  const auto first = t.add(10);
  t.remove(first);
  const auto second = t.add(11);
  EXPECT_EQ(static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(second)) << "the slot is used again";
  EXPECT_EQ(t.find(first), nullptr);
  ASSERT_NE(t.find(second), nullptr);
  EXPECT_EQ(t.find(second)->id, 11u);
  EXPECT_EQ(t.size(), 1u);
}

TEST(subscription_table, ids_lead_to_tags_while_they_are_used) {
  subscription_table t;
  const auto tag = t.add(10);
  EXPECT_EQ(t.tag_of(10), tag);
  EXPECT_TRUE(t.contains(10));
  t.remove(tag);
  t.remove(tag);
  EXPECT_EQ(t.tag_of(10), std::nullopt);
  EXPECT_EQ(t.size(), 0u);
  EXPECT_EQ(t.find(12345), nullptr);
}

}  // namespace
}  // namespace twinlane::web
