#include <twinlane/ingest/topic_sample.hpp>

#include <gmock/gmock.h>

#include <string>

#include "mock_kafka.hpp"

namespace twinlane::ingest {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

sample_options options_for(const mock_kafka& kafka, const std::string& topic, std::size_t records_max) {
  sample_options o;
  o.from = {kafka.brokers(), topic, "twinlane", {}};
  o.records_max = records_max;
  return o;
}

topic_sample sampled(const sample_options& o) {
  auto found = sample_topic(o);
  if (!ok(found)) throw std::runtime_error(std::get<error>(found).detail);
  return std::get<topic_sample>(std::move(found));
}

TEST(topic_sample, a_small_topic_is_read_whole_in_its_order) {
  mock_kafka kafka;
  kafka.create("small", 3);
  for (int i = 0; i < 40; ++i)
    kafka.send("small", i % 2, i % 5 == 0 ? nullptr : "k", i % 7 == 0 ? nullptr : std::to_string(i).c_str());
  kafka.flush();
  const auto s = sampled(options_for(kafka, "small", 2'000));
  EXPECT_TRUE(s.exists);
  EXPECT_TRUE(s.whole);
  EXPECT_EQ(s.partitions, 3);
  EXPECT_EQ(s.records_held, 40u);
  ASSERT_EQ(s.records.size(), 40u);
  for (std::size_t n = 0; n < 40; ++n) {
    const int i = static_cast<int>(n < 20 ? 2 * n : 2 * (n - 20) + 1);
    const auto& r = s.records[n];
    EXPECT_EQ(r.partition, i % 2);
    EXPECT_EQ(r.offset, static_cast<std::int64_t>(n % 20));
    EXPECT_EQ(r.key.has_value(), i % 5 != 0) << i;
    EXPECT_EQ(r.value, i % 7 == 0 ? std::nullopt : std::optional(std::to_string(i)));
    EXPECT_GT(r.timestamp_ms, 1'600'000'000'000);
  }
}

TEST(topic_sample, a_large_topic_gives_its_oldest_and_newest_records) {
  mock_kafka kafka;
  kafka.create("large", 2);
  for (int i = 0; i < 500; ++i) kafka.send("large", 0, "k", std::to_string(i).c_str());
  for (int i = 0; i < 3; ++i) kafka.send("large", 1, "k", std::to_string(i).c_str());
  kafka.flush();
  const auto s = sampled(options_for(kafka, "large", 23));
  EXPECT_FALSE(s.whole);
  EXPECT_EQ(s.records_held, 503u);
  ASSERT_EQ(s.records.size(), 23u);
  for (std::size_t n = 0; n < 20; ++n)
    EXPECT_EQ(s.records[n].offset, static_cast<std::int64_t>(n < 10 ? n : 480 + n)) << n;
  EXPECT_EQ(s.records[22].partition, 1);
  EXPECT_EQ(s.records[22].offset, 2);
}

TEST(topic_sample, bytes_are_bounded) {
  mock_kafka kafka;
  kafka.create("heavy", 1);
  const std::string value(10'000, 'x');
  for (int i = 0; i < 50; ++i) kafka.send("heavy", 0, nullptr, value.c_str());
  kafka.flush();
  auto o = options_for(kafka, "heavy", 50);
  o.bytes_max = 100'000;
  const auto s = sampled(o);
  EXPECT_EQ(s.records.size(), 10u);
  EXPECT_FALSE(s.whole);
}

TEST(topic_sample, an_empty_topic_has_no_records) {
  mock_kafka kafka;
  kafka.create("empty", 2);
  const auto s = sampled(options_for(kafka, "empty", 10));
  EXPECT_TRUE(s.exists);
  EXPECT_TRUE(s.records.empty());
}

TEST(topic_sample, a_topic_that_does_not_exist_is_not_made_and_others_are_named) {
  mock_kafka kafka;
  kafka.create("orders", 1);
  kafka.send("orders", 0, nullptr, "{}");
  kafka.flush();
  for (int i = 0; i < 2; ++i) {
    const auto s = sampled(options_for(kafka, "oders", 10));
    EXPECT_FALSE(s.exists);
    EXPECT_THAT(s.other_topics, Contains("orders"));
    EXPECT_THAT(s.other_topics, Not(Contains("oders")));
  }
}

TEST(topic_sample, brokers_that_do_not_answer_are_an_error_within_the_time) {
  sample_options o;
  o.from = {"127.0.0.1:1", "orders", "twinlane", {}};
  o.connect_time_max = 1s;
  const auto began = std::chrono::steady_clock::now();
  const auto found = sample_topic(o);
  ASSERT_FALSE(ok(found));
  EXPECT_THAT(std::get<error>(found).detail, HasSubstr("no broker of 127.0.0.1:1 answers within 1 s"));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 8s);
}

TEST(topic_sample, a_property_that_is_refused_is_an_error) {
  sample_options o;
  o.from = {"127.0.0.1:1", "orders", "twinlane", {{"no.such", "x"}}};
  const auto found = sample_topic(o);
  ASSERT_FALSE(ok(found));
  EXPECT_EQ(std::get<error>(found).code, problem::bad_request);
  EXPECT_THAT(std::get<error>(found).detail, HasSubstr("no.such"));
}

}  // namespace
}  // namespace twinlane::ingest
