#include <twinlane/runtime/app/config.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>

#include <twinlane/agents/agent.hpp>
#include <twinlane/ingest/generator.hpp>
#include <twinlane/runtime/app/units.hpp>

#include "temp_dir.hpp"

namespace twinlane::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

ingest::generator_registry one_generator() {
  ingest::generator_registry all;
  all.add("shop.orders", [](std::uint64_t, std::uint64_t, const auto&, auto&) {});
  return all;
}

config_result read(std::string_view yaml, const std::vector<std::string>& sets = {}) {
  static const auto generators = one_generator();
  std::vector<config_override> overrides;
  for (const auto& s : sets) overrides.push_back(parse_override(s).value());
  return read_config(yaml, "c.yaml", overrides, {{}, &generators});
}

std::vector<std::string> errors(std::string_view yaml, const std::vector<std::string>& sets = {}) {
  std::vector<std::string> lines;
  for (const auto& p : read(yaml, sets).problems) lines.push_back(text_of(p));
  return lines;
}

// A sound configuration to add to; five lines, so that what is added begins at line 6.
const std::string base = R"(agents:
  - type: customer
    route: /customer/:id
    lanes: { profile: { kind: value }, orders: { kind: map }, clicks: { kind: log } }
sources:
)";

TEST(config, every_key_is_read) {
  const auto r = read(R"(
listen: "[::1]:0"
data_dir: /tmp/d
insecure: true
store: { kind: memory }
log: { level: debug, format: json }
workers: 3
shards: 64
cut_records: 7
hosting: dedicated
dead_letter_bytes_max: 1GiB
ui: pages
tls: { cert: cert.pem, key: /etc/key.pem }
web: { compression: true, origins: [https://a.example], outbound_bytes_max: 64KiB, idle_timeout: 90s, connections_max: 5 }
agents:
  - type: customer
    route: /customer/:id
    hosting: dedicated
    create: never
    lanes:
      profile: { kind: value, writable: true }
      orders: { kind: map, keep: { entries: 200, age: 30d } }
      clicks: { kind: log, keep: { age: 30m }, transient: true }
sources:
  - name: a
    kafka: { brokers: "h:9092", topic: 7, group: g, properties: { fetch.min.bytes: 1 } }
    format: csv
    columns: [id, name]
    entity: /customer/{id}
    lane: orders
    key: "{id}"
    time: at.ms
    time_unit: us
    load: true
  - { name: b, file: { path: /x.ndjson, rate: 2.5, loop: true }, entity: "/customer/{$key}", lane: profile, after: [a] }
  - { name: c, http: , entity: "/customer/{id}", lane: clicks }
  - name: d
    generator: { name: shop.orders, seed: 18446744073709551615, rate: 0.5, preload: 10, parameters: { customers: 100 } }
    entity: /customer/{id}
    lane: clicks
)");
  for (const auto& p : r.problems) ADD_FAILURE() << text_of(p);
  const auto& c = r.settings;
  EXPECT_EQ(c.web.host, "::1");
  EXPECT_EQ(c.web.port, 0);
  EXPECT_TRUE(c.web.insecure);
  EXPECT_EQ(c.data_dir, "/tmp/d");
  EXPECT_EQ(c.level, log_level::debug);
  EXPECT_EQ(c.format, log_format::json);
  EXPECT_EQ(c.workers, 3u);
  EXPECT_EQ(c.shards, 64u);
  EXPECT_EQ(c.cut_records, 7u);
  EXPECT_EQ(c.hosting_override, hosting::dedicated);
  EXPECT_EQ(c.dead_letter_bytes_max, 1024ull * 1024 * 1024);
  EXPECT_EQ(c.ui, "pages");
  EXPECT_THAT(c.web.origins, ElementsAre("https://a.example"));
  EXPECT_EQ(c.web.outbound_bytes_max, 65'536u);
  EXPECT_EQ(c.web.idle_timeout, 90s);
  EXPECT_EQ(c.web.connections_max, 5u);
  EXPECT_TRUE(c.web.compression);
  ASSERT_TRUE(c.web.tls);
  EXPECT_EQ(c.web.tls->cert, "cert.pem");
  EXPECT_EQ(c.web.tls->key, "/etc/key.pem");
  ASSERT_THAT(c.agents, SizeIs(1));
  EXPECT_EQ(c.agents[0].options.host, hosting::dedicated);
  EXPECT_EQ(c.agents[0].options.create, creation::never);
  ASSERT_THAT(c.agents[0].lanes, SizeIs(3));
  EXPECT_TRUE(c.agents[0].lanes[0].writable);
  EXPECT_EQ(c.agents[0].lanes[1].keep.entries_max, 200u);
  EXPECT_EQ(c.agents[0].lanes[1].keep.age_ms, 30ll * 86'400'000);
  EXPECT_TRUE(c.agents[0].lanes[2].transient);
  EXPECT_EQ(c.agents[0].lanes[2].kind, lane_kind::log);
  ASSERT_THAT(c.sources, SizeIs(4));
  const auto& kafka = std::get<ingest::kafka_spec>(c.sources[0].from);
  EXPECT_EQ(kafka.topic, "7");
  EXPECT_EQ(kafka.properties.at("fetch.min.bytes"), "1");
  EXPECT_EQ(c.sources[0].format, ingest::record_format::csv);
  EXPECT_THAT(c.sources[0].columns, ElementsAre("id", "name"));
  EXPECT_EQ(c.sources[0].time, "at.ms");
  EXPECT_EQ(c.sources[0].unit, ingest::time_unit::microseconds);
  EXPECT_TRUE(c.sources[0].load);
  const auto& file = std::get<ingest::file_spec>(c.sources[1].from);
  EXPECT_EQ(file.path, "/x.ndjson");
  EXPECT_EQ(file.rate, 2.5);
  EXPECT_TRUE(file.loop);
  EXPECT_THAT(c.sources[1].after, ElementsAre("a"));
  EXPECT_TRUE(std::holds_alternative<ingest::http_spec>(c.sources[2].from));
  const auto& generator = std::get<ingest::generator_spec>(c.sources[3].from);
  EXPECT_EQ(generator.seed, UINT64_MAX);
  EXPECT_EQ(generator.rate, 0.5);
  EXPECT_EQ(generator.preload, 10u);
  EXPECT_EQ(generator.parameters.at("customers"), "100");
}

TEST(config, what_is_left_out_has_the_documented_default) {
  const auto r = read(base);
  EXPECT_THAT(r.problems, IsEmpty());
  EXPECT_EQ(r.settings.web.host, "127.0.0.1");
  EXPECT_EQ(r.settings.web.port, 8080);
  EXPECT_EQ(r.settings.data_dir, "data");
  EXPECT_EQ(r.settings.store, config::store_kind::sqlite);
  EXPECT_EQ(r.settings.shards, 960u);
  EXPECT_FALSE(r.settings.hosting_override);
}

TEST(config, with_auth_and_tls_it_may_listen_beyond_loopback) {
  EXPECT_THAT(errors(base + "listen: 0.0.0.0:8080\ntls: { cert: c, key: k }\nauth: { tokens: t.yaml }\n" +
                     "policies: [{ role: a, api: [metrics] }]\n"),
              IsEmpty());
}

struct error_case {
  std::string name, yaml;
  std::vector<std::string> expected;
};

void PrintTo(const error_case& c, std::ostream* out) { *out << c.name; }

class config_errors : public testing::TestWithParam<error_case> {};

TEST_P(config_errors, are_told_with_line_and_hint) { EXPECT_EQ(errors(GetParam().yaml), GetParam().expected); }

const std::vector<error_case> top_level{
    {"unknown_key",
     base + "lisen: 127.0.0.1:1\n",
     {"c.yaml:6: 'lisen' is not a key of a configuration. Did you mean 'listen'?"}},
    {"far_from_any_key",
     base + "frobnicate: 1\n",
     {"c.yaml:6: 'frobnicate' is not a key of a configuration. Keys are: insecure, listen, data_dir, workers, shards, "
      "cut_records, hosting, dead_letter_bytes_max, ui, store, log, web, …."}},
    {"listen_without_port",
     base + "listen: 8080\n",
     {"c.yaml:6: listen: '8080' is not HOST:PORT. Write 127.0.0.1:8080, or port 0 for a free one."}},
    {"port_too_large",
     base + "listen: localhost:65536\n",
     {"c.yaml:6: listen: 'localhost:65536' is not HOST:PORT. Write 127.0.0.1:8080, or port 0 for a free one."}},
    {"open_to_the_network",
     base + "listen: 0.0.0.0:8080\n",
     {"c.yaml:6: listen: '0.0.0.0:8080' can be reached from other machines, and there is no authentication. Listen on "
      "127.0.0.1, or set insecure: true."}},
    {"store_of_a_later_version",
     base + "store: { kind: mongo }\n",
     {"c.yaml:6: store.kind: this version has no 'mongo' store. Write store: { kind: sqlite }, or memory."}},
    {"no_such_store",
     base + "store: { kind: redis }\n",
     {"c.yaml:6: store.kind: 'redis' is not a store. Write sqlite or memory."}},
    {"open_to_the_network_without_tls",
     base + "listen: 0.0.0.0:8080\nauth: { tokens: t.yaml }\npolicies: [{ role: a, api: [metrics] }]\n",
     {"c.yaml:6: listen: '0.0.0.0:8080' can be reached from other machines, and without tls tokens could be read on the "
      "way. Add tls, listen on 127.0.0.1, or set insecure: true."}},
    {"tls_without_its_key",
     base + "tls: { cert: server.pem }\n",
     {"c.yaml:6: tls.key: is missing. Name the PEM file of the certificate's private key."}},
    {"tls_with_another_key",
     base + "tls:\n  cert: a\n  key: b\n  crt: c\n",
     {"c.yaml:9: 'crt' is not a key of tls. Did you mean 'cert'?"}},
    {"no_flag", base + "insecure: yes\n", {"c.yaml:6: insecure: 'yes' is not true or false."}},
    {"quoted_flag",
     base + "insecure: \"true\"\n",
     {"c.yaml:6: insecure: 'true' is not true or false. Remove the quotes."}},
    {"no_number", base + "workers: many\n", {"c.yaml:6: workers: 'many' is not a whole number from 0 to 1024."}},
    {"negative", base + "workers: -1\n", {"c.yaml:6: workers: '-1' is not a whole number from 0 to 1024."}},
    {"out_of_range", base + "shards: 0\n", {"c.yaml:6: shards: '0' is not a whole number from 1 to 65536."}},
    {"beyond_64_bits",
     base + "shards: 99999999999999999999999\n",
     {"c.yaml:6: shards: '99999999999999999999999' is not a whole number from 1 to 65536."}},
    {"list_for_a_text",
     base + "data_dir: [a]\n",
     {"c.yaml:6: data_dir: a list is not a text. Write it on the same line, in quotes if it has special characters."}},
    {"nothing_for_a_text",
     base + "data_dir:\n",
     {"c.yaml:6: data_dir: nothing is not a text. Write it on the same line, in quotes if it has special characters."}},
    {"empty_text", base + "data_dir: ''\n", {"c.yaml:6: data_dir: is empty. Give it a value or leave it out."}},
    {"text_for_a_map", base + "log: debug\n", {"c.yaml:6: log: needs a map, not a text. Write key: value lines."}},
    {"unknown_key_below",
     base + "log:\n  levle: debug\n",
     {"c.yaml:7: 'levle' is not a key of log. Did you mean 'level'?"}},
    {"no_such_choice",
     base + "log: { level: inof }\n",
     {"c.yaml:6: log.level: 'inof' is not one of trace, debug, info, warn, error, off. Did you mean 'info'?"}},
    {"duration_without_unit",
     base + "web: { idle_timeout: 30 }\n",
     {"c.yaml:6: web.idle_timeout: '30' is not a duration from 1s to 1d. Write a number and ms, s, m, h or d, as "
      "30s."}},
    {"size_with_another_unit",
     base + "web: { outbound_bytes_max: 64KB }\n",
     {"c.yaml:6: web.outbound_bytes_max: '64KB' is not a size from 16KiB to 1GiB. Write bytes, or a number and KiB, "
      "MiB "
      "or GiB, as 64KiB."}},
    {"same_key_twice",
     base + "workers: 1\nworkers: 2\n",
     {"c.yaml:7: 'workers' is there twice, first in line 6. Keep one of them."}},
    {"several_errors_in_the_order_of_lines",
     "workers: x\n" + base + "shards: y\nui: []\n",
     {"c.yaml:1: workers: 'x' is not a whole number from 0 to 1024.",
      "c.yaml:7: shards: 'y' is not a whole number from 1 to 65536.",
      "c.yaml:8: ui: a list is not a text. Write it on the same line, in quotes if it has special characters."}},
    {"empty_file", "", {"c.yaml:1: agents: is missing. Declare at least one agent type with its route and lanes."}},
    {"no_map", "- a\n", {"c.yaml:1: needs a map, not a list. Write key: value lines."}},
    {"no_yaml",
     "a: [1, 2\nb: 3\n",
     {"c.yaml:2: not YAML: end of sequence flow not found. Look at indentation, quotes and brackets here and above."}},
    {"two_documents", base + "---\na: 1\n", {"c.yaml:7: a second YAML document. Keep one document a file."}},
    {"tag",
     base + "ui: !!binary abc\n",
     {"c.yaml:6: tags such as tag:yaml.org,2002:binary are not taken here. Write the plain value."}},
    {"not_utf8", base + "ui: \xff\n", {"c.yaml:1: the file is not UTF-8 text. Save it as UTF-8."}},
};

std::string agent(const std::string& keys) { return "agents:\n  - type: a\n" + keys; }
const std::string a_lane = "    lanes: { l: { kind: value } }\n";

const std::vector<error_case> agents{
    {"agents_no_list", "agents: {}\n", {"c.yaml:1: agents: is not a list. Begin each agent type with '- type: …'."}},
    {"agent_no_map",
     "agents:\n  - a\n",
     {"c.yaml:2: agents[0]: needs a map, not a text. Write key: value lines.",
      "c.yaml:2: agents[0].type: is missing. Write type: customer.",
      "c.yaml:2: agents[0].route: is missing. Write route: /customer/:id.",
      "c.yaml:2: agents[0].lanes: is missing. Write lanes: { profile: { kind: value } }."}},
    {"route_missing", agent(a_lane), {"c.yaml:2: agents.a.route: is missing. Write route: /customer/:id."}},
    {"lanes_missing",
     agent("    route: /a/:id\n"),
     {"c.yaml:2: agents.a.lanes: is missing. Write lanes: { profile: { kind: value } }."}},
    {"misspelt_key",
     agent("    rout: /a/:id\n" + a_lane),
     {"c.yaml:2: agents.a.route: is missing. Write route: /customer/:id.",
      "c.yaml:3: 'rout' is not a key of agents.a. Did you mean 'route'?"}},
    {"route_without_parameter",
     agent("    route: /a\n" + a_lane),
     {"c.yaml:3: agents.a.route: route '/a': needs at least one parameter, as in /customer/:id. Write it as "
      "/customer/:id."}},
    {"reserved_route",
     agent("    route: /api/:id\n" + a_lane),
     {"c.yaml:3: agents.a.route: '/api/:id' begins with 'api', which the server needs itself. Choose another word."}},
    {"route_that_takes_all",
     agent("    route: /:id\n" + a_lane),
     {"c.yaml:3: agents.a.route: '/:id' begins with a parameter and would take every URL. Begin with a word: "
      "/customer/:id."}},
    {"routes_that_meet",
     agent("    route: /a/:id\n" + a_lane) + "  - type: b\n    route: /a/:nr\n" + a_lane,
     {"c.yaml:6: agents.b.route: '/a/:nr' and '/a/:id' of 'a' could take the same URL. Change the first segment."}},
    {"route_that_meets_a_lane",
     agent("    route: /a/:id\n" + a_lane) + "  - type: b\n    route: /a/:nr/l\n" + a_lane,
     {"c.yaml:6: agents.b.route: '/a/:nr/l' and '/a/:id' of 'a' could take the same URL. Change the first segment."}},
    {"type_twice",
     agent("    route: /a/:id\n" + a_lane) + "  - type: a\n    route: /b/:id\n" + a_lane,
     {"c.yaml:5: agents.a.type: 'a' is there already, with route '/a/:id'. Choose another name."}},
    {"bad_type_name",
     "agents:\n  - type: a b\n    route: /a/:id\n" + a_lane,
     {"c.yaml:2: agents[0].type: 'a b' is not a name. Use letters, digits, '_', '-' and '.', at most 100."}},
    {"name_with_a_line_break",
     "agents:\n  - type: \"a\\nc.yaml:1: b\"\n    route: /a/:id\n" + a_lane,
     {"c.yaml:2: agents[0].type: 'a c.yaml:1: b' is not a name. Use letters, digits, '_', '-' and '.', at most 100."}},
    {"bad_hosting",
     agent("    route: /a/:id\n    hosting: own\n" + a_lane),
     {"c.yaml:4: agents.a.hosting: 'own' is not one of shared, dedicated."}},
    {"lane_without_kind",
     agent("    route: /a/:id\n    lanes:\n      l: {}\n"),
     {"c.yaml:5: agents.a.lanes.l.kind: is missing. Write kind: value, map, log, counter, window, join or supply."}},
    {"lane_of_a_kind_for_cpp",
     agent("    route: /a/:id\n    lanes:\n      l: { kind: command }\n"),
     {"c.yaml:5: agents.a.lanes.l.kind: 'command' is not one of value, map, log, counter, window, join, supply."}},
    {"lane_name",
     agent("    route: /a/:id\n    lanes:\n      a.b: { kind: log }\n"),
     {"c.yaml:5: agents.a.lanes.a.b: a lane's name has letters, digits, '_' and '-' only, at most 100."}},
    {"empty_keep",
     agent("    route: /a/:id\n    lanes:\n      l: { kind: log, keep: {} }\n"),
     {"c.yaml:5: agents.a.lanes.l.keep: says nothing. Write { entries: 200, age: 30d }, or one of them."}},
    {"entries_of_a_value",
     agent("    route: /a/:id\n    lanes:\n      l: { kind: value, keep: { entries: 2 } }\n"),
     {"c.yaml:5: agents.a.lanes.l.keep: a value lane has no entries. Give it an age only, or make it a map or log."}},
    {"bad_age",
     agent("    route: /a/:id\n    lanes:\n      l: { kind: log, keep: { age: 3 weeks } }\n"),
     {"c.yaml:5: agents.a.lanes.l.keep.age: '3 weeks' is not a duration from 1s to 36500d. Write a number and ms, s, "
      "m, "
      "h or d, as 30s."}},
};

std::string source(const std::string& keys) { return base + "  - name: s\n    http:\n" + keys; }

const std::vector<error_case> sources{
    {"sources_no_list",
     "sources: 5\n" + base.substr(0, base.size() - 9),
     {"c.yaml:1: sources: is not a list. Begin each source with '- name: …'."}},
    {"nothing_to_read_from",
     base + "  - name: s\n    entity: /customer/{id}\n    lane: profile\n",
     {"c.yaml:6: sources.s: nothing to read from. Give it one of kafka, file, http, generator."}},
    {"two_origins",
     source("    file: { path: x }\n    entity: /customer/{id}\n    lane: profile\n"),
     {"c.yaml:7: sources.s.http: the source reads from 'file' already. Keep one of them."}},
    {"entity_and_lane_missing",
     source(""),
     {"c.yaml:6: sources.s.entity: is missing. Write entity: /customer/{customer_id}.",
      "c.yaml:6: sources.s.lane: is missing. Name the lane that takes the records."}},
    {"name_missing",
     base + "  - http:\n    entity: /customer/{id}\n    lane: profile\n",
     {"c.yaml:6: sources[0].name: is missing. Write name: orders."}},
    {"bad_name",
     base + "  - name: a/b\n    http:\n    entity: /customer/{id}\n    lane: profile\n",
     {"c.yaml:6: sources[0].name: 'a/b' is not a name. Use letters, digits, '_', '-' and '.', at most 100."}},
    {"name_twice",
     source("    entity: /customer/{id}\n    lane: profile\n") +
         "  - name: s\n    http:\n    entity: /customer/{id}\n    lane: profile\n",
     {"c.yaml:10: sources.s.name: the source in line 6 has this name. Choose another."}},
    {"no_such_route",
     source("    entity: /custmer/{id}\n    lane: profile\n"),
     {"c.yaml:8: sources.s.entity: no agent type has a route for '/custmer/{id}'. Routes are: /customer/:id."}},
    {"no_such_lane",
     source("    entity: /customer/{id}\n    lane: profil\n"),
     {"c.yaml:9: sources.s.lane: 'customer' has no lane 'profil'. Did you mean 'profile'?"}},
    {"key_missing_on_a_map",
     source("    entity: /customer/{id}\n    lane: orders\n"),
     {"c.yaml:6: sources.s.key: is missing, and 'orders' is a map lane. Write key: \"{id}\", the field that names the "
      "entry."}},
    {"key_on_a_log",
     source("    entity: /customer/{id}\n    lane: clicks\n    key: '{id}'\n"),
     {"c.yaml:10: sources.s.key: 'clicks' is a log lane, which has no keys. Leave it out."}},
    {"format_of_a_later_version",
     source("    format: debezium\n    entity: /customer/{id}\n    lane: profile\n"),
     {"c.yaml:8: sources.s.format: this version does not have 'debezium' yet. Unwrap the records with "
      "ExtractNewRecordState and write json."}},
    {"unit_without_a_time",
     source("    entity: /customer/{id}\n    lane: profile\n    time_unit: s\n"),
     {"c.yaml:10: sources.s.time_unit: there is no 'time' that it is the unit of. Write time: created_at, or leave it "
      "out."}},
    {"kafka_without_topic",
     base + "  - name: s\n    kafka:\n      brokers: h:1\n    entity: /customer/{id}\n    lane: profile\n",
     {"c.yaml:8: sources.s.kafka.topic: is missing. Name the topic to read."}},
    {"unknown_kafka_key",
     base +
         "  - name: s\n    kafka:\n      brokers: h:1\n      topik: t\n    entity: /customer/{id}\n    lane: profile\n",
     {"c.yaml:8: sources.s.kafka.topic: is missing. Name the topic to read.",
      "c.yaml:9: 'topik' is not a key of sources.s.kafka. Did you mean 'topic'?"}},
    {"negative_rate",
     base + "  - name: s\n    file: { path: x, rate: -1 }\n    entity: /customer/{id}\n    lane: profile\n",
     {"c.yaml:7: sources.s.file.rate: '-1' is not a number from 0 to 100000000."}},
    {"list_in_a_list",
     source("    entity: /customer/{id}\n    lane: profile\n    after: [[x]]\n"),
     {"c.yaml:10: sources.s.after: an entry is not a text. Write [a, b]."}},
};

std::string case_name(const testing::TestParamInfo<error_case>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(top_level, config_errors, testing::ValuesIn(top_level), case_name);
INSTANTIATE_TEST_SUITE_P(agents, config_errors, testing::ValuesIn(agents), case_name);
INSTANTIATE_TEST_SUITE_P(sources, config_errors, testing::ValuesIn(sources), case_name);

TEST(config, what_ingest_finds_gets_its_line_too) {
  using testing::StartsWith;
  EXPECT_THAT(errors(source("    entity: /customer/{id\n    lane: profile\n")),
              ElementsAre(StartsWith("c.yaml:8: sources.s.entity: ")));
  EXPECT_THAT(errors(source("    entity: /customer/{id}\n    lane: orders\n    key: '{$nope}'\n")),
              ElementsAre(StartsWith("c.yaml:10: sources.s.key: ")));
  EXPECT_THAT(errors(source("    entity: /customer/{id}\n    lane: profile\n    after: [x]\n")),
              ElementsAre("c.yaml:10: sources.s.after: there is no source 'x'."));
  EXPECT_THAT(errors(source("    entity: /customer/{id}\n    lane: profile\n    after: [s]\n")),
              ElementsAre("c.yaml:10: sources.s.after: the source would wait for itself."));
  EXPECT_THAT(
      errors(base + "  - name: s\n    generator: { name: shop.calls }\n    entity: /customer/{id}\n"
                    "    lane: profile\n"),
      ElementsAre("c.yaml:7: sources.s.generator: no generator 'shop.calls' is registered. Known: shop.orders."));
}

struct order {
  std::int64_t id{};
};
BOOST_DESCRIBE_STRUCT(order, (), (id))

class cpp_customer final : public agent {
 public:
  using agent::agent;
  map_lane<std::int64_t, order> orders{*this, "orders"};
};

TEST(config, agent_types_of_the_application_count) {
  const std::vector<std::shared_ptr<const agent_type>> types{
      make_agent_type<cpp_customer>("customer", "/customer/:id")};
  const auto errors_with_types = [&](std::string_view yaml) {
    std::vector<std::string> lines;
    for (const auto& p : read_config(yaml, "c.yaml", {}, {types, nullptr}).problems) lines.push_back(text_of(p));
    return lines;
  };
  EXPECT_THAT(errors_with_types(""), IsEmpty());
  EXPECT_THAT(errors_with_types("sources:\n  - { name: s, http: {}, entity: \"/customer/{id}\", lane: orders, "
                                "key: \"{id}\" }\n"),
              IsEmpty());
  EXPECT_THAT(errors_with_types("sources:\n  - { name: s, http: {}, entity: \"/customer/{id}\", lane: calls }\n"),
              ElementsAre("c.yaml:2: sources.s.lane: 'customer' has no lane 'calls'. Lanes are: orders."));
  EXPECT_THAT(errors_with_types(base),
              ElementsAre("c.yaml:2: agents.customer.type: 'customer' is there already, with route '/customer/:id'. "
                          "Choose another name.",
                          "c.yaml:3: agents.customer.route: '/customer/:id' and '/customer/:id' of 'customer' could "
                          "take the same URL. Change the first segment."));
}

TEST(config, override_changes_values_by_path_and_name) {
  const auto yaml = base +
                    "  - { name: a.b, file: { path: /x, rate: 1 }, entity: \"/customer/{id}\", lane: profile }\n"
                    "  - { name: g, generator: { name: shop.orders }, entity: \"/customer/{id}\", lane: profile }\n";
  const auto r = read(yaml, {"workers=2", "log.format=json", "sources.g.rate=5", "sources.g.generator.seed=9",
                             R"(sources.a\.b.rate=7.5)", "agents.customer.hosting=dedicated", "web.origins=[http://x]",
                             "sources.g.parameters.customers=10", "sources.g.load=true", "listen=127.0.0.1:0"});
  for (const auto& p : r.problems) ADD_FAILURE() << text_of(p);
  const auto& c = r.settings;
  EXPECT_EQ(c.workers, 2u);
  EXPECT_EQ(c.format, log_format::json);
  EXPECT_EQ(std::get<ingest::file_spec>(c.sources[0].from).rate, 7.5);
  const auto& g = std::get<ingest::generator_spec>(c.sources[1].from);
  EXPECT_EQ(g.rate, 5);
  EXPECT_EQ(g.seed, 9u);
  EXPECT_EQ(g.parameters.at("customers"), "10");
  EXPECT_TRUE(c.sources[1].load);
  EXPECT_EQ(c.agents[0].options.host, hosting::dedicated);
  EXPECT_THAT(c.web.origins, ElementsAre("http://x"));
  EXPECT_EQ(c.web.port, 0);
}

TEST(config, error_in_an_override_names_the_option) {
  const auto yaml = base + "  - { name: orders, http: {}, entity: \"/customer/{id}\", lane: profile }\n";
  EXPECT_THAT(errors(yaml, {"workers=x"}),
              ElementsAre("--set workers=x: workers: 'x' is not a whole number from 0 to 1024."));
  EXPECT_THAT(errors(yaml, {"wrkers=1"}),
              ElementsAre("--set wrkers=1: 'wrkers' is not a key of a configuration. Did you mean 'workers'?"));
  EXPECT_THAT(errors(yaml, {"sources.ordres.load=true"}),
              ElementsAre("--set sources.ordres.load=true: there is no entry named 'ordres'. Did you mean 'orders'?"));
  EXPECT_THAT(errors(yaml, {"agents.customer.route.x=1"}),
              ElementsAre("--set agents.customer.route.x=1: 'x' lies below a value that is no map. Shorten the path."));
  EXPECT_THAT(errors(yaml, {"log={"}), SizeIs(1));
}

TEST(config, override_needs_a_path_and_a_value) {
  EXPECT_FALSE(parse_override("workers"));
  EXPECT_FALSE(parse_override("=1"));
  EXPECT_FALSE(parse_override("a..b=1"));
  EXPECT_FALSE(parse_override(".a=1"));
  EXPECT_EQ(parse_override("a.b=c=d")->value, "c=d");
  EXPECT_EQ(parse_override("a.b=")->value, "");
}

TEST(config, file_of_a_source_is_looked_for_beside_the_configuration_first) {
  test::temp_dir dir;
  dir.write("orders.ndjson", "");
  const auto yaml =
      base + "  - { name: s, file: { path: orders.ndjson }, entity: \"/customer/{id}\", lane: profile }\n";
  const auto file = (dir.path() / "c.yaml").string();
  const auto r = read_config(yaml, file, {}, {});
  ASSERT_THAT(r.problems, IsEmpty());
  EXPECT_EQ(std::get<ingest::file_spec>(r.settings.sources[0].from).path, (dir.path() / "orders.ndjson").string());
  EXPECT_EQ(r.settings.folder, dir.path());
}

TEST(config, aliases_stand_for_their_values) {
  const auto r = read(
      "agents:\n  - type: a\n    route: /a/:id\n    lanes: &l { x: { kind: log, keep: { age: 1h } } }\n"
      "  - type: b\n    route: /b/:id\n    lanes: *l\n");
  ASSERT_THAT(r.problems, IsEmpty());
  EXPECT_EQ(r.settings.agents[1].lanes[0].keep.age_ms, 3'600'000);
}

TEST(config, hostile_yaml_is_refused_within_bounds) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) bomb += before + ", ";
    bomb += before + "]\n";
  }
  EXPECT_THAT(errors(bomb), ElementsAre(testing::HasSubstr("more than 50000 values, aliases included")));

  std::string long_text = "a: &a \"" + std::string(900'000, 'x') + "\"\nb: [";
  for (int i = 0; i < 10'000; ++i) long_text += "*a, ";
  EXPECT_THAT(errors(long_text + "*a]\n"), ElementsAre(testing::HasSubstr("aliases repeat too much text")));

  EXPECT_THAT(errors("a: " + std::string(100'000, '[')), ElementsAre(testing::HasSubstr("levels deep")));
  EXPECT_THAT(errors("a: &a [*a]\n"), ElementsAre(testing::HasSubstr("an alias within its own value")));
  EXPECT_THAT(errors(std::string(2'000'000, 'x')), ElementsAre(testing::HasSubstr("larger than 1048576 bytes")));
  EXPECT_THAT(errors("? [a]\n: b\n"), ElementsAre(testing::HasSubstr("a key must be plain text")));
  EXPECT_THAT(errors(std::string("a: b\n\0", 6)), ElementsAre(testing::HasSubstr("c.yaml:2: a NUL character")));
}

TEST(units, durations_have_a_number_and_a_unit) {
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("10m"), 10min);
  EXPECT_EQ(parse_duration("24h"), 24h);
  EXPECT_EQ(parse_duration("30d"), std::chrono::days{30});
  EXPECT_EQ(parse_duration("0s"), 0s);
  for (const auto* bad : {"", "5", "s", "-1s", "1 s", "1.5s", "1w", "1S", "99999999999999999999s", "9999999d"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(units, sizes_are_bytes_or_powers_of_1024) {
  EXPECT_EQ(parse_size("512"), 512u);
  EXPECT_EQ(parse_size("512B"), 512u);
  EXPECT_EQ(parse_size("64KiB"), 65'536u);
  EXPECT_EQ(parse_size("1MiB"), 1'048'576u);
  EXPECT_EQ(parse_size("2GiB"), 2'147'483'648u);
  for (const auto* bad : {"", "KiB", "1KB", "1 KiB", "-1", "1.5MiB", "1kib", "99999999TiB"})
    EXPECT_FALSE(parse_size(bad)) << bad;
}

TEST(units, numbers_are_plain_and_finite) {
  EXPECT_EQ(parse_real("2.5"), 2.5);
  EXPECT_EQ(parse_real("-1e3"), -1000);
  for (const auto* bad : {"", "nan", "inf", "1e999", "1x", "+1", " 1", "0x10"}) EXPECT_FALSE(parse_real(bad)) << bad;
}

}  // namespace
}  // namespace twinlane::app
