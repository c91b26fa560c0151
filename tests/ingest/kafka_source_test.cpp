#include <twinlane/ingest/sources.hpp>

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <twinlane/ingest/detail/kafka_client.hpp>

#include "mock_kafka.hpp"
#include "recording_port.hpp"

namespace twinlane::ingest {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

std::string order(int customer, int id) {
  return "{\"customer_id\":" + std::to_string(customer) + ",\"id\":" + std::to_string(id) + "}";
}

void send_orders(mock_kafka& kafka, const std::string& topic, int partitions, int count) {
  for (int i = 0; i < count; ++i)
    kafka.send(topic, i % partitions, std::to_string(i % 7).c_str(), order(i % 7, i).c_str());
  kafka.flush();
}

bool eventually(const std::function<bool()>& c, milliseconds within = seconds{20}) {
  return recording_port::eventually(c, within);
}

const generator_registry no_generators;

TEST(kafka_source, every_partition_comes_whole_and_in_order_and_two_sources_share_a_consumer) {
  mock_kafka kafka;
  kafka.create("orders", 4);
  kafka.create("profiles", 4);
  send_orders(kafka, "orders", 4, 20'000);
  auto profiles = kafka.source("profiles", "profiles");
  profiles.entity = "/customer/{$key}";
  profiles.lane = "profile";
  profiles.key.clear();
  for (int i = 0; i < 100; ++i) kafka.send("profiles", i % 4, std::to_string(i).c_str(), "{}");
  kafka.send("profiles", 0, "7", nullptr);
  kafka.flush();

  recording_port port;
  sources s({kafka.source("orders", "orders"), profiles}, port, no_generators);
  EXPECT_FALSE(s.all_assigned());
  s.start();
  ASSERT_TRUE(eventually([&] { return port.count() == 20'101; })) << port.count();
  EXPECT_TRUE(s.ready());

  std::map<std::pair<std::string, int>, std::int64_t> next;
  std::size_t removed = 0;
  for (const auto& r : port.records()) {
    EXPECT_EQ(r.source, r.topic);
    ASSERT_EQ(r.offset, (next[{r.topic, r.partition}]++)) << "each offset once, in order";
    removed += r.remove ? 1 : 0;
  }
  EXPECT_EQ(removed, 1u);
  for (const auto& p : port.partitions())
    EXPECT_TRUE(eventually([&] { return p->low_mark() == p->log_end && p->assigned; })) << p->low_mark();
  EXPECT_LT(port.posts(), 2000u) << "batches, not single records";
  EXPECT_EQ(s.status()[0].state, source_state::running);
  EXPECT_EQ(s.status()[0].problem, "");

  s.stop(seconds{5});
  EXPECT_EQ(s.status()[0].state, source_state::stopped);
  EXPECT_EQ(kafka.committed("twinlane", "orders", 2), 5000);
}

// How far a record comes behind one that is younger.
std::int64_t greatest_delay(const std::vector<recording_port::record>& records) {
  std::int64_t latest = 0, delay = 0;
  for (const auto& r : records) {
    latest = std::max(latest, r.time_ms);
    delay = std::max(delay, latest - r.time_ms);
  }
  return delay;
}

TEST(kafka_source, aligned_partitions_come_side_by_side_in_time_also_of_two_topics) {
  mock_kafka kafka;
  kafka.create("orders", 3);
  kafka.create("returns", 2);
  kafka.create("empty", 1);
  constexpr std::int64_t start = 1'700'000'000'000;
  constexpr int count = 30'000;
  // Of each topic one partition holds nearly all, and what is oldest lies behind it.
  for (int i = 0; i < count; ++i) {
    const auto* topic = i % 5 == 0 ? "returns" : "orders";
    const int partition = i % 50 == 0 ? 1 : 0;
    kafka.send(topic, partition, "k", order(1, i).c_str(), start + i * 10);
  }
  kafka.send("orders", 2, "k", order(1, count).c_str(), start + 5);
  kafka.flush();
  std::vector<source_spec> specs{kafka.source("empty", "empty"), kafka.source("orders", "orders"),
                                 kafka.source("returns", "returns")};
  for (auto& s : specs) s.align = milliseconds{500};
  recording_port port;
  sources s(specs, port, no_generators);
  s.start();
  ASSERT_TRUE(eventually([&] { return port.count() == count + 1; })) << port.count();
  EXPECT_LE(greatest_delay(port.records()), 500);
  std::map<std::pair<std::string, int>, std::int64_t> next;
  for (const auto& r : port.records()) ASSERT_EQ(r.offset, (next[{r.topic, r.partition}]++));
  for (const auto& p : port.partitions())
    EXPECT_TRUE(eventually([&] { return p->low_mark() == p->log_end; })) << p->topic() << p->low_mark();
  // At the end nobody is waited for.
  kafka.send("orders", 1, "k", order(1, count + 1).c_str(), start + count * 10);
  kafka.flush();
  EXPECT_TRUE(eventually([&] { return port.count() == count + 2; }, seconds{5}));
  s.stop(seconds{5});
}

TEST(kafka_source, aligned_partitions_keep_the_bound_on_what_is_in_flight) {
  mock_kafka kafka;
  kafka.create("orders", 4);
  for (int i = 0; i < 20'000; ++i) kafka.send("orders", i % 4, "k", order(1, i).c_str(), 1'000'000 + i);
  kafka.flush();
  auto spec = kafka.source("orders", "orders");
  spec.align = milliseconds{100};
  sources_options o;
  o.flow.total_records = 1'000;
  recording_port port;
  port.hold();
  sources s({spec}, port, no_generators, o);
  s.start();
  ASSERT_TRUE(eventually([&] { return port.count() >= 1'000; }));
  while (port.count() < 20'000) port.complete(1);
  EXPECT_LT(port.most_in_flight(), 12'000) << "one batch over";
  EXPECT_LE(greatest_delay(port.records()), 100);
  s.stop(seconds{5});
}

TEST(kafka_source, what_is_in_flight_stays_bounded_when_shards_are_slow) {
  mock_kafka kafka;
  kafka.create("orders", 2);
  send_orders(kafka, "orders", 2, 20'000);
  recording_port port;
  port.hold();
  sources_options options;
  options.flow.partition_records = 1000;
  sources s({kafka.source("orders", "orders")}, port, no_generators, options);
  s.start();
  ASSERT_TRUE(eventually([&] {
    const auto all = port.partitions();
    return all.size() == 2 && all[0]->paused && all[1]->paused && all[0]->assigned;
  }));
  std::size_t rounds = 0;
  ASSERT_TRUE(eventually(
      [&] {
        port.complete(2);
        ++rounds;
        return port.count() >= 20'000;
      },
      seconds{60}));
  EXPECT_GT(rounds, 10u);
  EXPECT_LE(port.most_in_flight(), 1250) << "the mark and one batch";
  port.let_go();
  EXPECT_EQ(port.count(), 20'000u) << "pausing repeats nothing";
  std::map<int, std::int64_t> next;
  for (const auto& r : port.records()) ASSERT_EQ(r.offset, next[r.partition]++);
  EXPECT_TRUE(eventually([&] { return !port.partitions()[0]->paused && !port.partitions()[1]->paused; }));
}

TEST(kafka_source, a_partition_that_stands_still_does_not_stop_its_neighbour) {
  mock_kafka kafka;
  kafka.create("orders", 2);
  send_orders(kafka, "orders", 2, 10'000);
  recording_port port;
  port.hold();
  port.holds_this = [](const source_partition& p) { return p.partition() == 0; };
  sources_options options;
  options.flow.partition_records = 500;
  sources s({kafka.source("orders", "orders")}, port, no_generators, options);
  s.start();
  const auto stuck = port.partition("orders", "orders", 0), free = port.partition("orders", "orders", 1);
  ASSERT_TRUE(eventually([&] { return free->low_mark() == 5000; }));
  ASSERT_TRUE(eventually([&] { return stuck->paused.load(); }));
  EXPECT_LE(stuck->in_flight_records(), 625);
  port.let_go();
  ASSERT_TRUE(eventually([&] { return stuck->low_mark() == 5000; }));
  EXPECT_EQ(port.count(), 10'000u);
}

TEST(kafka_source, the_bound_over_all_sources_holds_too) {
  mock_kafka kafka;
  kafka.create("orders", 4);
  send_orders(kafka, "orders", 4, 8'000);
  recording_port port;
  port.hold();
  sources_options options;
  options.flow.total_records = 1000;
  options.flow.partition_records = 800;
  sources s({kafka.source("orders", "orders")}, port, no_generators, options);
  s.start();
  const auto in_flight = [&] {
    std::int64_t n = 0;
    for (const auto& p : port.partitions()) n += p->in_flight_records();
    return n;
  };
  ASSERT_TRUE(eventually([&] { return in_flight() >= 1000; }));
  EXPECT_LE(in_flight(), 1200);
  port.let_go();
  ASSERT_TRUE(eventually([&] { return port.count() == 8'000; }));
}

TEST(kafka_source, a_missing_topic_is_named_and_read_once_it_exists) {
  mock_kafka kafka;
  kafka.create("orders", 1);
  send_orders(kafka, "orders", 1, 10);
  kafka.hide("returns");
  recording_port port;
  sources s({kafka.source("orders", "orders"), kafka.source("returns", "returns")}, port, no_generators);
  s.start();
  ASSERT_TRUE(eventually([&] { return port.count() == 10; }));
  ASSERT_TRUE(eventually([&] { return !s.status()[1].problem.empty(); }));
  EXPECT_THAT(s.status()[1].problem, HasSubstr("topic 'returns' does not exist on " + kafka.brokers()));
  EXPECT_EQ(s.status()[0].problem, "");
  EXPECT_FALSE(s.all_assigned());
  EXPECT_FALSE(s.ready());
  kafka.show("returns");
  send_orders(kafka, "returns", 1, 5);
  ASSERT_TRUE(eventually([&] { return port.count() == 15; }, seconds{40})) << "and nothing is read twice";
  EXPECT_EQ(s.status()[1].problem, "");
  EXPECT_TRUE(s.all_assigned());
}

TEST(kafka_source, bad_records_are_dead_letters_and_the_partition_goes_on) {
  mock_kafka kafka;
  kafka.create("orders", 1);
  kafka.send("orders", 0, "a", order(1, 1).c_str());
  kafka.send("orders", 0, "b", "not JSON");
  kafka.send("orders", 0, "c", "");
  kafka.send("orders", 0, nullptr, nullptr);
  kafka.send("orders", 0, "e", (std::string(10'000, '[')).c_str());
  kafka.send("orders", 0, "f", order(1, 2).c_str());
  kafka.flush();
  recording_port port;
  sources s({kafka.source("orders", "orders")}, port, no_generators);
  s.start();
  ASSERT_TRUE(eventually([&] { return port.count() == 2; }));
  const auto p = port.partition("orders", "orders", 0);
  ASSERT_TRUE(eventually([&] { return p->low_mark() == 6; }));
  const auto dead = port.dead();
  ASSERT_EQ(dead.size(), 4u);
  EXPECT_EQ(dead[0].reason, dead_reason::bad_json);
  EXPECT_EQ(dead[0].value, "not JSON");
  EXPECT_EQ(dead[0].key, "b");
  EXPECT_EQ(dead[0].topic, "orders");
  EXPECT_EQ(dead[0].offset, 1);
  EXPECT_EQ(dead[1].reason, dead_reason::empty);
  EXPECT_EQ(dead[2].reason, dead_reason::bad_tombstone);
  EXPECT_EQ(dead[3].reason, dead_reason::too_deep);
  EXPECT_EQ(p->dead, 4u);
}

TEST(kafka_source, reading_starts_at_the_stored_low_mark) {
  mock_kafka kafka;
  kafka.create("orders", 1);
  send_orders(kafka, "orders", 1, 100);
  recording_port port;
  port.partition("orders", "orders", 0)->stored_low_mark = 60;
  sources s({kafka.source("orders", "orders")}, port, no_generators);
  s.start();
  ASSERT_TRUE(eventually([&] { return port.count() == 40; }));
  EXPECT_EQ(port.records().front().offset, 60);
}

TEST(kafka_source, a_low_mark_above_the_topics_end_stops_all_of_the_source_and_no_other) {
  mock_kafka kafka;
  kafka.create("orders", 2);
  send_orders(kafka, "orders", 2, 200);
  recording_port port;
  port.partition("orders", "orders", 1)->stored_low_mark = 5000;
  sources s({kafka.source("orders", "orders"), kafka.source("again", "orders")}, port, no_generators);
  s.start();
  ASSERT_TRUE(eventually([&] { return s.status()[0].state == source_state::failed; }));
  EXPECT_THAT(s.status()[0].problem,
              HasSubstr("topic 'orders' partition 1: the low mark 5000 is above its end: it holds "
                        "offsets 0 to 99"));
  ASSERT_TRUE(eventually([&] { return port.count() == 200; }));
  for (const auto& r : port.records()) ASSERT_EQ(r.source, "again") << "reads the same topic from its beginning";
  EXPECT_EQ(s.status()[1].state, source_state::running);
  EXPECT_EQ(s.status()[1].problem, "");
}

TEST(kafka_source, a_low_mark_at_the_topics_end_is_where_reading_goes_on) {
  mock_kafka kafka;
  kafka.create("orders", 1);
  send_orders(kafka, "orders", 1, 100);
  recording_port port;
  port.partition("orders", "orders", 0)->stored_low_mark = 100;
  sources s({kafka.source("orders", "orders")}, port, no_generators);
  s.start();
  ASSERT_TRUE(eventually([&] { return s.all_assigned(); }));
  send_orders(kafka, "orders", 1, 5);
  ASSERT_TRUE(eventually([&] { return port.count() == 5; }));
  EXPECT_EQ(s.status()[0].state, source_state::running);
}

TEST(kafka_source, the_text_about_a_place_that_a_topic_does_not_have_says_what_it_has) {
  using detail::offset_range;
  using detail::out_of_range_text;
  EXPECT_THAT(
      out_of_range_text("t", 3, 50, offset_range{100, 200}),
      HasSubstr("topic 't' partition 3: the low mark 50 is below its start: it holds offsets 100 to 199. Records "
                "were deleted before they were read"));
  EXPECT_THAT(out_of_range_text("t", 0, 50, offset_range{0, 0}),
              HasSubstr("is above its end: it holds no records, and the next one's offset is 0"));
  EXPECT_THAT(out_of_range_text("t", 0, 50, std::nullopt), HasSubstr("is not an offset that the topic has"));
}

TEST(kafka_source, a_source_waits_for_the_one_it_names_and_load_holds_ready_back) {
  mock_kafka kafka;
  kafka.create("first", 2);
  kafka.create("second", 2);
  send_orders(kafka, "first", 2, 1000);
  send_orders(kafka, "second", 2, 1000);
  auto second = kafka.source("second", "second");
  second.after = {"first"};
  second.load = true;
  recording_port port;
  port.hold();
  sources s({second, kafka.source("first", "first")}, port, no_generators);
  s.start();
  ASSERT_TRUE(eventually([&] { return port.count() == 1000 && s.all_assigned(); }));
  EXPECT_EQ(s.status()[0].state, source_state::waiting);
  EXPECT_FALSE(s.ready());
  for (const auto& r : port.records()) ASSERT_EQ(r.source, "first") << "read, but not yet applied";
  port.let_go();
  ASSERT_TRUE(eventually([&] { return port.count() == 2000; }));
  ASSERT_TRUE(eventually([&] { return s.ready(); }));
  EXPECT_EQ(s.status()[0].state, source_state::running);
}

TEST(kafka_source, an_empty_topic_counts_as_read) {
  mock_kafka kafka;
  kafka.create("orders", 3);
  auto spec = kafka.source("orders", "orders");
  spec.load = true;
  recording_port port;
  sources s({spec}, port, no_generators);
  s.start();
  EXPECT_TRUE(eventually([&] { return s.ready(); }));
}

TEST(kafka_source, brokers_that_go_away_are_told_of_and_come_back) {
  mock_kafka kafka;
  kafka.create("orders", 1);
  send_orders(kafka, "orders", 1, 10);
  recording_port port;
  sources s({kafka.source("orders", "orders")}, port, no_generators);
  s.start();
  ASSERT_TRUE(eventually([&] { return port.count() == 10; }));
  rd_kafka_mock_broker_set_down(kafka.cluster(), -1);
  ASSERT_TRUE(eventually([&] { return !s.status()[0].problem.empty(); }));
  EXPECT_THAT(s.status()[0].problem, HasSubstr("no broker of " + kafka.brokers()));
  rd_kafka_mock_broker_set_up(kafka.cluster(), -1);
  ASSERT_TRUE(eventually([&] { return s.status()[0].problem.empty(); }, seconds{40}));
  send_orders(kafka, "orders", 1, 10);
  ASSERT_TRUE(eventually([&] { return port.count() == 20; }, seconds{40}));
}

TEST(kafka_source, stop_keeps_its_deadline_without_a_broker_and_with_shards_that_hang) {
  mock_kafka kafka;
  kafka.create("orders", 1);
  send_orders(kafka, "orders", 1, 10);
  recording_port port;
  port.hold();
  sources s({kafka.source("orders", "orders")}, port, no_generators);
  s.start();
  ASSERT_TRUE(eventually([&] { return port.count() == 10; }));
  rd_kafka_mock_broker_set_down(kafka.cluster(), -1);
  const auto began = std::chrono::steady_clock::now();
  s.stop(seconds{3});
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds{5});
  port.let_go();
}

TEST(kafka_source, properties_that_are_ours_or_unknown_are_start_up_errors) {
  mock_kafka kafka;
  recording_port port;
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"enable.auto.commit", "true"}, {"no.such.thing", "1"}, {"session.timeout.ms", "soon"}}) {
    auto spec = kafka.source("orders", "orders");
    std::get<kafka_spec>(spec.from).properties[name] = value;
    try {
      sources s({spec}, port, no_generators);
      ADD_FAILURE() << name;
    } catch (const source_error& e) {
      ASSERT_EQ(e.problems().size(), 1u);
      EXPECT_EQ(e.problems()[0].field, "kafka");
      EXPECT_THAT(e.what(), HasSubstr("'" + name + "'"));
    }
  }
}

}  // namespace
}  // namespace twinlane::ingest
