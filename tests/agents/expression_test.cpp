#include <gtest/gtest.h>

#include <twinlane/agents/expression.hpp>

#include "../support/expression_world.hpp"

using namespace twinlane;
using nlohmann::json;

namespace {

json answer(std::string_view text, const expression_world& world = {}) {
  const auto e = expression::compile(text, expression_world::scope());
  if (!e) {
    ADD_FAILURE() << text << ": column " << e.error().column << ": " << e.error().message;
    return "does not compile";
  }
  return e->evaluate(world);
}

// Each text with what it answers, as JSON.
void expect(std::initializer_list<std::pair<std::string_view, std::string_view>> all) {
  for (const auto& [text, wanted] : all) EXPECT_EQ(answer(text).dump(), json::parse(wanted).dump()) << text;
}

TEST(expression, reads_literals) {
  expect({{"1", "1"},
          {"1.50", "1.5"},
          {"1e3", "1000.0"},
          {"'it''s'", "\"it's\""},
          {"TRUE", "true"},
          {"null", "null"},
          {"500ms", "500"},
          {"1.5h", "5400000.0"},
          {"1d", "86400000"},
          {"9223372036854775807", "9223372036854775807"}});
}

TEST(expression, finds_fields_of_the_record_and_below) {
  expect({{"stars", "2"},
          {"a.b[1]", "20"},
          {"a['b'][0]", "10"},
          {"record['odd name']", "1"},
          {"lines[1].n", "10"},
          {"numbers[0 + 1]", "1"},
          {"key", "\"k7\""},
          {"record.rating_id", "9007199254740993"}});
}

TEST(expression, what_is_missing_is_null) {
  expect({{"missing", "null"},
          {"missing.below[3].that", "null"},
          {"numbers[9]", "null"},
          {"numbers[-1]", "null"},
          {"stars.below", "null"},
          {"never_set", "null"},
          {"never_set.field", "null"},
          {"ratings['99'].stars", "null"}});
}

TEST(expression, a_lane_goes_before_a_field_of_its_name) {
  expect({{"profile.club_status", "\"platinum\""},
          {"record.profile", "\"of the record\""},
          {"lane.profile.first_name", "\"Ruthie\""},
          {"lane['risk-level']", "0.25"},
          {"ratings['2'].channel", "\"web\""},
          {"ratings[1].stars", "4"},
          {"lane.ratings[1].stars", "4"}});
}

TEST(expression, whole_numbers_stay_exact_and_become_reals_where_they_do_not_fit) {
  expect({{"rating_id + 1", "9007199254740994"},
          {"9223372036854775807 + 1", "9.223372036854775807e18"},
          {"9223372036854775807 = 9223372036854775807.0", "false"},
          {"9007199254740993 > 9007199254740992.0", "true"},
          {"7 / 2", "3.5"},
          {"8 / 2", "4"},
          {"-7 % 3", "-1"},
          {"2 * 2.5", "5.0"},
          {"1 / 0", "null"},
          {"1 % 0", "null"},
          {"-(-9223372036854775807 - 1)", "9.223372036854775807e18"},
          {"(-9223372036854775807 - 1) / -1", "9.223372036854775807e18"},
          {"(-9223372036854775807 - 1) % -1", "0"},
          {"1e308 * 10", "null"}});
}

TEST(expression, operators_bind_as_in_sql) {
  expect({{"1 + 2 * 3", "7"},
          {"(1 + 2) * 3", "9"},
          {"10 - 3 - 2", "5"},
          {"-2 + 3", "1"},
          {"not 1 = 2", "true"},
          {"false and false or true", "true"},
          {"true or true and false", "true"},
          {"1 + 1 = 2 and 3 > 2", "true"}});
}

TEST(expression, null_is_neither_true_nor_false) {
  expect({{"missing = 1", "null"},
          {"missing <> 1", "null"},
          {"missing < 1", "null"},
          {"not missing", "null"},
          {"missing and true", "null"},
          {"missing and false", "false"},
          {"missing or true", "true"},
          {"missing or false", "null"},
          {"missing is null", "true"},
          {"stars is not null", "true"},
          {"missing in (1, 2)", "null"},
          {"stars in (1, missing)", "null"},
          {"stars in (2, missing)", "true"},
          {"stars not in (1, 3)", "true"},
          {"stars between 1 and 3", "true"},
          {"stars between 3 and missing", "false"},
          {"stars between 1 and missing", "null"},
          {"stars not between 5 and 6", "true"},
          {"missing + 1", "null"},
          {"-missing", "null"}});
}

TEST(expression, a_condition_holds_only_when_it_is_true) {
  const auto holds = [](std::string_view text) {
    return expression::compile(text, expression_world::scope(), expression_kind::boolean)->holds(expression_world());
  };
  EXPECT_TRUE(holds("stars < 3 and profile.club_status = 'platinum'"));
  EXPECT_FALSE(holds("missing = 1"));
  EXPECT_FALSE(holds("not (missing = 1)"));
  EXPECT_FALSE(holds("stars"));
}

TEST(expression, values_of_unlike_kinds_are_not_equal_and_have_no_order) {
  expect({{"stars = channel", "false"},
          {"stars <> channel", "true"},
          {"stars < channel", "null"},
          {"stars + channel", "null"},
          {"lower(stars)", "null"},
          {"a = a", "true"},
          {"numbers = lines", "false"},
          {"1 = 1.0", "true"},
          {"'abc' < 'abd'", "true"},
          {"false < true", "true"}});
}

TEST(expression, chooses_between_values) {
  expect({{"case when stars > 3 then 'good' when stars > 1 then 'fair' else 'bad' end", "\"fair\""},
          {"case when missing = 1 then 1 end", "null"},
          {"if(ok, 1, 2)", "1"},
          {"if(missing, 1, 2)", "2"},
          {"if(false, 1)", "null"},
          {"coalesce(missing, never_set, 7)", "7"}});
}

TEST(expression, builds_objects_and_lists_without_null_members) {
  expect({{"{stars: stars, 'odd key': [1, null, {}], gone: missing}", R"({"odd key":[1,null,{}],"stars":2})"},
          {"{name: concat(profile.first_name, ' ', profile.last_name)}.name", "\"Ruthie Brockherst\""},
          {"[1, 2, 3][1]", "2"},
          {"ratings",
           R"({"1":{"stars":4,"channel":"iOS"},"2":{"stars":1,"channel":"web"},"3":{"stars":2,"channel":"web"}})"}});
}

TEST(expression, reduces_lanes_and_lists) {
  expect({{"count(ratings)", "3"},
          {"count(ratings, channel = 'web')", "2"},
          {"count(calls)", "0"},
          {"sum(ratings, stars)", "7"},
          {"sum(calls, stars)", "0"},
          {"mean(ratings, stars) > 2.33", "true"},
          {"mean(calls, stars)", "null"},
          {"min(ratings, stars)", "1"},
          {"max(ratings, stars)", "4"},
          {"median(ratings, stars)", "2"},
          {"median([1, 2, 3, 4])", "2.5"},
          {"any(ratings, stars = 4)", "true"},
          {"all(ratings, stars = 4)", "false"},
          {"all(calls, stars = 4)", "true"},
          {"any(calls, stars = 4)", "false"},
          {"latest(ratings).stars", "2"},
          {"latest(calls)", "null"},
          {"latest(numbers)", "2"},
          {"distinct(ratings, channel)", "2"},
          {"distinct([1, 1.0, '1', null])", "2"},
          {"collect(ratings, stars)", "[4,1,2]"},
          {"collect(ratings, key)", R"(["1","2","3"])"},
          {"collect(ratings, note)", "[]"},
          {"sum(lines, price * n)", "15.0"},
          {"max(numbers)", "3"},
          {"collect(numbers, entry + key)", "[3,2,4]"},
          {"count(lines, n > 5)", "1"},
          {"count(stars)", "null"}});
}

TEST(expression, inside_a_reducer_bare_names_are_fields_of_the_entry) {
  expect({{"count(ratings, stars < record.stars)", "1"},
          {"count(ratings, entry.stars = record.stars)", "1"},
          {"count(ratings, profile.club_status = 'platinum')", "3"},
          {"sum(ratings, count(record.numbers, entry < 3) * stars)", "14"},
          {"[sum(ratings, stars), stars, key]", R"([7,2,"k7"])"}});
}

TEST(expression, text_functions_count_characters) {
  expect({{"lower('AbC')", "\"abc\""},
          {"upper('é-a')", "\"é-A\""},
          {"trim('  a b ')", "\"a b\""},
          {"length('zoë')", "3"},
          {"length(numbers)", "3"},
          {"length(profile.place)", "2"},
          {"contains(lower(channel), 'test')", "true"},
          {"contains(numbers, 2)", "true"},
          {"contains(profile.tags, 'c')", "false"},
          {"starts_with(channel, 'iOS')", "true"},
          {"ends_with(channel, 'iOS')", "false"},
          {"substring('zoë ab', 3)", "\"ë ab\""},
          {"substring('zoë ab', 2, 2)", "\"oë\""},
          {"substring('abc', 0, 2)", "\"ab\""},
          {"substring('abc', 9)", "\"\""},
          {"replace('a-b-c', '-', '')", "\"abc\""},
          {"replace('abc', '', 'x')", "\"abc\""},
          {"split('a,b,,c', ',')", R"(["a","b","","c"])"},
          {"concat('n=', 1, ', ', missing, true, 1.5)", "\"n=1, true1.5\""},
          {"to_text(numbers)", "\"[3,1,2]\""},
          {"to_text(12)", "\"12\""},
          {"to_number('12')", "12"},
          {"to_number('-1.5e2')", "-150.0"},
          {"to_number('12 ')", "null"},
          {"to_number('1-2')", "null"},
          {"to_number('inf')", "null"}});
}

TEST(expression, like_has_two_wildcards_and_an_escape) {
  expect({{"channel like 'iOS%'", "true"},
          {"channel like 'ios%'", "false"},
          {"channel like '%-t_st'", "true"},
          {"channel not like '%web%'", "true"},
          {"'zoë' like 'zo_'", "true"},
          {"'abcabd' like '%ab_'", "true"},
          {"'abcabd' like 'ab_'", "false"},
          {"'abXcXd' like 'a%_c%d'", "true"},
          {"'' like '%'", "true"},
          {"empty like ''", "true"},
          {"'a' like ''", "false"},
          {"'aa' like 'a%a'", "true"},
          {"'a' like 'a%a'", "false"},
          {"'100%' like '100\\%'", "true"},
          {"'1000' like '100\\%'", "false"},
          {"missing like 'a'", "null"},
          {"stars like 'a'", "null"}});
}

TEST(expression, number_functions) {
  expect({{"abs(-3)", "3"},
          {"abs(-3.5)", "3.5"},
          {"round(2.5)", "3"},
          {"round(-2.5)", "-3"},
          {"round(price, 1)", "20.0"},
          {"round(1234, -2)", "1200"},
          {"floor(-1.5)", "-2"},
          {"ceil(1.2)", "2"},
          {"min(3, 1, 2)", "1"},
          {"max(3, missing, 2.5)", "3"}});
}

TEST(expression, times_are_milliseconds_in_utc) {
  expect({{"now()", "1700000123456"},
          {"event_time()", "1700000000321"},
          {"now() - event_time() > 2m", "true"},
          {"parse_time('2023-11-14T22:13:20.321Z')", "1700000000321"},
          {"parse_time('2023-11-15T00:13:20+02:00')", "1700000000000"},
          {"parse_time('2023-11-14')", "1699920000000"},
          {"parse_time('yesterday')", "null"},
          {"format_time(event_time())", "\"2023-11-14T22:13:20.321Z\""},
          {"[year(now()), month(now()), day(now())]", "[2023,11,14]"},
          {"[hour(now()), minute(now()), second(now())]", "[22,15,23]"},
          {"day_of_week(now())", "2"},
          {"truncate_time(event_time(), 1h)", "1699999200000"},
          {"truncate_time(-1, 1m)", "-60000"},
          {"truncate_time(1, 0)", "null"},
          {"year(1e18)", "null"}});
}

TEST(expression, within_measures_on_the_globe) {
  // Berlin to Potsdam is about 27 km.
  expect({{"within(profile.place, 52.3906, 13.0645, 28000)", "true"},
          {"within(profile.place, 52.3906, 13.0645, 26000)", "false"},
          {"within({latitude: 0, longitude: 179.999}, 0, -179.999, 300)", "true"},
          {"within({lat: 1}, 0, 0, 1)", "null"},
          {"within(missing, 0, 0, 1)", "null"}});
}

TEST(expression, knows_its_agent) {
  expect({{"uri()", "\"/customer/42/Bonn\""}, {"param('id')", "\"42\""}, {"param('city')", "\"Bonn\""}});
}

TEST(expression, tells_which_lanes_it_reads) {
  const auto e =
      expression::compile("count(ratings) + lane['risk-level'] + count(ratings, stars = 1)", expression_world::scope());
  EXPECT_EQ(e->lanes(), (std::vector<std::size_t>{2, 4}));
}

TEST(expression, as_text_is_fit_for_keys_and_uris) {
  const auto text = [](std::string_view t) {
    return expression::compile(t, expression_world::scope())->text(expression_world());
  };
  EXPECT_EQ(text("stars"), "2");
  EXPECT_EQ(text("channel"), "iOS-test");
  EXPECT_EQ(text("missing"), "");
  EXPECT_EQ(text("ok"), "true");
}

}  // namespace
