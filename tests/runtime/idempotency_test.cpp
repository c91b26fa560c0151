#include <gtest/gtest.h>

#include <twinlane/runtime/idempotency.hpp>

using namespace twinlane;

namespace {

TEST(idempotency, keeps_to_its_bound_and_drops_the_oldest) {
  idempotency i;
  for (int n = 0; n < 10; ++n) i.keep(std::to_string(n), {0, n, command_result{}}, 3, [](auto&) {});
  EXPECT_EQ(i.by_key.size(), 3u);
  EXPECT_EQ(i.order.size(), 3u);
  EXPECT_EQ(i.find("6", 10), nullptr);
  EXPECT_NE(i.find("7", 10), nullptr);
}

TEST(idempotency, key_kept_again_after_its_day_is_the_newest) {
  idempotency i;
  i.keep("a", {1, 0, command_result{}}, 2, [](auto&) {});
  i.keep("b", {2, 0, command_result{}}, 2, [](auto&) {});
  const auto later = idempotency::keep_ms + 1;
  EXPECT_EQ(i.find("a", later), nullptr);
  i.keep("a", {3, later, command_result{}}, 2, [](auto&) {});
  i.keep("c", {4, later, command_result{}}, 2, [](auto&) {});
  ASSERT_NE(i.find("a", later), nullptr);
  EXPECT_EQ(i.find("a", later)->request_hash, 3u);
  EXPECT_EQ(i.order.size(), 2u);
}

}  // namespace
