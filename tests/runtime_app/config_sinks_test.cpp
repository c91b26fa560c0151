#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>

#include <twinlane/runtime/app/config.hpp>

namespace twinlane::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using namespace std::chrono_literals;

// A sound configuration to add to; what is added begins at line 4.
const std::string base = R"(agents:
  - { type: customer, route: /customer/:id, lanes: { profile: { kind: value } } }
sinks:
)";

config_result read(const std::string& sinks, const std::vector<std::string>& sets = {}) {
  std::vector<config_override> overrides;
  for (const auto& s : sets) overrides.push_back(parse_override(s).value());
  return read_config(base + sinks, "c.yaml", overrides, {});
}

std::vector<std::string> errors(const std::string& sinks) {
  std::vector<std::string> lines;
  for (const auto& p : read(sinks).problems) lines.push_back(text_of(p));
  return lines;
}

TEST(config_sinks, every_key_is_read) {
  const auto r = read(R"(
  - name: offers
    kafka: { brokers: "h:9092", topic: offers, properties: { compression.type: lz4 } }
  - name: crm
    webhook:
      url: "https://crm.example/customers/{$key}/events"
      method: PUT
      headers: { Authorization: Bearer abc, X-Agent: "{$uri}" }
      body: '{{"offer":{$value}}}'
      timeout: 3s
      connections: 2
      retry: { tries: 5, backoff: 1s, backoff_max: 2m, age: 1h }
)",
                      {"sinks.crm.webhook.timeout=4s"});
  for (const auto& p : r.problems) ADD_FAILURE() << text_of(p);
  ASSERT_THAT(r.settings.sinks, SizeIs(2));
  const auto& kafka = std::get<ingest::kafka_sink_spec>(r.settings.sinks[0].to);
  EXPECT_EQ(r.settings.sinks[0].name, "offers");
  EXPECT_EQ(kafka.brokers, "h:9092");
  EXPECT_EQ(kafka.topic, "offers");
  EXPECT_EQ(kafka.properties.at("compression.type"), "lz4");
  const auto& crm = std::get<ingest::webhook_spec>(r.settings.sinks[1].to);
  EXPECT_EQ(crm.url, "https://crm.example/customers/{$key}/events");
  EXPECT_EQ(crm.method, "PUT");
  EXPECT_EQ(crm.headers.at("Authorization"), "Bearer abc");
  EXPECT_EQ(crm.headers.at("X-Agent"), "{$uri}");
  EXPECT_EQ(crm.body, R"({{"offer":{$value}}})");
  EXPECT_EQ(crm.timeout, 4s);
  EXPECT_EQ(crm.connections, 2u);
  EXPECT_EQ(crm.retry.tries, 5u);
  EXPECT_EQ(crm.retry.backoff, 1s);
  EXPECT_EQ(crm.retry.backoff_max, 2min);
  EXPECT_EQ(crm.retry.age, 1h);
}

TEST(config_sinks, what_is_left_out_has_the_documented_default) {
  const auto r = read("  - { name: crm, webhook: { url: \"http://crm\" } }\n");
  ASSERT_THAT(r.problems, IsEmpty());
  const auto& crm = std::get<ingest::webhook_spec>(r.settings.sinks.at(0).to);
  EXPECT_EQ(crm.method, "POST");
  EXPECT_EQ(crm.body, "");
  EXPECT_EQ(crm.timeout, 10s);
  EXPECT_EQ(crm.connections, 8u);
  EXPECT_EQ(crm.retry.tries, 20u);
  EXPECT_EQ(crm.retry.backoff, 500ms);
  EXPECT_EQ(crm.retry.backoff_max, 1min);
  EXPECT_EQ(crm.retry.age, 24h);
  EXPECT_THAT(read("").settings.sinks, IsEmpty());
}

TEST(config_sinks, each_entry_says_where_it_writes_to) {
  EXPECT_THAT(errors("  {}\n"), ElementsAre("c.yaml:4: sinks: is not a list. Begin each sink with '- name: …'."));
  EXPECT_THAT(errors("  - name: s\n"),
              ElementsAre("c.yaml:4: sinks.s: nowhere to write to. Give it one of kafka, webhook."));
  EXPECT_THAT(errors("  - name: s\n    kafka: { brokers: b, topic: t }\n    webhook: { url: \"http://a\" }\n"),
              ElementsAre("c.yaml:6: sinks.s.webhook: the sink writes to 'kafka' already. Keep one of them."));
  EXPECT_THAT(errors("  - kafka: { brokers: b, topic: t }\n"),
              ElementsAre("c.yaml:4: sinks[0].name: is missing. Write name: crm."));
  EXPECT_THAT(errors("  - name: s\n    kafka:\n      brokers: b\n"),
              ElementsAre("c.yaml:6: sinks.s.kafka.topic: is missing. Name the topic to write to."));
  EXPECT_THAT(errors("  - name: s\n    webhook:\n      method: PUT\n"),
              ElementsAre("c.yaml:6: sinks.s.webhook.url: is missing. Write url: \"https://crm.example/events\"."));
}

TEST(config_sinks, unknown_keys_wrong_types_and_ranges_are_told_with_line_and_hint) {
  const auto webhook = [](const std::string& keys) {
    return errors("  - name: s\n    webhook:\n      url: \"http://a\"\n      " + keys + "\n");
  };
  EXPECT_THAT(errors("  - name: s\n    kafka: { brokers: b, topic: t, group: g }\n"),
              ElementsAre("c.yaml:5: 'group' is not a key of sinks.s.kafka. Keys are: brokers, topic, properties."));
  EXPECT_THAT(webhook("timout: 3s"),
              ElementsAre("c.yaml:7: 'timout' is not a key of sinks.s.webhook. Did you mean 'timeout'?"));
  EXPECT_THAT(webhook("timeout: 3"), ElementsAre(StartsWith("c.yaml:7: sinks.s.webhook.timeout: '3' is not a dur")));
  EXPECT_THAT(webhook("connections: 0"),
              ElementsAre("c.yaml:7: sinks.s.webhook.connections: '0' is not a whole number from 1 to 1000."));
  EXPECT_THAT(webhook("retry: { tries: 0 }"),
              ElementsAre("c.yaml:7: sinks.s.webhook.retry.tries: '0' is not a whole number from 1 to 1000000."));
  EXPECT_THAT(webhook("headers: [a]"),
              ElementsAre("c.yaml:7: sinks.s.webhook.headers: needs a map, not a list. Write key: value lines."));
}

TEST(config_sinks, what_ingest_finds_gets_its_line_too) {
  EXPECT_THAT(errors("  - name: s\n    kafka: { brokers: b, topic: t, properties: { acks: 1 } }\n"),
              ElementsAre("c.yaml:5: sinks.s.kafka: property 'acks' is set by twinlane itself. Remove it."));
  EXPECT_THAT(errors("  - name: s\n    webhook:\n      url: \"http://a\"\n      body: '{\"a\":1}'\n"),
              ElementsAre(StartsWith("c.yaml:7: sinks.s.webhook.body: ")));
  EXPECT_THAT(errors("  - name: s\n    webhook:\n      url: \"http://a\"\n      method: GET\n"),
              ElementsAre("c.yaml:7: sinks.s.webhook.method: 'GET' is not one of POST, PUT, PATCH."));
  EXPECT_THAT(
      errors("  - name: s\n    webhook:\n      url: \"http://a\"\n      headers: { X: \"secret{\" }\n"),
      ElementsAre(testing::AllOf(StartsWith("c.yaml:7: sinks.s.webhook.headers: 'X'"), Not(HasSubstr("secret")))));
  EXPECT_THAT(errors("  - { name: a b, webhook: { url: \"http://a\" } }\n"),
              ElementsAre("c.yaml:4: sinks[0].name: 'a b' is not a name. Use letters, digits, '_', '-' and '.', at "
                          "most 100."));
  EXPECT_THAT(errors("  - { name: a, webhook: { url: \"http://a\" } }\n"
                     "  - { name: a, webhook: { url: \"http://b\" } }\n"),
              ElementsAre("c.yaml:5: sinks.a.name: the sink in line 4 has this name. Choose another."));
}

}  // namespace
}  // namespace twinlane::app
