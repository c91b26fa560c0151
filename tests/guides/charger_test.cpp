#include "charger.hpp"

#include <gmock/gmock.h>
#include <twinlane/agents/testing.hpp>

namespace {

using nlohmann::json;
using twinlane::testing::twin;
constexpr std::int64_t minute_ms = 60'000, noon_ms = 1'700'049'600'000;

std::string reading_of(double kw, const std::string& vehicle = "v1") {
  return json{{"kw", kw}, {"vehicle", vehicle}}.dump();
}

// snippet: test
TEST(charger, is_faulty_as_long_as_a_severe_fault_is_open) {
  twin<charger> c{"/charger/7"};
  c.feed("faults", "E12", R"({"text":"no earth","severity":4})");
  EXPECT_EQ(c.lane("state"), json::parse(R"({"state":"faulty","worst":4})"));
  EXPECT_EQ(c.command("clear_fault", R"("E12")").value(), "no earth");
  EXPECT_EQ(c.diffs().back(), json::parse(R"({"faults":{"E12":null},"state":{"state":"idle","worst":0}})"));
  EXPECT_TRUE(c.command("clear_fault", R"("E12")").refused);
}
// end

TEST(charger, is_silent_when_nothing_was_measured_for_five_minutes) {
  twin<charger> c{"/charger/7"};
  c.feed("readings", "", reading_of(7));
  EXPECT_EQ(c.lane("state")["state"], "charging");
  c.advance(5min);
  EXPECT_EQ(c.lane("state")["state"], "silent");
}

TEST(charger, follows_the_tariff_of_its_site) {
  twin<charger> c{"/charger/7"};
  c.feed("site", "", R"({"site":"north","bay":"3"})");
  ASSERT_EQ(c.joins().size(), 1u);
  EXPECT_EQ(c.joins()[0].uri, "/site/north");
  c.hear("prices", "here", {{"cents_per_kwh", 31.5}});
  EXPECT_EQ(c.lane("prices")["here"]["cents_per_kwh"], 31.5);
}

// snippet: windows
TEST(charger, sums_up_minutes_and_rolls_them_up_into_hours) {
  twin<charger> c{"/charger/7"};
  c.feed("site", "", R"({"site":"north","bay":"3"})");
  const auto at = [](int seconds) { return noon_ms + seconds * 1000; };
  c.feed("readings", "", reading_of(4), at(10));
  c.feed("readings", "", reading_of(8, "v2"), at(65));
  c.feed("readings", "", reading_of(6), at(50));  // late, within the grace
  EXPECT_EQ(c.lane("per_minute")[std::to_string(noon_ms)], json::parse(R"({
    "end": 1700049660000, "closed": false, "value": {"readings": 2, "kw": 5, "peak": 6, "vehicles": 1}})"));

  c.feed("readings", "", reading_of(5), at(90));  // the minute and its grace are over
  EXPECT_TRUE(c->per_minute.find(noon_ms)->closed);
  EXPECT_EQ(c.lane("per_hour")[std::to_string(noon_ms)]["value"]["readings"], 2);
  EXPECT_EQ(c.emitted().size(), 1u);
  EXPECT_EQ(c.sent().at(0).uri, "/site/north");

  c.feed("readings", "", reading_of(9), at(20));  // too late: dropped and counted
  EXPECT_EQ(c->per_minute.late_count(), 1u);
}
// end

TEST(charger, is_the_same_after_a_restart_in_the_middle_of_a_window) {
  twin<charger> c{"/charger/7"}, restarted{"/charger/7"};
  for (int i = 0; i < 40; ++i) {
    const auto at = noon_ms + i * 7 % 11 * 3'000 + i / 10 * minute_ms;
    c.feed("readings", "", reading_of(i % 9 / 2.0), at);
    restarted.feed("readings", "", reading_of(i % 9 / 2.0), at);
    restarted.restart();
  }
  EXPECT_EQ(restarted.document(), c.document());
}

}  // namespace
