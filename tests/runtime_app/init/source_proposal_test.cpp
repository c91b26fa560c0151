#include <twinlane/runtime/app/init/source_proposal.hpp>

#include <algorithm>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <twinlane/runtime/app/config.hpp>

#include "sample_of.hpp"

namespace twinlane::app {
namespace {

using ingest::record_format;
using ingest::time_unit;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const ingest::kafka_spec kafka{"localhost:9092", "orders", "twinlane", {}};

std::vector<std::string> problems_of(const std::string& yaml) {
  std::vector<std::string> all;
  for (const auto& p : read_config(yaml, "twinlane.yaml", {}, {}).problems) all.push_back(text_of(p));
  return all;
}

/// Proposes, and sees that what is written is what was proposed.
source_proposal proposed(const ingest::topic_sample& sample) {
  auto from = kafka;
  from.topic = sample.topic;
  auto found = propose_source(sample, from);
  if (!ok(found)) throw std::runtime_error(std::get<error>(found).detail);
  auto p = std::get<source_proposal>(std::move(found));
  const auto yaml = to_yaml(p);
  const auto read = read_config(yaml, "twinlane.yaml", {}, {});
  EXPECT_THAT(problems_of(yaml), IsEmpty()) << yaml;
  if (!read.problems.empty()) return p;
  const auto& s = read.settings.sources.at(0);
  EXPECT_EQ(std::count(s.entity.begin(), s.entity.end(), '/'), 2) << s.entity;
  EXPECT_EQ(s.name, p.source.name);
  EXPECT_EQ(s.entity, p.source.entity);
  EXPECT_EQ(s.key, p.source.key);
  EXPECT_EQ(s.time, p.source.time);
  EXPECT_EQ(s.unit, p.source.unit);
  EXPECT_EQ(s.columns, p.source.columns);
  EXPECT_EQ(std::get<ingest::kafka_spec>(s.from).topic, sample.topic);
  EXPECT_EQ(make_json_agent_type(read.settings.agents.at(0))->lanes().size(), 1u);
  return p;
}

lane_kind kind_of(const source_proposal& p) { return p.agent.lanes.at(0).kind; }

TEST(source_proposal, flat_json_becomes_a_map_of_each_customer) {
  sample_of s("orders", 2);
  for (int i = 0; i < 200; ++i)
    s.add(
        fmt::format(
            R"({{"order_id":{},"customer_id":"c{}","total":{}.5,"status":"paid","order_date":"2025-11-21T04:{:02}:00Z"}})",
            i, i % 40, i % 7, i / 4),
        fmt::format("c{}", i % 40), i % 2);
  const auto p = proposed(s);
  EXPECT_TRUE(p.sure);
  EXPECT_EQ(p.agent.name, "customer");
  EXPECT_EQ(p.agent.route, "/customer/:id");
  EXPECT_EQ(p.source.entity, "/customer/{customer_id}");
  EXPECT_EQ(kind_of(p), lane_kind::map);
  EXPECT_EQ(p.source.lane, "orders");
  EXPECT_EQ(p.source.key, "{order_id}");
  EXPECT_EQ(p.source.time, "order_date");
  EXPECT_GE(p.agent.lanes[0].keep.entries_max, 10u);
  EXPECT_EQ(p.agent.lanes[0].keep.age_ms, 0);
  EXPECT_THAT(p.about_entity, ElementsAre("'customer_id' is in all 200 records, 40 distinct, and equals the Kafka key.",
                                          HasSubstr("Or entity: /order/{order_id}")));
  EXPECT_THAT(p.about_sample, ElementsAre("From all 200 records of topic 'orders', which has 2 partitions."));
}

TEST(source_proposal, nested_json_is_found_by_its_path) {
  sample_of s("shop.telemetry.readings.v1");
  for (int i = 0; i < 100; ++i)
    s.add(fmt::format(R"({{"device":{{"id":"d-{}","model":"m{}"}},"reading":{{"temperature":{}.25}},"ts":{}}})", i % 9,
                      i % 2, i % 30, 1'763'700'000 + i));
  const auto p = proposed(s);
  EXPECT_EQ(p.source.entity, "/device/{device.id}");
  EXPECT_EQ(p.agent.route, "/device/:id");
  EXPECT_EQ(p.source.lane, "readings");
  EXPECT_EQ(kind_of(p), lane_kind::log);
  EXPECT_THAT(p.source.key, IsEmpty());
  EXPECT_EQ(p.source.time, "ts");
  EXPECT_EQ(p.source.unit, time_unit::seconds);
}

TEST(source_proposal, csv_takes_its_columns_from_the_header_line) {
  sample_of s("payments");
  s.add("payment_id,account,amount,paid_at");
  for (int i = 0; i < 60; ++i) s.add(fmt::format("p{},DE{},{}.50,2025-11-21 04:{:02}:00", i, i % 7, i, i));
  const auto p = proposed(s);
  EXPECT_EQ(p.source.format, record_format::csv);
  EXPECT_THAT(p.source.columns, ElementsAre("payment_id", "account", "amount", "paid_at"));
  EXPECT_EQ(p.source.entity, "/account/{account}");
  EXPECT_EQ(kind_of(p), lane_kind::map);
  EXPECT_EQ(p.source.key, "{payment_id}");
  EXPECT_EQ(p.source.time, "paid_at");
  EXPECT_THAT(p.about_format, ElementsAre(HasSubstr("header line")));
  EXPECT_THAT(p.about_sample, testing::SizeIs(1)) << "the header line is no dead letter";
}

TEST(source_proposal, csv_without_a_header_line_finds_the_column_that_is_the_key) {
  sample_of s("payments");
  for (int i = 0; i < 60; ++i) s.add(fmt::format("{},{},{}.5", i, i % 7, i), std::to_string(i % 7));
  const auto p = proposed(s);
  EXPECT_EQ(p.source.entity, "/payment/{column_2}");
  EXPECT_EQ(p.source.key, "{column_1}");
  EXPECT_TRUE(p.sure);
}

TEST(source_proposal, one_record_an_entity_is_a_value) {
  sample_of s("customers");
  for (int i = 0; i < 50; ++i) s.add(fmt::format(R"({{"id":{},"name":"n{}","city":"x"}})", i, i), std::to_string(i));
  const auto p = proposed(s);
  EXPECT_EQ(p.source.entity, "/customer/{id}");
  EXPECT_EQ(kind_of(p), lane_kind::value);
  EXPECT_EQ(p.agent.lanes[0].keep.entries_max, 0u);
}

TEST(source_proposal, null_values_clear_what_their_key_names) {
  sample_of s("customers");
  for (int i = 0; i < 50; ++i)
    s.add(i % 10 == 9 ? std::nullopt : std::optional(fmt::format(R"({{"id":{},"name":"n"}})", i % 20)),
          std::to_string(i % 20));
  const auto p = proposed(s);
  EXPECT_EQ(p.source.entity, "/customer/{$key}");
  EXPECT_EQ(kind_of(p), lane_kind::value);
  EXPECT_THAT(p.about_sample, testing::SizeIs(1)) << "nothing goes to the dead letters";
}

TEST(source_proposal, null_values_that_find_no_agent_are_told) {
  sample_of s("orders");
  for (int i = 0; i < 50; ++i)
    s.add(fmt::format(R"({{"order_id":{},"customer_id":{}}})", i, i % 7), std::nullopt)
        .add(std::nullopt, std::to_string(i));
  EXPECT_THAT(proposed(s).about_sample, Contains(HasSubstr("50 values are null, and these go to the dead letters")));
}

TEST(source_proposal, change_events_go_by_the_row_they_change) {
  sample_of s("dbserver1.inventory.customers");
  for (int i = 0; i < 40; ++i) {
    const bool gone = i % 10 == 9;
    const auto row = fmt::format(R"({{"id":{},"email":"e{}@x.org"}})", i % 12, i % 12);
    s.add(
        fmt::format(
            R"({{"payload":{{"before":{},"after":{},"source":{{"db":"inventory","ts_ms":1763700000000}},"op":"{}","ts_ms":{}}}}})",
            gone ? row : "null", gone ? "null" : row, gone ? "d" : "u", 1'763'700'000'000 + i),
        fmt::format(R"({{"payload":{{"id":{}}}}})", i % 12));
  }
  const auto p = proposed(s);
  EXPECT_EQ(p.source.entity, "/customer/{payload.after.id}");
  EXPECT_EQ(kind_of(p), lane_kind::value);
  EXPECT_EQ(p.source.time, "payload.source.ts_ms");
  EXPECT_THAT(p.about_format, Contains(HasSubstr("Debezium")));
  EXPECT_THAT(p.about_sample, Contains(HasSubstr("4 would go to the dead letters: missing_field")));
}

TEST(source_proposal, without_an_identifier_the_key_names_the_agents_and_else_the_topic_does) {
  sample_of keyed("weather"), keyless("weather"), in_bytes("weather");
  for (int i = 0; i < 30; ++i) {
    const auto value = fmt::format(R"({{"temperature":{},"wet":true}})", i % 5);
    keyed.add(value, "station " + std::to_string(i % 3));
    keyless.add(value);
    in_bytes.add(value, std::string("\0\xff", 2) + std::to_string(i));
  }
  EXPECT_EQ(proposed(in_bytes).source.entity, "/weather/{$topic}");
  const auto by_key = proposed(keyed), by_topic = proposed(keyless);
  EXPECT_EQ(by_key.source.entity, "/weather/{$key}");
  EXPECT_FALSE(by_key.sure);
  EXPECT_EQ(by_topic.source.entity, "/weather/{$topic}");
  EXPECT_FALSE(by_topic.sure);
  EXPECT_EQ(kind_of(by_topic), lane_kind::log);
  EXPECT_THAT(by_topic.about_sample, Contains(HasSubstr("guess")));
}

TEST(source_proposal, in_a_part_of_a_topic_an_entity_that_is_seen_once_may_come_again) {
  sample_of s("clicks");
  for (int i = 0; i < 200; ++i) s.add(fmt::format(R"({{"user_id":{},"page":"/p{}"}})", i * 7919, i % 9));
  EXPECT_EQ(kind_of(proposed(s.in_part(1'000'000))), lane_kind::log);
}

TEST(source_proposal, garbage_among_the_records_is_counted) {
  sample_of s("orders");
  for (int i = 0; i < 40; ++i) s.add(fmt::format(R"({{"order_id":{},"customer_id":{}}})", i, i % 7));
  for (int i = 0; i < 10; ++i) s.add(i % 2 ? "oops" : R"({"note":"x"})");
  const auto p = proposed(s);
  EXPECT_EQ(p.source.entity, "/customer/{customer_id}");
  EXPECT_EQ(p.source.key, "{order_id}");
  EXPECT_THAT(p.about_sample, Contains(HasSubstr("5 would go to the dead letters: they are no JSON objects")));
  EXPECT_THAT(p.about_sample, Contains(HasSubstr("5 would go to the dead letters: missing_field")));
}

TEST(source_proposal, a_birth_date_or_an_expiry_is_no_event_time) {
  sample_of s("policies");
  for (int i = 0; i < 40; ++i)
    s.add(fmt::format(R"({{"policy_id":{},"birth_date":"19{:02}-01-01","expires_at":"2030-01-{:02}T00:00:00Z"}})",
                      i % 9, 50 + i % 40, 1 + i % 28));
  const auto p = proposed(s);
  EXPECT_THAT(p.source.time, IsEmpty());
  EXPECT_THAT(p.about_time.front(), HasSubstr("the record's own timestamp"));
}

TEST(source_proposal, what_cannot_be_read_is_an_error_that_says_what_to_do) {
  const auto found = propose_source(sample_of("t").add(std::string("\0\0\0\0\1x\2y", 8)), kafka);
  ASSERT_FALSE(ok(found));
  EXPECT_THAT(std::get<error>(found).detail, HasSubstr("JsonConverter"));
}

/// Makes samples of names and values that configurations are not made for.
class sample_maker {
 public:
  explicit sample_maker(unsigned seed) : random_(seed) {}

  ingest::topic_sample next() {
    ingest::topic_sample s;
    s.topic = pick(words_) + (random_() % 2 ? "." + pick(words_) : "");
    s.partitions = 1 + static_cast<int>(random_() % 3);
    s.whole = random_() % 2 != 0;
    const auto fields = names(1 + random_() % 6);
    const bool csv = random_() % 4 == 0;
    const std::size_t n = 1 + random_() % 60;
    for (std::size_t i = 0; i < n; ++i) {
      ingest::sampled_record r;
      if (random_() % 12 != 0) r.value = csv ? row(fields.size(), i) : object(fields, i, 0);
      if (random_() % 30 == 0) r.value = pick(words_);
      if (random_() % 3 != 0) r.key = value(i);
      r.timestamp_ms = sample_of::first_ms;
      r.offset = static_cast<std::int64_t>(i);
      r.headers.assign(random_() % 2, pick(words_));
      s.records.push_back(r);
    }
    s.records_held = n;
    return s;
  }

 private:
  const std::string& pick(const std::vector<std::string>& from) { return from[random_() % from.size()]; }

  std::vector<std::string> names(std::size_t n) {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < n; ++i) all.push_back(pick(words_) + (random_() % 3 ? "" : "_id"));
    return all;
  }

  static std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (static_cast<unsigned char>(c) < 0x20)
        out += fmt::format("\\u{:04x}", static_cast<int>(c));
      else
        out += (c == '"' || c == '\\' ? "\\" : "") + std::string(1, c);
    }
    return out;
  }

  std::string value(std::size_t i) {
    switch (random_() % 6) {
      case 0:
        return pick(words_);
      case 1:
        return std::to_string(sample_of::first_ms + static_cast<std::int64_t>(i));
      case 2:
        return "2025-11-21T04:00:00Z";
      default:
        return std::to_string(i % 5);
    }
  }

  std::string object(const std::vector<std::string>& fields, std::size_t i, int level) {
    std::string out = "{";
    for (const auto& f : fields) {
      if (random_() % 20 == 0) continue;
      const bool nested = level < 2 && random_() % 5 == 0;
      out += fmt::format("{}\"{}\":{}", out.size() > 1 ? "," : "", escaped(f),
                         nested ? object(fields, i, level + 1) : '"' + escaped(value(i)) + '"');
    }
    return out + "}";
  }

  std::string row(std::size_t fields, std::size_t i) {
    std::string out;
    for (std::size_t f = 0; f < fields; ++f) {
      std::string text;
      for (const char c : i == 0 ? pick(words_) : value(i)) text += c == '"' ? "\"\"" : std::string(1, c);
      out += (f ? ",\"" : "\"") + text + '"';
    }
    return out;
  }

  std::mt19937 random_;
  const std::vector<std::string> words_ = {
      "id",        "orders", "customer_id", "a.b",      "$key", "x{y}",       "quo\"te", "back\\slash", "spa ce",
      "größe",     "名前",   "null",        "true",     "~",    "- dash",     "# no",    "a: b",        "tab\tx",
      "line\nend", "api",    "42",          "1e5",      "ts",   "",           "%41",     "a/b",         "[x]",
      "'",         "😀",      "\x7f",        "column_1", "@at",  "*star",      "&and",    "!tag",        "|",
      ">",         "{$id}",  "..",          "\x01",     "time", "CustomerID", "data",    "v2"};
};

TEST(source_proposal, whatever_the_sample_holds_what_is_proposed_passes_the_check) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  sample_maker maker(seed);
  std::size_t made = 0;
  for (int i = 0; i < 2'000 && !testing::Test::HasFailure(); ++i) {
    const auto sample = maker.next();
    auto from = kafka;
    from.topic = sample.topic;
    if (!sample.topic.empty() && ok(propose_source(sample, from))) {
      proposed(sample);
      ++made;
    }
  }
  EXPECT_GT(made, 1'000u);
}

}  // namespace
}  // namespace twinlane::app
