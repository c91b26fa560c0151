#include <twinlane/ingest/record_router.hpp>

#include <stdexcept>

#include <gtest/gtest.h>

#include <twinlane/agents/uri.hpp>

namespace twinlane::ingest {
namespace {

struct bench {
  explicit bench(source_spec s, lane_kind kind = lane_kind::map) : router(std::move(s), {7, kind, 1}) {}

  std::optional<rejection> route(const raw_record& r) { return router.route(r, {"shop", 3}, texts, out); }
  std::optional<rejection> route(std::string_view value) {
    raw_record r;
    r.value = value;
    r.offset = 12;
    r.timestamp_ms = 1000;
    return route(r);
  }
  std::string reason(std::string_view value) {
    const auto before = out.size();
    const auto bad = route(value);
    EXPECT_EQ(out.size(), before + (bad ? 0 : 1));
    return bad ? std::string(name_of(bad->reason)) : "routed";
  }

  text_arena texts;
  std::vector<routed_record> out;
  record_router router;
};

source_spec orders() {
  source_spec s;
  s.name = "orders";
  s.entity = "/customer/{customer_id}";
  s.lane = "orders";
  s.key = "{id}";
  return s;
}

source_spec keyed(std::string key = "") {
  source_spec s;
  s.name = "profiles";
  s.entity = "/customer/{$key}";
  s.lane = "profile";
  s.key = std::move(key);
  return s;
}

TEST(record_router, takes_uri_key_and_hash_from_fields) {
  bench b(orders());
  const std::string value = R"({"id":7,"note":{"id":1,"customer_id":2},"customer_id":"a b/c"})";
  ASSERT_FALSE(b.route(value));
  const auto& r = b.out.at(0);
  EXPECT_EQ(r.uri, "/customer/a%20b%2Fc");
  EXPECT_EQ(r.key, "7");
  EXPECT_EQ(r.hash, murmur2("a b/c"));
  EXPECT_EQ(r.target, 7u);
  EXPECT_EQ(r.offset, 12);
  EXPECT_EQ(r.time_ms, 1000);
  EXPECT_FALSE(r.remove);
  EXPECT_EQ(r.value.data(), value.data()) << "the record's bytes are not copied";
}

TEST(record_router, takes_fields_of_nested_objects_and_escaped_names) {
  auto s = orders();
  s.entity = "/customer/{who.id}";
  s.key = "{a\\.b}-{who.no}";
  bench b(s);
  ASSERT_FALSE(b.route(R"({"a.b":1,"x":[{"who":5}],"wh\u006f":{"z":[1,{}],"no":"9","id":"4"}})"));
  EXPECT_EQ(b.out[0].uri, "/customer/4");
  EXPECT_EQ(b.out[0].key, "1-9");
}

TEST(record_router, takes_what_the_source_knows) {
  auto s = orders();
  s.entity = "/customer/{$topic}-{$partition}";
  s.key = "{$key}:{$offset}:{$timestamp}";
  bench b(s);
  raw_record r;
  r.value = "not even JSON";
  r.key = "k";
  r.has_key = true;
  r.offset = 12;
  r.timestamp_ms = -5;
  ASSERT_FALSE(b.route(r)) << "nothing of the value is read when no template names a field";
  EXPECT_EQ(b.out[0].uri, "/customer/shop-3");
  EXPECT_EQ(b.out[0].key, "k:12:-5");
  EXPECT_EQ(b.out[0].hash, murmur2("shop-3"));
}

TEST(record_router, numbers_keep_their_exact_text) {
  bench b(orders());
  for (const auto* number : {"42", "0", "-1", "1.50", "1e3", "12345678901234567890123", "1E+400"}) {
    b.out.clear();
    ASSERT_FALSE(b.route("{\"customer_id\": " + std::string(number) + " ,\"id\":1}")) << number;
    EXPECT_EQ(b.out[0].uri, "/customer/" + std::string(number));
  }
}

TEST(record_router, things_that_look_like_numbers_are_not) {
  bench b(orders());
  for (const auto* bad : {"042", "-", "1.", ".5", "1e", "0x10", "1a", "+1", "NaN", "Infinity", "1 2"})
    EXPECT_EQ(b.reason("{\"customer_id\":" + std::string(bad) + ",\"id\":1}"), "bad_json") << bad;
}

TEST(record_router, bad_values_have_their_reasons) {
  bench b(orders());
  EXPECT_EQ(b.reason(""), "empty");
  EXPECT_EQ(b.reason(" \n\t "), "empty");
  EXPECT_EQ(b.reason("not JSON"), "bad_json");
  EXPECT_EQ(b.reason("{\"customer_id\":1,"), "bad_json");
  EXPECT_EQ(b.reason("{\"customer_id\":1 \"id\":2}"), "bad_json");
  EXPECT_EQ(b.reason("{\"customer_id"), "bad_json");
  EXPECT_EQ(b.reason("{\"customer_id\":tru,\"id\":1}"), "bad_json");
  EXPECT_EQ(b.reason("{\"customer_id\":\"\\x\",\"id\":1}"), "bad_json");
  EXPECT_EQ(b.reason("[1,2]"), "bad_value");
  EXPECT_EQ(b.reason("5"), "bad_value");
  EXPECT_EQ(b.reason("null"), "bad_value");
  EXPECT_EQ(b.reason("\"text\""), "bad_value");
  EXPECT_EQ(b.reason(R"({"id":1})"), "missing_field");
  EXPECT_EQ(b.reason(R"({"customer_id":null,"id":1})"), "missing_field");
  EXPECT_EQ(b.reason(R"({"customer_id":true,"id":1})"), "bad_value");
  EXPECT_EQ(b.reason(R"({"customer_id":{"a":1},"id":1})"), "bad_value");
  EXPECT_EQ(b.reason(R"({"customer_id":[1],"id":1})"), "bad_value");
  EXPECT_EQ(b.reason(R"({"customer_id":"","id":1})"), "bad_value");
  EXPECT_EQ(b.reason(R"({"customer_id":"..","id":1})"), "bad_value");
  EXPECT_EQ(b.reason(R"({"customer_id":"a\u0000","id":1})"), "bad_value");
  EXPECT_EQ(b.reason(R"({"customer_id":1,"id":""})"), "bad_value");
  EXPECT_EQ(b.reason("{\"customer_id\":1,\"id\":1,\"x\":\"\xC3\x28\"}"), "bad_utf8");
  EXPECT_EQ(b.reason("{\"customer_id\":\"\xED\xA0\x80\",\"id\":1}"), "bad_utf8");
  EXPECT_EQ(b.reason(R"({"customer_id":1,"id":2})"), "routed") << "a good one after all the bad ones";
}

TEST(record_router, details_name_the_field) {
  bench b(orders());
  EXPECT_EQ(b.route(R"({"id":1})")->detail, "field 'customer_id' is absent");
  EXPECT_EQ(b.route(R"({"customer_id":null,"id":1})")->detail, "field 'customer_id' is null");
  EXPECT_EQ(b.route(R"({"customer_id":false,"id":1})")->detail, "field 'customer_id' is neither text nor a number");
}

TEST(record_router, nesting_is_bounded_wherever_it_is) {
  bench b(orders());
  const auto nested = [](std::size_t depth) {
    return R"({"customer_id":1,"id":2,"x":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_EQ(b.reason(nested(63)), "routed");
  EXPECT_EQ(b.reason(nested(64)), "too_deep");
  EXPECT_EQ(b.reason(nested(10'000)), "too_deep");
  EXPECT_EQ(b.reason(std::string(10'000, '[')), "too_deep");
  EXPECT_EQ(b.reason(R"({"customer_id":1,"id":2,"x":")" + std::string(10'000, '{') + "\\\"[\"}"), "routed")
      << "brackets in text are text";
  std::string wide = R"({"customer_id":1,"id":2,"x":[)";
  for (int i = 0; i < 1000; ++i) wide += "{},";
  EXPECT_EQ(b.reason(wide + "{}]}"), "routed");
}

TEST(record_router, large_records_are_bounded_and_leave_no_memory_behind) {
  bench b(orders());
  std::string value = R"({"customer_id":1,"id":2,"x":")";
  value.append(record_bytes_max - value.size() - 2, 'x');
  value += "\"}";
  EXPECT_EQ(b.reason(value), "routed");
  EXPECT_EQ(b.reason(value + " "), "too_large");
  EXPECT_EQ(b.reason(std::string(50'000'000, '[')), "too_large");
  EXPECT_LE(b.texts.bytes_reserved(), 1024u * 1024u);
}

TEST(record_router, event_time_comes_from_its_field_or_is_an_error) {
  auto s = orders();
  s.time = "at";
  bench b(s);
  ASSERT_FALSE(b.route(R"({"customer_id":1,"id":2,"at":1763700000123})"));
  EXPECT_EQ(b.out.back().time_ms, 1763700000123);
  ASSERT_FALSE(b.route(R"({"customer_id":1,"id":2,"at":"1970-01-01T00:00:01Z"})"));
  EXPECT_EQ(b.out.back().time_ms, 1000);
  EXPECT_EQ(b.reason(R"({"customer_id":1,"id":2,"at":"yesterday"})"), "bad_value");
  EXPECT_EQ(b.reason(R"({"customer_id":1,"id":2,"at":99999999999999999999})"), "bad_value");
  EXPECT_EQ(b.reason(R"({"customer_id":1,"id":2,"at":true})"), "bad_value");
  EXPECT_EQ(b.reason(R"({"customer_id":1,"id":2})"), "missing_field");
}

TEST(record_router, the_records_key_is_needed_only_where_a_template_says_so) {
  bench b(keyed(), lane_kind::value);
  raw_record r;
  r.value = "{}";
  EXPECT_EQ(b.route(r)->reason, dead_reason::null_key);
  r.has_key = true;
  EXPECT_EQ(b.route(r)->reason, dead_reason::bad_value) << "empty";
  r.key = "\xFF";
  EXPECT_EQ(b.route(r)->reason, dead_reason::bad_utf8);
  r.key = "\"42\"";
  EXPECT_FALSE(b.route(r));
  EXPECT_EQ(b.out[0].uri, "/customer/%2242%22") << "the key's text as it is";
}

TEST(record_router, a_map_key_of_invalid_utf8_is_refused) {
  auto s = orders();
  s.entity = "/customer/{$topic}";
  s.key = "{$key}";
  bench b(s);
  raw_record r;
  r.value = "{}";
  r.has_key = true;
  r.key = "\xC0\xAF";
  EXPECT_EQ(b.route(r)->reason, dead_reason::bad_utf8);
}

TEST(record_router, a_null_value_removes_where_the_lane_can) {
  raw_record r;
  r.has_value = false;
  r.has_key = true;
  r.key = "42";
  bench value(keyed(), lane_kind::value);
  ASSERT_FALSE(value.route(r));
  EXPECT_TRUE(value.out[0].remove);
  EXPECT_EQ(value.out[0].uri, "/customer/42");
  bench map(keyed("{$key}"), lane_kind::map);
  ASSERT_FALSE(map.route(r));
  EXPECT_EQ(map.out[0].key, "42");
  bench log(keyed(), lane_kind::log);
  EXPECT_EQ(log.route(r)->reason, dead_reason::bad_tombstone);
  bench by_field(orders());
  EXPECT_EQ(by_field.route(r)->reason, dead_reason::bad_tombstone);
  r.has_key = false;
  EXPECT_EQ(value.route(r)->reason, dead_reason::null_key);
}

TEST(record_router, a_null_value_takes_the_records_own_time) {
  auto s = keyed();
  s.time = "at";
  bench b(s, lane_kind::value);
  raw_record r;
  r.has_value = false;
  r.has_key = true;
  r.key = "42";
  r.timestamp_ms = 77;
  ASSERT_FALSE(b.route(r));
  EXPECT_EQ(b.out[0].time_ms, 77);
}

TEST(record_router, csv_rows_become_json_before_they_are_routed) {
  auto s = orders();
  s.format = record_format::csv;
  s.columns = {"customer_id", "id", "note"};
  bench b(s);
  ASSERT_FALSE(b.route("4,\"a\"\"b\",\"x\ny\"\r\n"));
  EXPECT_EQ(b.out[0].uri, "/customer/4");
  EXPECT_EQ(b.out[0].key, "a\"b");
  EXPECT_EQ(b.out[0].value, R"({"customer_id":"4","id":"a\"b","note":"x\u000ay"})");
  EXPECT_EQ(b.reason("4,5"), "bad_json");
  EXPECT_EQ(b.reason("4,5,\"6"), "bad_json");
  EXPECT_EQ(b.reason("4,5,\xFF"), "bad_utf8");
}

TEST(record_router, a_csv_header_line_among_the_rows_is_passed_over) {
  auto s = orders();
  s.format = record_format::csv;
  s.columns = {"customer_id", "id", "at"};
  s.time = "at";
  bench b(s);
  EXPECT_FALSE(b.route("customer_id,id,\"at\"\n"));
  EXPECT_TRUE(b.out.empty());
  EXPECT_EQ(b.reason(""), "empty");
  ASSERT_FALSE(b.route("4,5,2026-01-01"));
  EXPECT_EQ(b.out[0].uri, "/customer/4");
  EXPECT_EQ(b.reason("customer_id,id,then"), "bad_value");
}

TEST(record_router, numbers_that_are_times_count_in_the_sources_unit) {
  auto s = orders();
  s.time = "at";
  s.unit = time_unit::seconds;
  bench b(s);
  ASSERT_FALSE(b.route(R"({"customer_id":1,"id":1,"at":1763700000})"));
  ASSERT_FALSE(b.route(R"({"customer_id":1,"id":2,"at":1.7637000005E9})"));
  EXPECT_EQ(b.out[0].time_ms, 1763700000000);
  EXPECT_EQ(b.out[1].time_ms, 1763700000500);
}

TEST(record_router, views_stay_good_while_a_batch_grows) {
  bench b(orders());
  for (int i = 0; i < 50'000; ++i)
    ASSERT_FALSE(b.route("{\"customer_id\":" + std::to_string(i) + ",\"id\":\"key " + std::to_string(i) + "\"}"));
  for (int i = 0; i < 50'000; ++i) {
    ASSERT_EQ(b.out[static_cast<std::size_t>(i)].uri, "/customer/" + std::to_string(i));
    ASSERT_EQ(b.out[static_cast<std::size_t>(i)].key, "key " + std::to_string(i));
  }
  const auto reserved = b.texts.bytes_reserved();
  b.texts.clear();
  b.out.clear();
  for (int i = 0; i < 50'000; ++i)
    ASSERT_FALSE(b.route("{\"customer_id\":" + std::to_string(i) + ",\"id\":\"key " + std::to_string(i) + "\"}"));
  EXPECT_EQ(b.texts.bytes_reserved(), reserved);
}

TEST(record_router, uris_and_keys_are_bounded) {
  bench b(orders());
  const std::string longish(5000, 'a');
  EXPECT_EQ(b.reason("{\"customer_id\":\"" + longish + "\",\"id\":1}"), "bad_value");
  EXPECT_EQ(b.reason("{\"customer_id\":1,\"id\":\"" + longish + "\"}"), "bad_value");
}

TEST(record_router, a_field_that_is_there_twice_counts_by_its_first_value) {
  bench b(orders());
  ASSERT_FALSE(b.route(R"({"customer_id":1,"customer_id":2,"id":3})"));
  EXPECT_EQ(b.out[0].uri, "/customer/1");
}

TEST(record_router, lanes_and_keys_must_go_together) {
  auto s = orders();
  EXPECT_THROW(record_router(s, {7, lane_kind::value, 1}), std::invalid_argument);
  s.key.clear();
  EXPECT_THROW(record_router(s, {7, lane_kind::map, 1}), std::invalid_argument);
  EXPECT_THROW(record_router(s, {7, lane_kind::value, 2}), std::invalid_argument);
}

}  // namespace
}  // namespace twinlane::ingest
