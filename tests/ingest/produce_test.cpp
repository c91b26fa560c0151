#include <twinlane/ingest/produce.hpp>

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <twinlane/agents/uri.hpp>
#include <twinlane/ingest/sources.hpp>

#include "mock_kafka.hpp"
#include "recording_port.hpp"
#include "temporary_file.hpp"

namespace twinlane::ingest {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

/// All that stands in the topic, read by a source of ours.
std::vector<recording_port::record> in_topic(const source_spec& spec, std::size_t count) {
  recording_port port;
  sources s({spec}, port, generator_registry{});
  s.start();
  recording_port::eventually([&] { return port.count() >= count; });
  return port.records();
}

produce_result result_of(const outcome<produce_result>& o) {
  if (const auto* e = std::get_if<error>(&o)) {
    ADD_FAILURE() << e->detail;
    return {};
  }
  return std::get<produce_result>(o);
}

TEST(produce, each_record_goes_to_the_partition_of_its_routes_parameter) {
  mock_kafka kafka;
  kafka.create("orders", 4);
  std::string text;
  for (int i = 0; i < 2000; ++i)
    text += "{\"customer_id\":\"c " + std::to_string(i % 50) + "\",\"id\":" + std::to_string(i) + "}\n";
  const temporary_file file(text + "no key here\n");
  produce_options o;
  o.source = kafka.source("orders", "orders");
  o.file = file.path();
  std::vector<produce_progress> told;
  o.progress = [&](const produce_progress& p) { told.push_back(p); };
  const auto r = result_of(produce(o));
  EXPECT_EQ(r.sent, 2000u);
  EXPECT_EQ(r.skipped, 1u);
  EXPECT_EQ(r.failed, 0u);
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back().done, 2000u);
  EXPECT_EQ(told.back().total, 2000u);

  const auto all = in_topic(o.source, 2000);
  ASSERT_EQ(all.size(), 2000u);
  std::map<int, std::int64_t> last;
  for (const auto& rec : all) {
    const auto customer = *decode_segment(rec.uri.substr(std::string("/customer/").size()));
    ASSERT_EQ(rec.partition, static_cast<std::int32_t>(murmur2(customer) % 4)) << customer;
    ASSERT_GT(std::stoll(rec.key), last.try_emplace(rec.partition, -1).first->second) << "order within a partition";
    last[rec.partition] = std::stoll(rec.key);
  }
}

TEST(produce, keyed_routes_take_lines_of_key_tab_value_and_write_tombstones) {
  mock_kafka kafka;
  kafka.create("profiles", 1);
  const temporary_file file("42\t{\"name\":\"Ann\"}\n42\t\nno tab\n");
  produce_options o;
  o.source = kafka.source("profiles", "profiles");
  o.source.entity = "/customer/{$key}";
  o.source.lane = "profile";
  o.source.key.clear();
  o.file = file.path();
  const auto r = result_of(produce(o));
  EXPECT_EQ(r.sent, 2u);
  EXPECT_EQ(r.skipped, 1u);
  const auto all = in_topic(o.source, 2);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].uri, "/customer/42");
  EXPECT_EQ(all[0].value, "{\"name\":\"Ann\"}");
  EXPECT_TRUE(all[1].remove);
}

TEST(produce, csv_goes_as_rows_or_as_json_as_the_source_reads_it) {
  mock_kafka kafka;
  kafka.create("rows", 1);
  kafka.create("objects", 1);
  const temporary_file file("customer_id,id\n1,\"2\"\n", ".csv");
  produce_options o;
  o.source = kafka.source("rows", "rows");
  o.source.format = record_format::csv;
  o.source.columns = {"customer_id", "id"};
  o.file = file.path();
  EXPECT_EQ(result_of(produce(o)).sent, 1u);
  o.source.columns = {"id", "customer_id"};
  EXPECT_FALSE(ok(produce(o))) << "other columns than the source's";
  o.source = kafka.source("objects", "objects");
  EXPECT_EQ(result_of(produce(o)).sent, 1u);
  const auto all = in_topic(o.source, 1);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].value, R"({"customer_id":"1","id":"2"})");
}

TEST(produce, a_rate_and_a_loop_go_on_until_the_stop) {
  mock_kafka kafka;
  kafka.create("orders", 1);
  const temporary_file file("{\"customer_id\":1,\"id\":1}\n{\"customer_id\":1,\"id\":2}\n");
  std::stop_source stop;
  produce_options o;
  o.source = kafka.source("orders", "orders");
  o.file = file.path();
  o.rate = 200;
  o.loop = true;
  o.stop = stop.get_token();
  o.progress = [&](const produce_progress& p) {
    EXPECT_FALSE(p.total.has_value());
    if (p.done >= 100) stop.request_stop();
  };
  const auto r = result_of(produce(o));
  EXPECT_GE(r.sent, 100u);
  EXPECT_GE(r.seconds, 0.45) << "200 a second";
  EXPECT_LE(static_cast<double>(r.sent), 200 * r.seconds + 2);
}

TEST(produce, mistakes_are_clear_errors) {
  mock_kafka kafka;
  kafka.create("orders", 1);
  kafka.hide("returns");
  const temporary_file file("{}\n");
  produce_options o;
  o.source = kafka.source("returns", "returns");
  o.file = file.path();
  auto missing = produce(o);
  ASSERT_FALSE(ok(missing));
  EXPECT_THAT(std::get<error>(missing).detail, HasSubstr("topic 'returns' does not exist on " + kafka.brokers()));
  o.source = kafka.source("orders", "orders");
  o.file = "/no/such/file";
  EXPECT_THAT(std::get<error>(produce(o)).detail, HasSubstr("/no/such/file"));
  o.file = file.path();
  o.source.entity = "/customer/{$offset}";
  EXPECT_FALSE(ok(produce(o)));
  o.source.from = file_spec{};
  EXPECT_THAT(std::get<error>(produce(o)).detail, HasSubstr("no Kafka source"));
}

}  // namespace
}  // namespace twinlane::ingest
