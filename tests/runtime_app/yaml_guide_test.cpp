// The agents that docs/without_cpp.md builds do what it says.
#include <fstream>

#include "yaml_twin.hpp"

using nlohmann::json;
using twinlane::testing::any_twin;

namespace {

any_twin charger() {
  std::ifstream file(GUIDE_YAML);
  const std::string yaml{std::istreambuf_iterator<char>(file), {}};
  return yaml_twin(read_yaml(yaml), "charger", "/charger/7");
}

constexpr std::int64_t minute = 60'000, start = 1'699'999'980'000;

TEST(yaml_guide, readings_are_filtered_counted_and_reduced) {
  auto c = charger();
  EXPECT_TRUE(c.feed({{"readings", "", R"({"kw":50,"kwh":1,"vehicle":"a"})", start},
                      {"readings", "", R"({"kw":-1,"kwh":9,"vehicle":"a"})", start + 1},
                      {"readings", "", R"({"kw":200,"kwh":3.5,"vehicle":"b"})", start + 2}}));
  EXPECT_EQ(c.lane("readings").size(), 2u);
  EXPECT_EQ(c.lane("peaks"), json::parse(R"({"1":{"kw":200,"at":1699999980002}})"));
  EXPECT_EQ(c.lane("energy"), 4.5);
  EXPECT_EQ(c.lane("by_vehicle"), json::parse(R"({"a":1,"b":3.5})"));
  EXPECT_EQ(c.lane("per_minute")["1699999980000"]["value"], json::parse(R"({"n":2,"high":1,"kw":125.0,"vehicles":2})"));
  c.feed("readings", "", R"({"kw":10,"kwh":1,"vehicle":"a"})", start + 2 * minute);
  EXPECT_EQ(c.lane("per_hour")["1699999200000"]["value"], json::parse(R"({"minutes":1,"kw":125.0})"));
  ASSERT_EQ(c.emitted().size(), 1u) << "a closed window goes to the sink";
  EXPECT_EQ(c.emitted()[0].key, "7");
  EXPECT_EQ(c.emitted()[0].value, json::parse(R"({"start":1699999980000,"kw":125.0})"));
}

TEST(yaml_guide, health_and_cost_follow_what_they_are_computed_of) {
  auto c = charger();
  c.feed("faults", "f1", R"({"severity":1,"text":"door"})");
  EXPECT_EQ(c.lane("health"), "degraded");
  c.feed("faults", "f2", R"({"severity":3,"text":"fire"})");
  EXPECT_EQ(c.lane("health"), "down");
  c.remove("faults", "f2");
  c.remove("faults", "f1");
  EXPECT_EQ(c.lane("health"), "ok");
  c.feed("site", "", R"({"name":"north","tariff":"night"})");
  ASSERT_EQ(c.joins().size(), 1u);
  EXPECT_EQ(c.joins()[0].uri, "/tariff/night");
  c.hear("prices", "site", {{"per_kwh", 0.333}});
  c.feed("readings", "", R"({"kw":50,"kwh":10,"vehicle":"a"})");
  EXPECT_EQ(c.lane("cost"), 3.33);
}

TEST(yaml_guide, peaks_go_to_the_site) {
  auto c = charger();
  c.feed("readings", "", R"({"kw":200,"kwh":1,"vehicle":"a"})");
  EXPECT_TRUE(c.sent().empty());
  c.feed("site", "", R"({"name":"north","tariff":"night"})");
  c.feed("readings", "", R"({"kw":180,"kwh":1,"vehicle":"a"})");
  ASSERT_EQ(c.sent().size(), 1u);
  EXPECT_EQ(c.sent()[0].uri, "/site/north");
  EXPECT_EQ(c.sent()[0].key, "7");
  EXPECT_EQ(c.sent()[0].value, 180);
}

}  // namespace
