#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <twinlane/lanes/codec.hpp>
#include <twinlane/lanes/describe.hpp>

#include "codec_samples.hpp"
#include "rich_record.hpp"

using nlohmann::json;
using namespace codec_samples;
using namespace twinlane;

namespace {

using order_id = strong_id<struct order_tag, std::int64_t>;

template <class K>
std::string key_text(const K& key) {
  std::string out;
  key_codec<K>::append(out, key);
  return out;
}

template <class K>
bool takes(std::string_view text) {
  K key{};
  if (!key_codec<K>::parse(text, key)) return false;
  EXPECT_EQ(key_text(key), text);
  return true;
}

}  // namespace

TEST(codec, what_is_encoded_decodes_to_an_equal_record) {
  rich::random r(rich::seed_of("codec"));
  decoder d;
  for (int i = 0; i < rich::rounds(3000); ++i) {
    rich::all v;
    rich::change(r, v, 1 + i % 4);
    const auto text = text_of(v);
    ASSERT_TRUE(json::accept(text)) << text;
    rich::all back;
    const auto s = d.decode(text, back);
    ASSERT_TRUE(s) << s.detail << " in " << text;
    ASSERT_TRUE(equal(v, back)) << text << '\n' << text_of(back);
    ASSERT_EQ(text_of(back), text);
    ASSERT_NO_THROW(validate(v));
  }
}

TEST(codec, a_reader_of_another_make_sees_the_same_values) {
  rich::random r(rich::seed_of("codec, json"));
  for (int i = 0; i < rich::rounds(3000); ++i) {
    json v = rich::random_json(r);
    const auto text = text_of(v);
    remove_nulls(v);
    ASSERT_EQ(json::parse(text), v) << text;
    if (!v.is_null()) {
      ASSERT_TRUE(equal(decoded<json>(text), v)) << text;
    }
  }
}

TEST(codec, sixty_four_levels_are_taken_and_written_and_no_more) {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_EQ(text_of(decoded<json>(nested(64))), nested(64));
  EXPECT_EQ(refusal<json>(nested(65)), "too_deep");
  EXPECT_EQ(refusal<rich::all>("{\"free\":" + nested(64) + "}"), "too_deep");
  json deep = json::parse(nested(65));
  EXPECT_THROW(validate(deep), lane_error);
  EXPECT_THROW(text_of(deep), lane_error);
  rich::all around;
  around.free = json::parse(nested(64));
  EXPECT_THROW(validate(around), lane_error);
  EXPECT_THROW(text_of(around), lane_error);
  tree t;
  for (int i = 0; i < 40; ++i) t = tree{{t}};
  EXPECT_THROW(validate(t), lane_error);
}

TEST(codec, not_finite_numbers_are_refused_on_the_way_out) {
  for (const double bad : {NAN, INFINITY, -INFINITY}) {
    rich::all v;
    v.triple[1] = bad;
    EXPECT_THROW(validate(v), lane_error);
    EXPECT_THROW(text_of(v), lane_error);
    json j = {{"a", {1, bad}}};
    EXPECT_THROW(validate(j), lane_error);
    EXPECT_THROW(text_of(j), lane_error);
  }
  person p;
  p.level = static_cast<tier>(9);
  EXPECT_THROW(validate(p), lane_error);
  EXPECT_THROW(text_of(p), lane_error);
}

TEST(codec, times_and_dates_have_one_form_out_and_the_usual_ones_in) {
  const auto at = timestamp{std::chrono::milliseconds{1'714'559'696'789}};
  EXPECT_EQ(text_of(at), "1714559696789");
  for (const char* text : {"1714559696789", R"("2024-05-01T10:34:56.789Z")", R"("2024-05-01T12:34:56.789+02:00")",
                           R"("2024-05-01t05:34:56.7899999-05:00")", R"("2024-05-01 10:34:56.789z")"}) {
    EXPECT_EQ(decoded<timestamp>(text), at) << text;
  }
  EXPECT_EQ(decoded<timestamp>("-1"), timestamp{std::chrono::milliseconds{-1}});
  for (const char* text :
       {R"("2024-02-30T00:00:00Z")", R"("2024-05-01T24:00:00Z")", R"("2024-05-01T10:34:56")", R"("2024-05-01")",
        R"("2024-05-01T10:34:56.Z")", R"("2024-05-01T10:34:56+2:00")", R"("")", "1.5", "true"}) {
    EXPECT_TRUE(refusal<timestamp>(text).starts_with("bad_value")) << text;
  }
  using std::chrono::year_month_day;
  const year_month_day day{std::chrono::year{2024}, std::chrono::February, std::chrono::day{29}};
  EXPECT_EQ(text_of(day), R"("2024-02-29")");
  EXPECT_EQ(decoded<year_month_day>(R"("2024-02-29")"), day);
  for (const char* text : {R"("2023-02-29")", R"("2024-2-29")", R"("2024-02-29 ")", "20240229", R"("2024-13-01")"}) {
    EXPECT_TRUE(refusal<year_month_day>(text).starts_with("bad_value")) << text;
  }
  EXPECT_EQ(text_of(std::chrono::minutes{90}), "90");
  EXPECT_EQ(decoded<std::chrono::minutes>("90"), std::chrono::minutes{90});
  EXPECT_THROW(text_of(year_month_day{std::chrono::year{-1}, std::chrono::May, std::chrono::day{1}}), lane_error);
}

TEST(codec, integers_as_text_are_read_from_text_and_number) {
  using exact = as_text<std::int64_t>;
  EXPECT_EQ(text_of(exact{9007199254740993}), R"("9007199254740993")");
  EXPECT_EQ(decoded<exact>(R"("-9007199254740993")"), -9007199254740993);
  EXPECT_EQ(decoded<exact>("9007199254740993"), 9007199254740993);
  EXPECT_TRUE(refusal<exact>(R"("007")").starts_with("bad_value"));
  EXPECT_TRUE(refusal<exact>(R"("9223372036854775808")").starts_with("bad_value"));
}

TEST(codec, nulls_leave_objects_and_stay_in_arrays) {
  EXPECT_EQ(text_of(json::parse(R"({"a":null,"b":[null,{"c":null}],"d":{"e":null}})")), R"({"b":[null,{}],"d":{}})");
  EXPECT_EQ(text_of(decoded<json>(R"({"a":null,"b":[null,{"c":null}],"d":{"e":null}})")), R"({"b":[null,{}],"d":{}})");
  EXPECT_EQ(text_of(std::vector<std::optional<int>>{1, {}, 3}), "[1,null,3]");
  EXPECT_EQ(text_of(std::map<std::string, std::optional<int>>{{"a", {}}, {"b", 2}}), R"({"b":2})");
  EXPECT_TRUE(equal(std::map<std::string, std::optional<int>>{{"a", {}}}, {}));
  EXPECT_TRUE(equal(json::parse(R"({"a":null})"), json::object()));
  EXPECT_FALSE(equal(json::parse("[null]"), json::array()));
  EXPECT_EQ(text_of(std::vector<std::chrono::year_month_day>(1)), "[null]");
  EXPECT_EQ(decoded<std::vector<std::chrono::year_month_day>>("[null]").size(), 1U);
}

TEST(codec, integers_and_reals_of_equal_value_are_not_equal_json) {
  EXPECT_FALSE(equal(json(1), json(1.0)));
  EXPECT_TRUE(equal(json(1), json(1U)));
  EXPECT_FALSE(equal(json(-1), json(UINT64_MAX)));
  EXPECT_FALSE(equal(json(9007199254740993), json(9007199254740992.0)));
}

TEST(codec, text_that_is_not_utf8_never_reaches_the_wire) {
  EXPECT_EQ(text_of(std::string("a\xFF\xC3(\xED\xA0\x80")),
            "\"a\xEF\xBF\xBD\xEF\xBF\xBD(\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(text_of(std::string("\xF0\x9F\x98")), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(text_of(std::string("\xC3\xBC\xF0\x9F\x98\x80\x7F")), "\"\xC3\xBC\xF0\x9F\x98\x80\x7F\"");
  EXPECT_EQ(text_of(std::string("\"\\/\b\f\n\r\t\x01", 9)), R"("\"\\/\b\f\n\r\t\u0001")");
}

TEST(codec, keys_have_exactly_one_spelling) {
  EXPECT_TRUE(takes<int>("0"));
  EXPECT_TRUE(takes<int>("-7"));
  EXPECT_TRUE(takes<std::int64_t>("-9223372036854775808"));
  for (const char* text : {"007", "-0", "+7", "", "-", "7 ", " 7", "7.0", "1e3", "9223372036854775808", "x"}) {
    EXPECT_FALSE(takes<std::int64_t>(text)) << text;
  }
  EXPECT_FALSE(takes<unsigned>("-7"));
  EXPECT_FALSE(takes<std::uint8_t>("256"));
  EXPECT_TRUE(takes<std::string>("a/\"b\\ \xC3\xBC"));
  EXPECT_TRUE(takes<std::string>(""));
  EXPECT_TRUE(takes<tier>("gold"));
  EXPECT_FALSE(takes<tier>("Gold"));
  EXPECT_TRUE(takes<std::chrono::year_month_day>("2024-02-29"));
  EXPECT_FALSE(takes<std::chrono::year_month_day>("2023-02-29"));
  EXPECT_TRUE(takes<order_id>("42"));
  EXPECT_FALSE(takes<order_id>("042"));
}

TEST(codec, an_id_is_shown_as_its_value) {
  EXPECT_EQ(text_of(order_id{42}), "42");
  EXPECT_EQ(decoded<order_id>("42"), order_id{42});
}

TEST(codec, a_description_names_members_types_and_enumerators) {
  json d;
  describe<person>(d);
  EXPECT_EQ(d["type"], "object");
  EXPECT_EQ(d["properties"]["id"]["type"], "integer");
  EXPECT_EQ(d["properties"]["level"]["enum"], json({"basic", "gold"}));
  EXPECT_EQ(d["properties"]["others"]["items"]["properties"]["zip"]["maximum"], INT32_MAX);
  describe<rich::all>(d);
  EXPECT_EQ(d["properties"]["changed_by"]["type"], "string") << "members of described bases are there too";
  describe<tree>(d);
  EXPECT_EQ(d["properties"]["kids"]["items"], json({{"type", "object"}}));
}
