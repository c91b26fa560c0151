#include <twinlane/ingest/replayer.hpp>

#include <thread>

#include <gmock/gmock.h>
#include <twinlane/agents/uri.hpp>

#include "recording_port.hpp"

namespace twinlane::ingest {
namespace {

using kind = replay_fate::kind;
using testing::HasSubstr;
using namespace std::chrono_literals;

source_spec orders(record_format format = record_format::json) {
  source_spec s;
  s.name = "orders";
  s.from = http_spec{};
  s.format = format;
  s.entity = "/customer/{id}";
  s.lane = "orders";
  s.key = "{order}";
  return s;
}

dead_letter letter(std::string value) {
  dead_letter l;
  l.source = "orders";
  l.topic = "orders-topic";
  l.partition = 3;
  l.offset = 7;
  l.reason = dead_reason::missing_field;
  l.value = std::move(value);
  l.at_ms = 1000;
  return l;
}

class replayer_test : public testing::Test {
 protected:
  recording_port port;
  std::vector<source_spec> specs{orders()};

  std::vector<replay_fate> replay(std::vector<dead_letter> letters) {
    auto fates = replayer(specs, port).replay(letters, {}, 10s);
    return fates ? *fates : std::vector<replay_fate>();
  }
  std::string refusal(const dead_letter& l) {
    const auto fates = replay({l});
    EXPECT_EQ(fates.at(0).what, kind::refused);
    EXPECT_EQ(port.count(), 0u);
    return fates.at(0).why;
  }
};

TEST_F(replayer_test, record_without_an_agent_goes_through_its_router) {
  const auto fates = replay({letter(R"({"id":"a b","order":9})"), letter("{oops"), letter(R"({"id":"2","order":1})")});
  ASSERT_EQ(fates.size(), 3u);
  EXPECT_EQ(fates[0].what, kind::applied);
  EXPECT_EQ(fates[1].what, kind::refused);
  EXPECT_THAT(fates[1].why, HasSubstr("bad_json"));
  EXPECT_EQ(fates[2].what, kind::applied);
  const auto records = port.records();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].source, "orders");
  EXPECT_EQ(records[0].topic, "(replay)");
  EXPECT_EQ(records[0].uri, "/customer/a%20b");
  EXPECT_EQ(records[0].hash, murmur2("a b"));
  EXPECT_EQ(records[0].key, "9");
  EXPECT_EQ(records[0].time_ms, 1000);
  EXPECT_LT(records[0].offset, records[1].offset);
  EXPECT_TRUE(port.dead().empty());
}

TEST_F(replayer_test, record_that_its_agent_refused_goes_to_it_as_it_was_routed) {
  auto l = letter(R"({"total":1})");
  l.uri = "/customer/a%20b";
  l.key = "9";
  l.time_ms = 500;
  auto tombstone = l;
  tombstone.value.clear();
  replay({l, tombstone});
  const auto records = port.records();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].uri, "/customer/a%20b");
  EXPECT_EQ(records[0].hash, murmur2("a b"));
  EXPECT_EQ(records[0].key, "9");
  EXPECT_EQ(records[0].value, R"({"total":1})");
  EXPECT_EQ(records[0].time_ms, 500);
  EXPECT_FALSE(records[0].remove);
  EXPECT_TRUE(records[1].remove);
}

TEST_F(replayer_test, templates_see_where_the_record_came_from) {
  specs[0].entity = "/customer/{$topic}";
  specs[0].key = "{$key}-{$partition}-{$offset}";
  auto l = letter("{}");
  l.key = "k";
  replay({l});
  EXPECT_EQ(port.records().at(0).uri, "/customer/orders-topic");
  EXPECT_EQ(port.records().at(0).key, "k-3-7");
}

TEST_F(replayer_test, message_between_agents_goes_to_the_lane_it_was_sent_to) {
  auto l = letter("5");
  l.source = "(agents)";
  l.topic = "/customer/7/profile";
  EXPECT_EQ(replay({l}).at(0).what, kind::applied);
  EXPECT_EQ(port.records().at(0).source, "(agents)");
  EXPECT_EQ(port.records().at(0).uri, "/customer/7");
  EXPECT_EQ(port.records().at(0).value, "5");
}

TEST_F(replayer_test, what_cannot_be_handed_over_says_why) {
  auto l = letter("{}");
  l.source = "gone";
  EXPECT_EQ(refusal(l), "there is no source 'gone' in the configuration");
  l.source = "(sink mail)";
  EXPECT_EQ(refusal(l), "letters of sinks cannot be replayed");
  l.source = "(agents)";
  l.topic = "/customer/7/none";
  EXPECT_EQ(refusal(l), "no lane 'none'");
  l.value.clear();
  EXPECT_THAT(refusal(l), HasSubstr("news of a join"));
  specs[0] = orders(record_format::csv);
  EXPECT_THAT(refusal(letter("1,2")), HasSubstr("Write columns:"));
}

TEST_F(replayer_test, letter_of_a_sink_is_applied_once_it_has_arrived) {
  auto l = letter("5");
  l.source = "(sink mail)";
  std::vector<std::function<void()>> given;
  replayer r(specs, port, [&](const dead_letter& one, auto arrived) -> outcome<std::monostate> {
    EXPECT_EQ(one.value, "5");
    given.push_back(arrived);
    if (given.size() == 1) arrived();
    if (given.size() == 2) return error{problem::too_busy, "full"};
    return std::monostate{};
  });
  const auto fates = r.replay(std::vector{l, l, l}, {}, 50ms);
  ASSERT_TRUE(fates);
  EXPECT_EQ((*fates)[0].what, kind::applied);
  EXPECT_EQ((*fates)[1].why, "full");
  EXPECT_EQ((*fates)[2].what, kind::refused) << "it is nowhere but in memory";
  given[2]();
}

TEST_F(replayer_test, record_that_a_shard_refuses_is_dead_again) {
  port.did_post = [](const recording_port::record& r, source_partition& p) {
    if (r.key == "2") p.did_reject(r.offset, dead_reason::handler_failed, "no");
  };
  const auto fates = replay({letter(R"({"id":"1","order":1})"), letter(R"({"id":"1","order":2})")});
  EXPECT_EQ(fates.at(0).what, kind::applied);
  EXPECT_EQ(fates.at(1).what, kind::dead_again);
  EXPECT_EQ(fates.at(1).why, "handler_failed: no");
}

TEST_F(replayer_test, nothing_is_told_before_it_is_durable) {
  port.hold();
  replayer r(specs, port);
  const std::vector letters{letter(R"({"id":"1","order":1})")};
  EXPECT_FALSE(r.replay(letters, {}, 10ms));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(r.replay(letters, stop.get_token(), 1h));
  std::jthread later([&] {
    recording_port::eventually([&] { return port.count() == 3; });
    port.let_go();
  });
  EXPECT_TRUE(r.replay(letters, {}, 10s));
}

}  // namespace
}  // namespace twinlane::ingest
