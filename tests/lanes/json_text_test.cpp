#include <gtest/gtest.h>

#include <random>

#include <nlohmann/json.hpp>

#include <twinlane/lanes/json_text.hpp>

namespace twinlane {
namespace {

using nlohmann::json;

std::string merged(std::string_view base, std::string_view patch) {
  std::string out;
  append_merged(out, base, patch);
  return out;
}

TEST(json_text, members_are_read_as_they_are_written) {
  member_reader r(R"({"a":1.50, "b\"}":{"x":["}",{}]} ,"c":"q\\","":null})");
  std::string all;
  for (json_member m; r.next(m);) all.append(m.name).append("=").append(m.value).append(";");
  EXPECT_EQ(all, R"("a"=1.50;"b\"}"={"x":["}",{}]};"c"="q\\";""=null;)");
  EXPECT_EQ(member_of(R"("lane":"alerts","value":[1,2])", "\"value\""), "[1,2]") << "without braces";
  EXPECT_EQ(member_of("{}", "\"value\""), "");
}

TEST(json_text, what_is_cut_off_ends_and_is_never_read_beyond) {
  const std::string whole = R"({"a":{"b":["c\"d",1]},"e":"f"})";
  for (std::size_t n = 0; n <= whole.size(); ++n) {
    const std::string cut(whole, 0, n);
    member_reader r(cut);
    int members = 0;
    for (json_member m; r.next(m);) ++members;
    EXPECT_LE(members, 2);
  }
}

TEST(json_text, a_merge_keeps_order_and_digits_of_what_it_does_not_touch) {
  EXPECT_EQ(merged(R"({"z":1.50,"n":9007199254740993,"a":{"b":1,"c":2}})", R"({"a":{"b":null,"d":3},"new":[1]})"),
            R"({"z":1.50,"n":9007199254740993,"a":{"c":2,"d":3},"new":[1]})");
  EXPECT_EQ(merged("", R"({"a":null,"b":{"c":null,"d":1}})"), R"({"b":{"d":1}})");
  EXPECT_EQ(merged("[1]", R"({"a":1})"), R"({"a":1})");
  EXPECT_EQ(merged(R"({"a":1})", "7"), "7");
}

json random_value(std::mt19937& rng, int depth) {
  switch (rng() % (depth > 0 ? 6 : 4)) {
    case 0:
      return rng() % 5;
    case 1:
      return std::string(rng() % 3, static_cast<char>("\"\\{}a,"[rng() % 6]));
    case 2:
      return json::array({rng() % 3, "]"});
    case 3:
      return nullptr;
    default: {
      json o = json::object();
      for (unsigned n = rng() % 4; n > 0; --n) o[std::string(1, "ab\"c"[rng() % 4])] = random_value(rng, depth - 1);
      return o;
    }
  }
}

TEST(json_text, a_merge_is_that_of_rfc_7396) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 rng(seed);
  for (int i = 0; i < 5'000; ++i) {
    json base = json::object();
    base.merge_patch(random_value(rng, 3));  // holds no nulls then, as documents do not
    const auto patch = random_value(rng, 3);
    const auto text = merged(base.dump(), patch.dump());
    base.merge_patch(patch);
    ASSERT_EQ(json::parse(text), base) << patch;
  }
}

}  // namespace
}  // namespace twinlane
