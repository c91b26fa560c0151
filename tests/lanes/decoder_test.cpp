#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstring>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <twinlane/lanes/codec.hpp>

#include "codec_samples.hpp"
#include "rich_record.hpp"

using nlohmann::json;
using namespace codec_samples;
using namespace twinlane;

TEST(decoder, absent_and_null_members_keep_their_defaults) {
  const auto p = decoded<person>(R"({"id":5,"name":null,"home":null,"age":null,"level":null})");
  EXPECT_TRUE(equal(p, person{.id = 5}));
  const auto nested = decoded<person>(R"({"home":{"street":"Elm"}})");
  EXPECT_EQ(nested.home.zip, 1000) << "an object that is there starts from its own defaults";
}

TEST(decoder, a_target_used_before_keeps_nothing_of_its_old_value) {
  decoder d;
  person p{9, "Ann", {"Elm", 3}, 44, tier::basic, {{"x", 1}}};
  ASSERT_TRUE(d.decode(R"({"id":5})", p));
  EXPECT_TRUE(equal(p, person{.id = 5}));
}

TEST(decoder, unknown_members_are_ignored_and_still_checked) {
  EXPECT_EQ(decoded<person>(R"({"x":{"y":[1,{"z":[]}]},"id":5,"w":-1.5e3,"v":"\u00e9","u":null})").id, 5);
  for (const char* garbage :
       {"tru",       "nulL",    "1x",          "01",      "-",        "1.",         "1e",    "+1",
        ".5",        "[1,]",    "[1 2]",       "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "[1}",
        "{\"a\":1]", "\"\\x\"", "\"\\u12g4\"", "[,1]",    "'a'",      "NaN",        "1.e5",  "\"a\"b",
        "truefalse", "\"a\\",   "[[1]",        "\x01",    "\f1",      "1\f"}) {
    const auto text = std::string(R"({"id":1,"b":)") + garbage + "}";
    EXPECT_EQ(refusal<person>(text), "bad_json") << text;
    EXPECT_FALSE(json::accept(text)) << text;
  }
}

TEST(decoder, the_last_of_equal_keys_wins) {
  EXPECT_EQ(decoded<person>(R"({"id":5,"id":6})").id, 6);
  EXPECT_EQ(decoded<person>(R"({"id":5,"id":null})").id, 0);
  EXPECT_EQ(decoded<person>(R"({"home":{"zip":1},"home":{"street":"Elm"}})").home.zip, 1000);
  EXPECT_EQ(decoded<person>(R"({"others":[{},{}],"others":[{"zip":3}]})").others.size(), 1U);
  EXPECT_FALSE(decoded<person>(R"({"age":5,"age":null})").age);
  EXPECT_TRUE((decoded<std::map<std::string, int>>(R"({"k":1,"k":null})").empty()));
  EXPECT_EQ(decoded<json>(R"({"a":1,"a":{"b":null}})"), json({{"a", json::object()}}));
  EXPECT_EQ(decoded<json>(R"({"a":1,"a":null})"), json::object());
}

TEST(decoder, keys_may_be_escaped) {
  EXPECT_EQ(decoded<person>(R"({"i\u0064":5,"\u006e\u0061me":"x"})").name, "x");
  EXPECT_EQ(decoded<json>(R"({"\"\\":1})"), json({{"\"\\", 1}}));
}

TEST(decoder, a_wrong_value_is_named_with_its_place) {
  EXPECT_EQ(refusal<person>(R"({"home":{"zip":"x"}})"), "bad_value: field 'home.zip': expected a number");
  EXPECT_EQ(refusal<person>(R"({"others":[{},{"zip":1.5}]})"),
            "bad_value: field 'others[1].zip': expected an integer from -2147483648 to 2147483647");
  EXPECT_EQ(refusal<person>(R"({"level":"silver"})"), "bad_value: field 'level': expected one of basic, gold");
  EXPECT_EQ(refusal<person>(R"({"name":5})"), "bad_value: field 'name': expected text");
  EXPECT_EQ(refusal<person>(R"({"home":[]})"), "bad_value: field 'home': expected an object");
  EXPECT_EQ(refusal<person>("null"), "bad_value: expected an object");
  EXPECT_EQ(refusal<person>("[]"), "bad_value: expected an object");
  EXPECT_EQ(refusal<std::vector<int>>("[1,null]"), "bad_value: field '[1]': expected a number");
  EXPECT_EQ((refusal<std::array<int, 2>>("[1]")), "bad_value: expected an array of 2");
  EXPECT_EQ((refusal<std::array<int, 2>>("[1,2,3]")), "bad_value: expected an array of 2");
  EXPECT_EQ((refusal<std::map<std::string, int>>(R"({"k":true})")), "bad_value: field 'k': expected a number");
  EXPECT_EQ(refusal<bool>("1"), "bad_value: expected true or false");
}

TEST(decoder, faults_of_the_text_come_before_faults_of_its_values) {
  EXPECT_EQ(refusal<person>(R"({"id":"x","b":tru})"), "bad_json");
  EXPECT_EQ(refusal<person>(std::string(R"({"id":"x","b":)") + std::string(70, '[') + std::string(70, ']') + "}"),
            "too_deep");
}

TEST(decoder, texts_that_are_not_json_are_told_apart) {
  EXPECT_EQ(refusal<person>(""), "empty");
  EXPECT_EQ(refusal<person>(" \r\n\t "), "empty");
  for (const char* text :
       {"{", "}", "{\"id\":1", "{\"id\":1}}", "{\"id\":1}{}", "{\"id\":1} x", "{\"id\"", "{\"id\":1,}", "{\"id\":\"",
        "[{}", "{\"name\":\"a\nb\"}", "{\"name\":\"\\q\"}", "{,}", "{\"id\":1;}", "\"", "{\"id\" 1}"}) {
    EXPECT_EQ(refusal<person>(text), "bad_json") << text;
    EXPECT_FALSE(json::accept(text)) << text;
  }
  EXPECT_EQ(refusal<person>("{\"name\":\"\xFF\"}"), "bad_utf8");
  EXPECT_EQ(refusal<person>("{\"name\":\"\xC3\"}"), "bad_utf8");
  EXPECT_EQ(refusal<person>("{\"name\":\"\xED\xA0\x80\"}"), "bad_utf8");
  EXPECT_EQ(refusal<person>(R"({"name":"\ud800"})"), "bad_utf8");
  EXPECT_EQ(refusal<person>(R"({"x":"\udc00"})"), "bad_utf8");
  EXPECT_EQ(refusal<person>(R"({"x":"\ud800\u0041"})"), "bad_utf8");
  EXPECT_EQ(decoded<std::string>(R"("\ud83d\ude00")"), "\xF0\x9F\x98\x80");
}

TEST(decoder, ten_thousand_brackets_are_too_deep_for_every_type) {
  for (const std::string& text : {std::string(10'000, '['), std::string(10'000, '[') + std::string(10'000, ']'),
                                  "{\"id\":" + std::string(10'000, '[')}) {
    EXPECT_EQ(refusal<person>(text), "too_deep");
    EXPECT_EQ(refusal<json>(text), "too_deep");
    EXPECT_EQ(refusal<std::vector<int>>(text), "too_deep");
    EXPECT_EQ(refusal<double>(text), "too_deep");
  }
  std::string kids;
  for (int i = 0; i < 5'000; ++i) kids += R"({"kids":[)";
  EXPECT_EQ(refusal<tree>(kids), "too_deep");
}

TEST(decoder, integers_keep_every_digit_and_their_bounds) {
  EXPECT_EQ(decoded<std::int64_t>("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(decoded<std::int64_t>("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(decoded<std::uint64_t>("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(text_of(decoded<json>("[9007199254740993,18446744073709551615,-9223372036854775808]")),
            "[9007199254740993,18446744073709551615,-9223372036854775808]");
  for (const char* text : {"9223372036854775808", "-9223372036854775809", "18446744073709551616",
                           "99999999999999999999", "28446744073709551616", "100000000000000000000", "1.0", "1e3"}) {
    EXPECT_TRUE(refusal<std::int64_t>(text).starts_with("bad_value")) << text;
  }
  EXPECT_TRUE(refusal<std::uint64_t>("18446744073709551616").starts_with("bad_value"));
  EXPECT_TRUE(refusal<std::uint64_t>("-1").starts_with("bad_value"));
  EXPECT_TRUE(refusal<std::int8_t>("128").starts_with("bad_value"));
  EXPECT_EQ(decoded<std::int8_t>("-128"), -128);
  EXPECT_EQ(decoded<std::uint8_t>("-0"), 0);
  EXPECT_TRUE(refusal<json>("18446744073709551616").starts_with("bad_value"));
  EXPECT_TRUE(refusal<json>("-9223372036854775809").starts_with("bad_value"));
}

TEST(decoder, reals_round_trip_and_overflow_is_refused) {
  rich::random r(rich::seed_of("decoder, reals"));
  for (int i = 0; i < rich::rounds(100'000); ++i) {
    const std::uint64_t bits = r();
    double d = 0;
    std::memcpy(&d, &bits, sizeof d);
    if (std::isfinite(d)) {
      ASSERT_EQ(decoded<double>(text_of(d)), d);
    }
    const auto narrow = static_cast<std::uint32_t>(bits);
    float f = 0;
    std::memcpy(&f, &narrow, sizeof f);
    if (std::isfinite(f)) {
      ASSERT_EQ(decoded<float>(text_of(f)), f);
    }
  }
  for (int i = 0; i < rich::rounds(100'000); ++i) {
    const auto digits = std::to_string(r() >> rich::below(r, 63));
    const auto point = rich::below(r, digits.size() + 1);
    const auto text = (point == 0 ? "0" : digits.substr(0, point)) + "." + digits.substr(point) + "0";
    if (point > 1 && text[0] == '0') continue;
    const double d = std::strtod(text.c_str(), nullptr);
    ASSERT_EQ(decoded<double>(text), d) << text;
    ASSERT_EQ(decoded<double>(text_of(d)), d) << text;
  }
  EXPECT_EQ(text_of(100000.0), "100000");
  EXPECT_EQ(text_of(-129.95), "-129.95");
  EXPECT_EQ(text_of(0.0001), "0.0001");
  EXPECT_EQ(text_of(0.00001), "1e-05");
  EXPECT_EQ(text_of(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(text_of(-0.0), "-0");
  EXPECT_EQ(text_of(json(5.0)), "5.0");
  EXPECT_EQ(decoded<double>("12345678901234567890123"), 12345678901234567890123.0);
  EXPECT_EQ(decoded<double>("0.1"), 0.1);
  EXPECT_EQ(decoded<double>("123456.789e-3"), 123.456789);
  EXPECT_EQ(decoded<double>("1e-400"), 0.0);
  EXPECT_EQ(decoded<double>("0." + std::string(400, '0') + "1e5"), 0.0);
  EXPECT_EQ(decoded<double>("0e99999999999999999999"), 0.0);
  EXPECT_EQ(decoded<double>("1e-99999999999999999999"), 0.0);
  EXPECT_EQ(decoded<float>("1e-60"), 0.0F);
  EXPECT_TRUE(std::signbit(decoded<double>("-0.0")));
  EXPECT_TRUE(refusal<double>("1e309").starts_with("bad_value"));
  EXPECT_TRUE(refusal<double>("-1" + std::string(400, '0')).starts_with("bad_value"));
  EXPECT_TRUE(refusal<double>("1e99999999999999999999").starts_with("bad_value"));
  EXPECT_TRUE(refusal<float>("1e39").starts_with("bad_value"));
  EXPECT_TRUE(refusal<json>("[1e309]").starts_with("bad_value"));
  EXPECT_EQ(text_of(decoded<json>("[1.0,1,1e2]")), "[1.0,1,100.0]");
}

TEST(decoder, nothing_beyond_the_text_is_read) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  auto* memory =
      static_cast<char*>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(memory, MAP_FAILED);
  ASSERT_EQ(mprotect(memory + page, page, PROT_NONE), 0);
  decoder d;
  for (const std::string text :
       {"1", "12", "\"a\"", "true", "tru", "nul", "{\"id\":1}", "{\"id\":1", "{\"i", "[\"\\", "[\"\\\"", "-",
        "{\"name\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}"}) {
    char* at = memory + page - text.size();
    std::memcpy(at, text.data(), text.size());
    json j;
    person p;
    double number = 0;
    EXPECT_EQ(bool(d.decode(std::string_view(at, text.size()), j)), json::accept(text)) << text;
    (void)d.decode(std::string_view(at, text.size()), p);
    (void)d.decode(std::string_view(at, text.size()), number);
  }
  munmap(memory, 2 * page);
}

TEST(decoder, what_lies_behind_the_text_does_not_matter) {
  decoder d;
  for (const char behind : {'1', ']', '}', '"', ',', 'e', '\\'}) {
    std::string buffer = "12";
    buffer.append(64, behind);
    int n = 0;
    ASSERT_TRUE(d.decode(std::string_view(buffer).substr(0, 2), n)) << behind;
    EXPECT_EQ(n, 12);
    buffer.replace(0, 2, "[1");
    std::vector<int> v;
    EXPECT_EQ(d.decode(std::string_view(buffer).substr(0, 2), v).code, lane_errc::bad_json) << behind;
  }
}

TEST(decoder, damaged_texts_are_accepted_exactly_when_they_are_json) {
  rich::random r(rich::seed_of("decoder, damage"));
  decoder d;
  const std::string spice = "{}[]:,\"\\ \n0123456789.-+eEtrufalsn\x01\x7F\xC3\xBC";
  for (int i = 0; i < rich::rounds(30'000); ++i) {
    json seed = rich::random_json(r);
    std::string text = seed.dump(-1, ' ', rich::below(r, 2) == 0);
    for (auto n = 1 + rich::below(r, 3); n > 0; --n) {
      const auto at = rich::below(r, text.size() + 1);
      switch (rich::below(r, 3)) {
        case 0:
          text.insert(at, 1, spice[rich::below(r, spice.size())]);
          break;
        case 1:
          text.erase(at, 1 + rich::below(r, 3));
          break;
        default:
          if (at < text.size()) text[at] = spice[rich::below(r, spice.size())];
      }
    }
    json j;
    const auto code = d.decode(text, j).code;
    if (code == lane_errc::none) {
      ASSERT_TRUE(json::accept(text)) << text;
      json reference = json::parse(text);
      remove_nulls(reference);
      ASSERT_EQ(j, reference) << text;
    } else if (code != lane_errc::bad_value) {
      ASSERT_FALSE(json::accept(text)) << name_of(code) << ": " << text;
    }
    rich::all v;
    const auto typed = d.decode(text, v).code;
    ASSERT_EQ(typed == lane_errc::none || typed == lane_errc::bad_value,
              code == lane_errc::none || code == lane_errc::bad_value)
        << text;
  }
}

TEST(decoder, long_texts_are_refused_and_their_memory_given_back) {
  decoder d(1000);
  std::string text;
  EXPECT_EQ(d.decode("\"" + std::string(1000, 'x') + "\"", text).code, lane_errc::too_large);
  EXPECT_TRUE(d.decode("\"" + std::string(998, 'x') + "\"", text));
}
