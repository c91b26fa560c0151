#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <nlohmann/json.hpp>
#include <twinlane/lanes/by_key.hpp>
#include <twinlane/lanes/codec.hpp>
#include <twinlane/lanes/describe.hpp>
#include <twinlane/lanes/diff.hpp>
#include <twinlane/lanes/dynamic_reducer.hpp>
#include <twinlane/lanes/reduce.hpp>

using namespace twinlane;
using nlohmann::json;

namespace {

struct stats {
  reduce::count n;
  reduce::sum<int> stars;
  reduce::mean weight;
  reduce::collect<int, 3> list;
  void add(int given, double w) {
    n.add();
    stars.add(given);
    weight.add(w);
    list.add(given);
  }
};
BOOST_DESCRIBE_STRUCT(stats, (), (n, stars, weight, list))

template <class T>
json shown(const T& v) {
  std::string text;
  encode(text, v);
  return json::parse(text);
}

// What comes back from a row.
template <class T>
T stored(const T& v) {
  std::string text;
  encode_kept(text, v);
  T back{};
  decoder d;
  const auto status = d.decode(text, back);
  EXPECT_TRUE(status) << status.detail << ": " << text;
  return back;
}

// The values added in one go, in two halves that are merged, and with a store in between, show the same.
template <class R, class T>
json reduced(const std::vector<T>& values) {
  R all, first, second, between;
  for (std::size_t i = 0; i < values.size(); ++i) {
    all.add(values[i]);
    (i < values.size() / 3 ? first : second).add(values[i]);
    between = stored(between);
    between.add(values[i]);
  }
  detail::merge_into(first, second);
  EXPECT_EQ(shown(first), shown(all));
  EXPECT_EQ(shown(between), shown(all));
  return shown(all);
}

template <class R, class T>
void expect_same_in_any_order(std::vector<T> values, unsigned seed) {
  std::mt19937 random(seed);
  const auto once = reduced<R>(values);
  for (int i = 0; i < 5; ++i) {
    std::shuffle(values.begin(), values.end(), random);
    ASSERT_EQ(reduced<R>(values), once) << "seed " << seed;
  }
}

TEST(reduce, struct_of_reducers_shows_what_they_show_and_keeps_what_they_need) {
  stats s;
  s.add(1, 0.5);
  s.add(4, 2);
  EXPECT_EQ(shown(s), json::parse(R"({"n":2,"stars":5,"weight":1.25,"list":[1,4]})"));
  auto back = stored(s);
  EXPECT_TRUE(equal(back, s));
  back.add(2, 0.5);
  EXPECT_EQ(shown(back), json::parse(R"({"n":3,"stars":7,"weight":1.0,"list":[1,4,2]})"));
  std::string patch;
  EXPECT_TRUE(encode_diff(patch, s, back));
  EXPECT_EQ(json::parse(patch), shown(back));
}

TEST(reduce, reducer_without_values_shows_nothing) {
  EXPECT_EQ(shown(stats()), json::parse(R"({"n":0,"stars":0,"list":[]})"));
  EXPECT_TRUE(is_null(reduce::mean()));
  EXPECT_TRUE(is_null(reduce::median()));
  EXPECT_TRUE(is_null(reduce::min<int>()));
  EXPECT_TRUE(equal(stored(stats()), stats()));
}

TEST(reduce, schema_is_that_of_what_is_shown) {
  json schema;
  describe<stats>(schema);
  EXPECT_EQ(schema["properties"]["weight"], json::parse(R"({"type":"number"})"));
  EXPECT_EQ(schema["properties"]["list"]["type"], "array");
  EXPECT_EQ(schema["properties"]["n"]["type"], "integer");
}

TEST(reduce, sum_of_doubles_is_rounded_once) {
  EXPECT_EQ(reduced<reduce::sum<double>>(std::vector{1e100, 1.0, -1e100}), 1.0);
  EXPECT_EQ(reduced<reduce::sum<double>>(std::vector<double>(10, 0.1)), 1.0);
  EXPECT_EQ(reduced<reduce::sum<double>>(std::vector{1e16, 1.0, 1e-16}), 1e16 + 2) << "a tie is not one";
  EXPECT_EQ(reduced<reduce::sum<double>>(std::vector{1e16, 1.0, -1e-16}), 1e16);
  EXPECT_EQ(reduced<reduce::sum<double>>(std::vector{1e16, 1.0}), 1e16);
}

TEST(reduce, sum_beyond_double_stays_at_its_end) {
  reduce::sum<double> s;
  for (int i = 0; i < 3; ++i) s.add(1.7e308);
  EXPECT_EQ(s.shown(), std::numeric_limits<double>::max());
  EXPECT_EQ(stored(s).shown(), s.shown());
  EXPECT_THROW(s.add(NAN), lane_error);
  EXPECT_THROW(s.add(INFINITY), lane_error);
}

TEST(reduce, sum_of_integers_does_not_overflow_on_the_way) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(reduced<reduce::sum<std::int64_t>>(std::vector<std::int64_t>{most, most, -most, -most, 5}), 5);
  EXPECT_EQ(reduced<reduce::sum<std::int64_t>>(std::vector<std::int64_t>{most, 1, 1}), most);
  EXPECT_EQ(reduced<reduce::sum<std::int64_t>>(std::vector<std::int64_t>{-most, -most}), -most - 1);
  EXPECT_EQ(reduced<reduce::sum<int>>(std::vector{-3, 1}), -2);
  EXPECT_EQ(reduced<reduce::sum<std::uint64_t>>(std::vector<std::uint64_t>{1ull << 63, 1}), (1ull << 63) + 1);
}

TEST(reduce, median_lies_in_the_middle) {
  EXPECT_EQ(reduced<reduce::median>(std::vector{5.0, 1.0, 3.0}), 3.0);
  EXPECT_EQ(reduced<reduce::median>(std::vector{5.0, 1.0, 3.0, 4.0}), 3.5);
  EXPECT_EQ(reduced<reduce::median>(std::vector{2.0}), 2.0);
  EXPECT_EQ(reduced<reduce::median>(std::vector{-1.0, 0.0, -0.0, 1.0}), 0.0);
}

TEST(reduce, median_of_few_different_values_is_exact_for_any_number_of_them) {
  reduce::median m;
  for (int i = 0; i < 100'000; ++i) m.add(i % 5);
  EXPECT_EQ(m.shown(), 2.0);
}

TEST(reduce, median_of_more_values_than_it_holds_is_near) {
  std::vector<double> values(3000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1000 + static_cast<double>(i) / 7;
  const double median = reduced<reduce::median>(values);
  EXPECT_NEAR(median, 1000 + 1499.5 / 7, 1.0);
  reduce::median m;
  for (const double v : values) m.add(v);
  EXPECT_GT(m.kept().dropped_bits, 0);
  EXPECT_LE(m.kept().values.size(), reduce::median::values_max);
}

TEST(reduce, collect_leaves_out_what_comes_beyond_its_bound) {
  EXPECT_EQ((reduced<reduce::collect<int, 3>>(std::vector{5, 4, 3, 2})), json::parse("[5,4,3]"));
  EXPECT_THROW(reduce::collect<double>().add(NAN), lane_error);
}

TEST(reduce, distinct_counts_up_to_its_bound) {
  EXPECT_EQ((reduced<reduce::distinct<std::string, 3>>(std::vector<std::string>{"b", "a", "b"})), 2);
  EXPECT_EQ((reduced<reduce::distinct<int, 3>>(std::vector{1, 2, 3, 4, 5})), 3);
}

struct keyed {
  reduce::by_key<reduce::count, 3> r;
  void add(const std::string& key) { r.add(key); }
  void merge(const keyed& other) { r.merge(other.r); }
};
BOOST_DESCRIBE_STRUCT(keyed, (), (r))

TEST(reduce, keys_that_sort_last_go_to_the_others_beyond_the_bound) {
  const std::vector<std::string> keys{"d", "b", "z", "a", "other", "a", "c", "d"};
  EXPECT_EQ(reduced<keyed>(keys)["r"], json::parse(R"({"a":2,"b":1,"c":1,"other":4})"));
}

TEST(reduce, results_do_not_depend_on_the_order) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    std::mt19937 random(seed);
    std::vector<double> reals(200);
    for (auto& r : reals) r = std::ldexp(static_cast<double>(random()) - 2e9, static_cast<int>(random() % 120) - 60);
    expect_same_in_any_order<reduce::sum<double>>(reals, seed);
    expect_same_in_any_order<reduce::mean>(reals, seed);
    expect_same_in_any_order<reduce::median>(reals, seed);
    expect_same_in_any_order<reduce::min<double>>(reals, seed);
    expect_same_in_any_order<reduce::max<double>>(reals, seed);
    std::vector<std::string> texts(60);
    for (auto& t : texts) t = std::string(1, static_cast<char>('a' + random() % 8));
    expect_same_in_any_order<keyed>(texts, seed);
    expect_same_in_any_order<reduce::distinct<std::string, 5>>(texts, seed);
  }
}

TEST(reduce, median_beyond_its_bound_does_not_depend_on_the_order_either) {
  std::mt19937 random(7);
  std::vector<double> values(2500);
  for (auto& v : values) v = static_cast<double>(random()) / 1000;
  const auto median_of = [&] {
    reduce::median all, some;
    for (std::size_t i = 0; i < values.size(); ++i) (i % 3 ? all : some).add(values[i]);
    all.merge(some);
    return all.shown();
  };
  const auto once = median_of();
  for (int i = 0; i < 5; ++i) {
    std::shuffle(values.begin(), values.end(), random);
    ASSERT_EQ(median_of(), once);
  }
}

TEST(dynamic_reducer, parts_are_named_and_chosen_at_run_time) {
  reduce::dynamic d({{"n", reduce::kind::count},
                     {"sum", reduce::kind::sum},
                     {"least", reduce::kind::min},
                     {"most", reduce::kind::max},
                     {"mean", reduce::kind::mean},
                     {"middle", reduce::kind::median},
                     {"all", reduce::kind::collect},
                     {"kinds", reduce::kind::distinct}});
  const auto add = [&](const json& v) { d.add(std::vector<json>(8, v)); };
  for (const int v : {5, 1, 5, 3}) add(v);
  add(nullptr);
  const auto expected =
      json::parse(R"({"n":4,"sum":14,"least":1,"most":5,"mean":3.5,"middle":4.0,"all":[5,1,5,3],"kinds":3})");
  EXPECT_EQ(shown(d), expected);
  auto back = stored(d);
  EXPECT_EQ(shown(back), expected);
  back.merge(d);
  EXPECT_EQ(shown(back)["sum"], 28);
  EXPECT_EQ(shown(back)["all"].size(), 8u);
  EXPECT_THROW(add("text"), lane_error);
  EXPECT_THROW(d.add(std::vector<json>(7, 1)), std::logic_error);
}

TEST(dynamic_reducer, sum_is_an_integer_while_its_numbers_are) {
  reduce::dynamic d({{"sum", reduce::kind::sum}});
  d.add(std::vector<json>{std::int64_t{-9007199254740993}});
  d.add(std::vector<json>{std::uint64_t{9007199254740995}});
  EXPECT_EQ(shown(d).dump(), R"({"sum":2})");
  d.add(std::vector<json>{0.5});
  EXPECT_EQ(shown(d).dump(), R"({"sum":2.5})");
}

TEST(dynamic_reducer, kinds_have_names) {
  for (const auto k : {reduce::kind::count, reduce::kind::median, reduce::kind::distinct})
    EXPECT_EQ(reduce::kind_of(reduce::name_of(k)), k);
  EXPECT_FALSE(reduce::kind_of("average"));
}

}  // namespace
