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

TEST(subscription_table, a_renewed_subscription_is_found_under_its_new_tag_alone) {
  subscription_table t;
  const auto first = t.add(10);
  const auto second = t.renew(first);
  EXPECT_EQ(t.find(first), nullptr);
  ASSERT_NE(t.find(second), nullptr);
  EXPECT_EQ(t.find(second)->id, 10u);
  EXPECT_EQ(t.tag_of(10), second);
  EXPECT_EQ(t.size(), 1u);
}

TEST(subscription_table, a_former_tag_leads_to_its_own_subscription_alone) {
  subscription_table t;
  const auto first = t.add(10);
  EXPECT_EQ(t.find_renewed(first), nullptr);
  const auto second = t.renew(first);
  ASSERT_NE(t.find_renewed(first), nullptr);
  EXPECT_EQ(t.find_renewed(first)->id, 10u);
  EXPECT_EQ(t.find_renewed(second), nullptr);
  t.remove(second);
  const auto other = t.add(11);
  t.renew(other);
  EXPECT_EQ(t.find_renewed(first), nullptr) << "the slot has another user";
  EXPECT_EQ(t.find_renewed(12345), nullptr);
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
