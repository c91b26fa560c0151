#include <gtest/gtest.h>

#include <twinlane/agents/expression.hpp>

#include "../support/expression_world.hpp"

using namespace twinlane;

namespace {

struct said {
  std::size_t column;
  std::string part;
};

void refuse(std::string_view text, const said& wanted, const expression_scope& scope = expression_world::scope(),
            expression_kind kind = expression_kind::any) {
  const auto e = expression::compile(text, scope, kind);
  ASSERT_FALSE(e.has_value()) << text;
  EXPECT_EQ(e.error().column, wanted.column) << text << ": " << e.error().message;
  EXPECT_NE(e.error().message.find(wanted.part), std::string::npos) << text << ": " << e.error().message;
}

TEST(expression_check, points_at_the_place_of_a_mistake_in_the_text) {
  refuse("", {1, "empty"});
  refuse("stars <", {8, "a value, and the expression ends"});
  refuse("stars < 3 and", {14, "a value"});
  refuse("(stars < 3", {11, "')'"});
  refuse("stars < 3)", {10, "an operator or the end"});
  refuse("1 < stars < 3", {11, "do not chain"});
  refuse("'open", {1, "no end"});
  refuse("stars = \"x\"", {9, "single quotes"});
  refuse("stars && ok", {7, "and, or, not"});
  refuse("stars ? 1", {7, "not part of the language"});
  refuse("5x", {2, "not a unit"});
  refuse("007", {1, "does not begin with 0"});
  refuse("99999999999999999999", {1, "too great"});
  refuse("a.1", {3, "a name behind the point"});
  refuse("{a: 1, a: 2}", {8, "already"});
  refuse("stars in ()", {7, "never true"});
  refuse("stars in numbers", {10, "contains(list, x)"});
  refuse("case stars when 1 then 2 end", {6, "when"});
  refuse("end", {1, "record['end']"});
  refuse("stars is 3", {10, "null"});
}

TEST(expression_check, counts_characters_and_lines) {
  refuse("'zoë' < ?", {9, "not part"});
  const auto e = expression::compile("stars < 3\n  and lowr(channel) = 'a'", expression_world::scope());
  ASSERT_FALSE(e.has_value());
  EXPECT_EQ(e.error().line, 2u);
  EXPECT_EQ(e.error().column, 7u);
}

TEST(expression_check, knows_the_names) {
  refuse("lane.profil", {5, "Did you mean 'profile'?"});
  refuse("lane['risk']", {5, "The lanes are: profile, never_set"});
  refuse("lane[channel]", {5, "written out"});
  refuse("lane", {1, "lane.profile"});
  refuse("alerts", {1, "no value that could be read"});
  refuse("lowr('a')", {1, "Did you mean 'lower'?"});
  refuse("entry.stars", {1, "no entry here"});
  refuse("param('nr')", {7, "no parameter 'nr'"});
  refuse("param(channel)", {1, "param('id')"});
}

TEST(expression_check, without_a_record_every_name_is_a_lane) {
  const auto scope = expression_world::without_record();
  EXPECT_TRUE(expression::compile("count(ratings, stars < 3) > 2 or profile.x = 1", scope).has_value());
  refuse("stars < 3", {1, "there is no lane 'stars'"}, scope);
  refuse("record.stars", {1, "no record here"}, scope);
  refuse("count(ratings, record.stars = stars)", {16, "no record here"}, scope);
  refuse("key", {1, "no record and no entry"}, scope);
}

TEST(expression_check, finds_kinds_that_do_not_go_together) {
  refuse("1 + 'a'", {5, "concat(a, b)"});
  refuse("-'a'", {2, "needs numbers"});
  refuse("not 1", {5, "needs true or false"});
  refuse("ok and 'x'", {8, "needs true or false"});
  refuse("1 = 'a'", {3, "never equal"});
  refuse("stars = null", {7, "is null"});
  refuse("stars < null", {7, "is null"});
  refuse("[1] < 2", {1, "numbers or texts"});
  refuse("1 < 'a'", {3, "no order"});
  refuse("1 between 'a' and 'b'", {3, "no order"});
  refuse("lower(3)", {7, "takes text here"});
  refuse("lower()", {1, "lower(text)"});
  refuse("3 like 'a'", {1, "'like' needs text"});
  refuse("stars like channel", {12, "a pattern"});
  refuse("(1).x", {4, "needs an object"});
  refuse("'abc'[0]", {6, "a list or an object"});
  refuse("if(1, 2, 3)", {4, "condition"});
  refuse("count(3)", {7, "a lane with entries or a list"});
  refuse("count(ratings, 3)", {16, "takes true or false"});
  refuse("sum(ratings, 'a')", {14, "takes a number"});
  refuse("any(ratings)", {1, "any(lane, condition)"});
  refuse("latest(ratings, 1)", {1, "latest(lane)"});
  refuse("latest(prices)", {8, "does not know which of its entries came last"});
}

TEST(expression_check, the_answer_is_of_the_kind_that_is_wanted) {
  refuse("stars + 1", {7, "gives a number, and true or false is needed"}, expression_world::scope(),
         expression_kind::boolean);
  refuse("{a: 1}", {1, "gives an object"}, expression_world::scope(), expression_kind::text);
  EXPECT_TRUE(expression::compile("stars", expression_world::scope(), expression_kind::boolean).has_value());
  EXPECT_TRUE(expression::compile("null", expression_world::scope(), expression_kind::boolean).has_value());
}

TEST(expression_check, text_nesting_and_height_are_bounded) {
  const auto repeat = [](std::string_view what, std::size_t n) {
    std::string out;
    for (std::size_t i = 0; i < n; ++i) out += what;
    return out;
  };
  const auto compile = [](const std::string& text) { return expression::compile(text, expression_world::scope()); };
  EXPECT_TRUE(compile(repeat("(", 32) + "1" + repeat(")", 32)).has_value());
  EXPECT_TRUE(compile(repeat("min(", 32) + "1" + repeat(", 2)", 32)).has_value()) << "each is looked at once";
  refuse(repeat("(", 33) + "1" + repeat(")", 33), {34, "32 levels"});
  refuse(repeat("not ", 33) + "ok", {133, "32 levels"});
  refuse(repeat("[", 2000), {33 + 1, "32 levels"});
  refuse(repeat("case when ", 40), {331, "32 levels"});
  EXPECT_TRUE(compile("1" + repeat("+1", 250)).has_value());
  refuse("1" + repeat("+1", 300), {512, "256 operators"});
  EXPECT_TRUE(compile("ok" + repeat(" or ok", 600)).has_value());
  refuse(repeat(" ", 4096) + "1", {1, "4096"});
  refuse("x like '%" + repeat("_", 65) + "%'", {8, "Shorten"});
  refuse("concat(1" + repeat(", 1", 16) + ")", {1, "17 arguments"});
}

TEST(expression_check, every_text_is_answered) {
  EXPECT_FALSE(expression::compile("\xff", expression_world::scope()).has_value());
  EXPECT_FALSE(expression::compile(std::string_view("1\0", 2), expression_world::scope()).has_value());
}

std::vector<std::pair<std::string, nlohmann::json>> calls_of(int count) {
  std::vector<std::pair<std::string, nlohmann::json>> calls;
  for (int i = 0; i < count; ++i) calls.emplace_back(std::to_string(i), nlohmann::json{{"n", i}, {"t", "abcdefgh"}});
  return calls;
}

TEST(expression_bounds, steps_and_bytes_end_as_an_error) {
  expression_world world;
  world.set_calls(calls_of(30'000));
  const auto run = [&](std::string_view text) {
    return expression::compile(text, expression_world::scope())->evaluate(world);
  };
  EXPECT_EQ(run("count(calls)"), 30'000);
  EXPECT_EQ(run("max(calls, n)"), 29'999);
  EXPECT_THROW(run("count(calls, n * 2 + 1 > 3)"), expression_overrun);
  EXPECT_THROW(run("collect(calls, t)"), expression_overrun);
  EXPECT_THROW(run("calls"), expression_overrun);
  EXPECT_THROW(run("latest(calls)[to_text(count(calls, count(calls, n > 3) > 1))]"), expression_overrun);
  world.set_record({{"long", std::string(70'000, 'x')}, {"half", std::string(40'000, 'x')}});
  EXPECT_EQ(run("length(long)"), 70'000);
  EXPECT_EQ(run("long like '%y'"), false);
  EXPECT_THROW(run("long"), expression_overrun);
  EXPECT_THROW(run("{a: long}"), expression_overrun);
  EXPECT_THROW(run("concat(half, half)"), expression_overrun);
  EXPECT_THROW(run("replace(half, 'x', 'xx')"), expression_overrun);
  EXPECT_THROW(run("count(calls, length(upper(record.half)) > 3)"), expression_overrun);
}

// The later part would take too many steps: the error says which bound ended it.
TEST(expression_bounds, literals_end_before_they_copy_too_much) {
  expression_world world;
  world.set_calls(calls_of(1'000));
  world.set_record({{"half", std::string(40'000, 'x')}, {"list", {std::string(40'000, 'x')}}});
  for (const std::string whole : {"half", "record.list"}) {
    for (const std::string text : {"[W, W, S]", "{a: W, b: W, c: S}"}) {
      std::string asked = text;
      for (auto at = asked.find('W'); at != asked.npos; at = asked.find('W', at)) asked.replace(at, 1, whole);
      asked.replace(asked.find('S'), 1, "count(calls, count(calls, n > 3) > 1)");
      try {
        expression::compile(asked, expression_world::scope())->evaluate(world);
        ADD_FAILURE() << asked;
      } catch (const expression_overrun& e) {
        EXPECT_NE(std::string(e.what()).find("bytes"), std::string::npos) << asked << ": " << e.what();
      }
    }
  }
}

TEST(expression_bounds, looking_at_long_texts_takes_steps) {
  expression_world world;
  world.set_calls(calls_of(1'000));
  const std::string text(70'000, '1');
  world.set_record({{"long", text}, {"list", {text}}, {"object", {{text, 1}}}});
  for (const std::string condition :
       {"starts_with(record.long, record.long)", "ends_with(record.long, record.long)",
        "contains(record.list, record.long)", "record.long between record.long and record.long",
        "record.long in (record.long)", "record.long >= record.long", "record.object[record.long] = 1",
        "to_number(record.long) is null", "parse_time(record.long) is null"}) {
    const auto run = [&](const std::string& asked) {
      return expression::compile(asked, expression_world::scope())->evaluate(world);
    };
    EXPECT_EQ(run(condition), true) << condition;
    EXPECT_THROW(run("count(calls, " + condition + ")"), expression_overrun) << condition;
  }
}

}  // namespace
