#include <twinlane/ingest/kafka_sink.hpp>

#include <map>

#include <gmock/gmock.h>

#include "mock_kafka.hpp"
#include "sink_lab.hpp"

namespace twinlane::ingest {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

sink_spec to(const mock_kafka& kafka, std::map<std::string, std::string> properties = {}) {
  return {"offers", kafka_sink_spec{kafka.brokers(), "offers", std::move(properties)}};
}

bool eventually(const std::function<bool()>& c) { return recording_port::eventually(c); }

/// Item i of n agents in turn; its value is i.
void offer(sink_lab& lab, int agents, int from, int to) {
  for (int i = from; i < to; ++i)
    lab.offer(std::to_string(i), "/customer/" + std::to_string(i % agents), std::to_string(i));
}

/// Each id is there, and after its last repeat the order by key is that of the ids.
void expect_whole_and_in_order(const std::vector<mock_kafka::message>& all, int count) {
  std::map<std::string, std::vector<int>> by_key;
  std::map<int, int> ids;
  for (const auto& m : all) {
    const int id = std::stoi(m.headers.at("twinlane-id"));
    ++ids[id];
    auto& seen = by_key[m.key];
    while (!seen.empty() && seen.back() >= id) seen.pop_back();
    seen.push_back(id);
  }
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(count));
  std::size_t in_order = 0;
  for (const auto& [key, seen] : by_key) in_order += seen.size();
  EXPECT_EQ(in_order, ids.size()) << "what went again was followed by all that came after it";
}

TEST(kafka_sink, items_keep_the_order_of_their_agent_and_carry_id_and_uri) {
  mock_kafka kafka;
  kafka.create("offers", 4);
  sink_lab lab(to(kafka));
  lab.start();
  offer(lab, 7, 0, 5'000);
  ASSERT_TRUE(lab.arrive(5'000));
  const auto all = kafka.read("offers", 4, 5'000);
  ASSERT_EQ(all.size(), 5'000u);
  std::map<std::string, int> last;
  for (const auto& m : all) {
    const int i = std::stoi(m.value.value());
    EXPECT_EQ(m.headers.at("twinlane-id"), *m.value);
    EXPECT_EQ(m.headers.at("twinlane-uri"), m.key) << "an item without a key has its agent's URI";
    EXPECT_EQ(m.time_ms, 1'700'000'000'000);
    const auto [before, first] = last.emplace(m.key, i);
    ASSERT_TRUE(first || before->second < i);
    before->second = i;
  }
  EXPECT_EQ(lab.status().sent, 5'000u);
  EXPECT_EQ(lab.status().waiting, 0u);
  EXPECT_EQ(lab.status().state, sink_state::running);
}

TEST(kafka_sink, partition_is_the_one_that_java_clients_choose) {
  // From the tests of Kafka's own Utils.murmur2.
  const std::map<std::string, std::int32_t> hashes = {{"21", -973932308},
                                                      {"foobar", -790332482},
                                                      {"a-little-bit-long-string", -985981536},
                                                      {"a-little-bit-longer-string", -1486304829},
                                                      {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
                                                      {"abc", 479470107}};
  mock_kafka kafka;
  kafka.create("offers", 12);
  sink_lab lab(to(kafka));
  lab.start();
  for (const auto& [key, hash] : hashes) lab.offer(key, "/a/1", "1", key);
  for (const auto& m : kafka.read("offers", 12, hashes.size()))
    EXPECT_EQ(m.partition, (hashes.at(m.key) & 0x7fffffff) % 12) << m.key;
  EXPECT_TRUE(lab.arrive(hashes.size()));
}

TEST(kafka_sink, null_becomes_a_tombstone) {
  mock_kafka kafka;
  kafka.create("offers", 1);
  sink_lab lab(to(kafka));
  lab.start();
  lab.offer("1", "/a/1", "null", "k");
  const auto all = kafka.read("offers", 1, 1);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_FALSE(all[0].value);
  EXPECT_EQ(all[0].key, "k");
}

TEST(kafka_sink, items_wait_while_brokers_are_down_and_go_on_by_themselves) {
  mock_kafka kafka;
  kafka.create("offers", 2);
  sink_lab lab(to(kafka));
  lab.start();
  offer(lab, 5, 0, 100);
  ASSERT_TRUE(lab.arrive(100));
  rd_kafka_mock_broker_set_down(kafka.cluster(), 1);
  offer(lab, 5, 100, 300);
  ASSERT_TRUE(eventually([&] { return lab.status().state == sink_state::down; }));
  EXPECT_THAT(lab.status().problem, HasSubstr("no broker of " + kafka.brokers() + " answers"));
  EXPECT_EQ(lab.status().waiting, 200u);
  EXPECT_EQ(lab.arrived().size(), 100u);
  rd_kafka_mock_broker_set_up(kafka.cluster(), 1);
  ASSERT_TRUE(lab.arrive(300));
  EXPECT_TRUE(eventually([&] { return lab.status().state == sink_state::running; }));
  EXPECT_EQ(lab.status().problem, "");
  expect_whole_and_in_order(kafka.read("offers", 2, 300), 300);
  EXPECT_THAT(lab.dead(), IsEmpty());
}

TEST(kafka_sink, missing_topic_is_shown_and_holds_items_back_until_it_is_there) {
  mock_kafka kafka;
  kafka.create("offers", 1);
  kafka.hide("offers");
  sink_lab lab(to(kafka));
  lab.start();
  lab.offer("1", "/a/1", "1");
  ASSERT_TRUE(eventually([&] { return lab.status().state == sink_state::down; }));
  EXPECT_THAT(lab.status().problem, HasSubstr("topic 'offers' does not exist"));
  EXPECT_THAT(lab.arrived(), IsEmpty());
  kafka.show("offers");
  ASSERT_TRUE(lab.arrive(1));
  EXPECT_THAT(lab.dead(), IsEmpty());
}

TEST(kafka_sink, too_large_item_is_a_dead_letter_once_it_is_on_disk_and_its_neighbours_arrive) {
  mock_kafka kafka;
  kafka.create("offers", 1);
  sink_lab lab(to(kafka, {{"message.max.bytes", "2000"}}));
  lab.failing_writes = 1;
  lab.offer("1", "/a/1", "1");
  lab.offer("2", "/a/1", '"' + std::string(3000, 'x') + '"');
  lab.offer("3", "/a/1", "3");
  lab.start();
  ASSERT_TRUE(lab.arrive(3));
  ASSERT_EQ(lab.dead().size(), 1u);
  EXPECT_EQ(lab.dead()[0].reason, dead_reason::too_large);
  EXPECT_THAT(lab.dead()[0].detail, HasSubstr("bytes are too many; raise message.max.bytes"));
  EXPECT_EQ(lab.dead()[0].source, "(sink offers)");
  EXPECT_EQ(lab.dead()[0].topic, "/a/1");
  EXPECT_EQ(lab.dead()[0].value.size(), 3002u);
  EXPECT_EQ(kafka.read("offers", 1, 2).size(), 2u);
  EXPECT_EQ(lab.status().dead, 1u);
  EXPECT_EQ(lab.status().sent, 2u);
}

TEST(kafka_sink, of_a_batch_that_the_broker_refuses_only_the_guilty_item_is_dead) {
  mock_kafka kafka;
  kafka.create("offers", 1);
  // The batch, and of its items the first.
  kafka.fail_next(mock_kafka::produce_request,
                  {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  sink_lab lab(to(kafka));
  offer(lab, 3, 0, 50);
  lab.start();
  ASSERT_TRUE(lab.arrive(50));
  ASSERT_EQ(lab.dead().size(), 1u);
  EXPECT_EQ(lab.dead()[0].reason, dead_reason::too_large);
  offer(lab, 3, 50, 60);
  ASSERT_TRUE(lab.arrive(60));
  EXPECT_EQ(lab.status().sent, 59u);
  const auto all = kafka.read("offers", 1, 59);
  EXPECT_EQ(all.size(), 59u);
}

TEST(kafka_sink, what_a_missing_right_held_back_goes_again_in_its_order) {
  mock_kafka kafka;
  kafka.create("offers", 2);
  kafka.fail_next(mock_kafka::produce_request, {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
  sink_lab lab(to(kafka));
  offer(lab, 9, 0, 2'000);
  lab.start();
  ASSERT_TRUE(lab.arrive(2'000));
  EXPECT_GT(lab.status().retried, 0u);
  EXPECT_THAT(lab.dead(), IsEmpty());
  EXPECT_EQ(lab.status().state, sink_state::running);
  expect_whole_and_in_order(kafka.read("offers", 2, 2'000), 2'000);
}

TEST(kafka_sink, producer_that_gave_up_is_made_anew) {
  mock_kafka kafka;
  kafka.create("offers", 1);
  kafka.fail_next(mock_kafka::init_producer_request, {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED});
  sink_lab lab(to(kafka));
  offer(lab, 3, 0, 100);
  lab.start();
  ASSERT_TRUE(lab.arrive(100));
  expect_whole_and_in_order(kafka.read("offers", 1, 100), 100);
  EXPECT_THAT(lab.dead(), IsEmpty());
}

TEST(kafka_sink, stop_leaves_what_has_not_arrived_and_keeps_its_deadline) {
  mock_kafka kafka;
  kafka.create("offers", 1);
  rd_kafka_mock_broker_set_down(kafka.cluster(), 1);
  sink_lab lab(to(kafka));
  lab.start();
  lab.offer("1", "/a/1", "1");
  ASSERT_TRUE(eventually([&] { return lab.status().state == sink_state::down; }));
  const auto began = std::chrono::steady_clock::now();
  lab.stop(seconds{2});
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds{5});
  EXPECT_THAT(lab.arrived(), IsEmpty());
  EXPECT_EQ(lab.status().waiting, 1u);
  EXPECT_EQ(lab.status().state, sink_state::stopped);
}

TEST(kafka_sink, stop_lets_what_is_on_its_way_arrive) {
  mock_kafka kafka;
  kafka.create("offers", 1);
  sink_lab lab(to(kafka, {{"linger.ms", "300"}}));
  lab.start();
  lab.offer("0", "/a/1", "0");
  ASSERT_TRUE(lab.arrive(1)) << "connected";
  offer(lab, 3, 1, 100);
  ASSERT_TRUE(eventually([&] { return lab.all().queues()[0]->waiting_items() == 0; }));
  lab.stop(seconds{10});
  EXPECT_EQ(lab.arrived().size(), 100u);
}

}  // namespace
}  // namespace twinlane::ingest
