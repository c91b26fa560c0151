#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <twinlane/web/source_rates.hpp>

namespace twinlane::web {
namespace {

using std::chrono::seconds;

TEST(source_rates, a_rate_is_what_was_applied_between_two_samples) {
  auto p = std::make_shared<source_partition>("orders", "t", 0);
  source_rates r;
  const auto start = source_rates::clock::now();
  p->applied = 500;
  r.sample({p}, start);
  EXPECT_EQ(r.rate(*p), 0);
  p->applied = 700;
  r.sample({p}, start + seconds{2});
  EXPECT_EQ(r.rate(*p), 100);
  r.sample({p}, start + seconds{4});
  EXPECT_EQ(r.rate(*p), 0);
}

TEST(source_rates, a_partition_that_came_meanwhile_started_at_nothing) {
  auto p = std::make_shared<source_partition>("orders", "t", 0);
  source_rates r;
  const auto start = source_rates::clock::now();
  r.sample({}, start);
  p->applied = 50;
  r.sample({p}, start + seconds{1});
  EXPECT_EQ(r.rate(*p), 50);
  const auto document = nlohmann::json::parse(sources_document({p}, r));
  EXPECT_EQ(document["items"][0]["rate"], 50.0);
  EXPECT_EQ(document["items"][0]["partitions"][0]["rate"], 50.0);
}

TEST(source_rates, sources_tell_their_state_with_and_without_partitions) {
  const auto p = std::make_shared<source_partition>("orders", "t", 0);
  const auto document = nlohmann::json::parse(sources_document(
      {p}, {}, {{"returns", "kafka", "starting", "no such topic"}, {"orders", "kafka", "running", ""}}));
  ASSERT_EQ(document["items"].size(), 2u);
  const auto &orders = document["items"][0], &returns = document["items"][1];
  EXPECT_EQ(orders["state"], "running");
  EXPECT_EQ(orders["problem"], nullptr);
  EXPECT_EQ(orders["partitions"].size(), 1u);
  EXPECT_EQ(returns["source"], "returns");
  EXPECT_EQ(returns["problem"], "no such topic");
  EXPECT_EQ(returns["partitions"], nlohmann::json::array());
}

}  // namespace
}  // namespace twinlane::web
