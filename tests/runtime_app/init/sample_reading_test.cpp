#include <gmock/gmock.h>

#include <twinlane/runtime/app/init/field_facts.hpp>
#include <twinlane/runtime/app/init/sample_format.hpp>

#include "sample_of.hpp"

namespace twinlane::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(sampled_fields, scalars_are_kept_by_their_path) {
  sampled_fields f;
  EXPECT_TRUE(f.add(R"({"a":1,"b":{"c":"x","d.e\\f":true},"n":null,"e":"","l":[1,{"a":2}]})"));
  EXPECT_TRUE(f.add(R"({"a":2.5,"a":3,"b":7})"));
  ASSERT_EQ(f.records(), 2u);
  std::vector<std::string> told;
  for (const auto& field : f.fields()) {
    auto text = field.path + ":";
    for (const auto& v : field.values) text += ' ' + std::to_string(v.record) + '=' + v.text;
    told.push_back(text + (field.nested ? " nested" : ""));
  }
  EXPECT_THAT(
      told, ElementsAre("a: 0=1 1=2.5", "b: 1=7 nested", "b.c: 0=x", R"(b.d\.e\\f: 0=true)", "n:", "e:", "l: nested"));
}

TEST(sampled_fields, what_is_no_object_leaves_nothing) {
  sampled_fields f;
  for (const auto* bad : {"", "{", "[1]", "\"x\"", R"({"a":1)", R"({"a":1} x)", "{\"a\":\"\xff\"}"})
    EXPECT_FALSE(f.add(bad)) << bad;
  EXPECT_TRUE(f.fields().empty());
  EXPECT_EQ(f.records(), 0u);
}

TEST(sampled_fields, fields_levels_and_texts_are_bounded) {
  sampled_fields f;
  std::string many = "{", deep;
  for (int i = 0; i < 1'000; ++i) many += "\"f" + std::to_string(i) + "\":1,";
  many.back() = '}';
  for (int i = 0; i < 30; ++i) deep += "{\"d\":";
  deep += '"' + std::string(5'000, 'x') + '"' + std::string(30, '}');
  EXPECT_TRUE(f.add(deep));
  EXPECT_TRUE(f.add("{\"t\":\"" + std::string(5'000, 'x') + "\"}"));
  EXPECT_TRUE(f.add(many));
  EXPECT_EQ(f.fields().size(), 400u);
  EXPECT_EQ(f.fields()[7].names.size(), 8u);
  EXPECT_EQ(f.fields()[8].values[0].text.size(), 512u);
}

TEST(sample_format, json_objects_are_json_also_among_some_garbage) {
  sample_of s("t");
  for (int i = 0; i < 6; ++i) s.add(R"({"a":1})");
  const auto f = find_format(s.add("oops").add("[1,2]").add(std::nullopt));
  EXPECT_TRUE(f.supported);
  EXPECT_EQ(f.format, ingest::record_format::json);
  EXPECT_EQ(f.evidence, "JSON: 6 of 8 values are JSON objects.");
}

TEST(sample_format, a_header_line_names_the_columns) {
  const auto f =
      find_format(sample_of("t").add("id,full name,at\n").add("1,\"A, B\",2025-01-01").add("2,C,2025-01-02\r\n"));
  EXPECT_TRUE(f.supported);
  EXPECT_EQ(f.format, ingest::record_format::csv);
  EXPECT_TRUE(f.header);
  EXPECT_THAT(f.columns, ElementsAre("id", "full name", "at"));
}

TEST(sample_format, rows_without_a_header_line_get_numbered_columns) {
  const auto f = find_format(sample_of("t").add("a,1").add("b,2").add("c,3"));
  EXPECT_TRUE(f.supported);
  EXPECT_FALSE(f.header);
  EXPECT_THAT(f.columns, ElementsAre("column_1", "column_2"));
}

TEST(sample_format, what_cannot_be_read_is_named_and_so_is_the_way_out) {
  const auto told = [](const std::string& value) {
    const auto f = find_format(sample_of("t").add(value).add(value).add(value));
    EXPECT_FALSE(f.supported) << value;
    return f.evidence;
  };
  EXPECT_THAT(told(std::string("\0\0\0\1\2avro", 9)),
              HasSubstr("Confluent's wire format (a zero byte, then schema id 258)"));
  EXPECT_THAT(told(std::string("\0\0\0\1\2avro", 9)), HasSubstr("JsonConverter"));
  EXPECT_THAT(told("Obj\x01\x04\x14"), HasSubstr("Avro files"));
  EXPECT_THAT(told("\x1f\x8b\x08 packed"), HasSubstr("gzip"));
  EXPECT_THAT(told("\x08\x96\x01\xff"), HasSubstr("binary"));
  EXPECT_THAT(told("[1,2,3]"), HasSubstr("no objects"));
  EXPECT_THAT(told("a;b;c"), HasSubstr("';' between"));
  EXPECT_THAT(told("just words"), HasSubstr("neither JSON objects nor CSV"));
  EXPECT_THAT(find_format(sample_of("t").add(std::nullopt)).evidence, HasSubstr("null"));
}

TEST(field_facts, keys_stand_for_values_in_several_ways) {
  bool plain = false;
  EXPECT_EQ(key_value("42", plain), "42");
  EXPECT_TRUE(plain);
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, std::string>>{{"\"abc\"", "abc"},
                                                        {R"({"id":1004})", "1004"},
                                                        {R"({"schema":{},"payload":{"id":"x"}})", "x"},
                                                        {R"({"a":1,"b":2})", ""},
                                                        {std::string("\0\0\0\7", 4), "7"},
                                                        {std::string("\0\0\0\0\0\0\1\0", 8), "256"},
                                                        {std::string("\xff\xff\xff\xff", 4), "-1"},
                                                        {std::string("\0\1", 2), ""}}) {
    EXPECT_EQ(key_value(key, plain), value);
    EXPECT_FALSE(plain);
  }
}

sample_facts facts_from(const std::vector<std::string>& values) {
  static std::vector<ingest::sampled_record> records;
  records.clear();
  sampled_fields fields;
  for (const auto& v : values) {
    ingest::sampled_record r;
    r.value = v;
    r.timestamp_ms = sample_of::first_ms + 1'000 * static_cast<std::int64_t>(records.size());
    EXPECT_TRUE(fields.add(v));
    records.push_back(r);
  }
  std::vector<const ingest::sampled_record*> all;
  for (const auto& r : records) all.push_back(&r);
  return facts_of(fields, all);
}

TEST(field_facts, times_are_found_in_every_unit_and_as_text) {
  using ingest::time_unit;
  const std::pair<const char*, time_unit> units[] = {{"1763700000", time_unit::seconds},
                                                     {"1763700000.25", time_unit::seconds},
                                                     {"1763700000000", time_unit::milliseconds},
                                                     {"1763700000000000", time_unit::microseconds},
                                                     {"1763700000000000000", time_unit::nanoseconds}};
  for (const auto& [text, unit] : units) {
    const auto f = facts_from({std::string("{\"t\":") + text + "}"});
    ASSERT_TRUE(f.fields[0].time.has_value()) << text;
    EXPECT_EQ(f.fields[0].time->unit, unit) << text;
    EXPECT_FALSE(f.fields[0].time->text);
    EXPECT_LE(std::abs(f.fields[0].time->lag_median_ms), 250) << text;
  }
  const auto iso = facts_from({R"({"t":"2025-11-21T04:39:00Z"})", R"({"t":"2025-11-21T05:39:01.5+0100"})"});
  ASSERT_TRUE(iso.fields[0].time.has_value());
  EXPECT_TRUE(iso.fields[0].time->text);
  EXPECT_EQ(iso.fields[0].time->in_order, 1.0);
  EXPECT_EQ(iso.fields[0].time->lag_median_ms, 60'000);
  for (const auto* none : {R"({"t":42})", R"({"t":"soon"})", R"({"t":true})"})
    EXPECT_FALSE(facts_from({R"({"t":1763700000})", none}).fields[0].time.has_value()) << none;
}

TEST(field_facts, names_that_a_template_cannot_hold_are_marked) {
  const auto f = facts_from({R"({"a.b":1,"$c":1,"d{":1,"":1,"e f\"":1,"g\n":1,"j/k":1,"h":{"$i":1}})"});
  std::vector<std::string> usable;
  for (const auto& field : f.fields)
    if (field.in_template) usable.push_back(field.path);
  EXPECT_THAT(usable, ElementsAre("a\\.b", "e f\"", "h.$i"));
}

}  // namespace
}  // namespace twinlane::app
