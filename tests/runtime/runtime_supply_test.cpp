#include <gmock/gmock.h>

#include "stage.hpp"

// Supply lanes, demand lanes and life through the runtime's port, on every ground.
using namespace runtime_test;
using testing::ElementsAre;

namespace {

class runtime_supply : public testing::TestWithParam<ground> {
 protected:
  static outcome<port::lane_value> lane(stage& s, const std::string& uri, const std::string& name) {
    return stage::wait_for<port::lane_value>([&](auto a) { s.on.get_lane(uri, name, {}, a); });
  }
  static std::shared_ptr<following> follow(stage& s, const std::string& uri, view what, bool life = false) {
    auto f = std::make_shared<following>();
    EXPECT_TRUE(ok(s.on.subscribe({uri, std::move(what), life}, f, 1)));
    EXPECT_TRUE(eventually([&] { return !f->said().empty(); }));
    return f;
  }
};
INSTANTIATE_TEST_SUITE_P(grounds, runtime_supply, all_grounds, name_of_ground);

TEST_P(runtime_supply, events_reach_those_whose_view_has_the_lane) {
  stage s(GetParam());
  s.post({{"/siren/1", "levels", "1", "1"}});
  ASSERT_TRUE(s.drain());
  const auto all = follow(s, "/siren/1", {}), shouts = follow(s, "/siren/1", {false, {"shouts"}}),
             levels = follow(s, "/siren/1", {false, {"levels"}});
  s.post({{"/siren/1", "shouts", "", R"("hey")"}});
  ASSERT_TRUE(s.drain());
  s.post({{"/siren/1", "levels", "1", "11"}});
  ASSERT_TRUE(s.drain());
  EXPECT_THAT(all->said(), ElementsAre("snap 1", "diff 1>2", R"(event shouts "hey")", "diff 2>3", "event alarms 11"));
  EXPECT_THAT(shouts->said(), ElementsAre("snap 1", R"(event shouts "hey")"));
  EXPECT_THAT(levels->said(), ElementsAre("snap 1", "diff 1>3"));
  EXPECT_EQ(all->broken() + shouts->broken() + levels->broken(), "");
}

TEST_P(runtime_supply, a_supply_lane_is_followed_and_never_read) {
  stage s(GetParam());
  s.post({{"/siren/1", "levels", "1", "1"}});
  ASSERT_TRUE(s.drain());
  EXPECT_EQ(std::get<error>(lane(s, "/siren/1", "alarms")).code, problem::no_such_lane);
  EXPECT_EQ(std::get<error>(s.get("/siren/1", {false, {"alarms"}})).code, problem::no_such_lane);
  EXPECT_FALSE(s.document("/siren/1").contains("alarms"));
}

TEST_P(runtime_supply, a_demand_lane_is_computed_when_it_is_read) {
  stage s(GetParam());
  s.post({{"/siren/1", "levels", "1", "4"}, {"/siren/1", "levels", "2", "6"}});
  ASSERT_TRUE(s.drain());
  const auto mean = lane(s, "/siren/1", "mean");
  ASSERT_TRUE(ok(mean)) << std::get<error>(mean).detail;
  EXPECT_EQ(std::get<0>(mean).json, "5");
  EXPECT_EQ(std::get<0>(mean).rev, 1u);
  EXPECT_FALSE(s.document("/siren/1").contains("mean"));
  EXPECT_EQ(std::get<error>(s.get("/siren/1", {false, {"mean"}})).code, problem::no_such_lane);
  const auto none = s.on.subscribe({"/siren/1", {false, {"mean"}}, false}, std::make_shared<following>(), 1);
  EXPECT_EQ(std::get<error>(none).code, problem::no_such_lane) << "nobody follows it";
  EXPECT_EQ(std::get<error>(lane(s, "/siren/2", "mean")).code, problem::no_such_entity);
}

TEST_P(runtime_supply, what_a_demand_lane_throws_is_handler_failed_and_it_changes_nothing) {
  stage s(GetParam());
  s.post({{"/siren/1", "shouts", "", R"("hey")"}});
  ASSERT_TRUE(s.drain());
  for (const char* name : {"mean", "broken"}) {
    const auto said = lane(s, "/siren/1", name);
    ASSERT_FALSE(ok(said)) << name;
    EXPECT_EQ(std::get<error>(said).code, problem::handler_failed) << name;
  }
  EXPECT_EQ(s.document("/siren/1")["levels"], json::object());
  s.post({{"/siren/1", "levels", "1", "4"}});
  ASSERT_TRUE(s.drain());
  EXPECT_EQ(std::get<0>(lane(s, "/siren/1", "mean")).json, "4");
}

TEST_P(runtime_supply, life_alone_is_told_and_the_types_say_what_kinds_there_are) {
  stage s(GetParam());
  const auto f = follow(s, "/siren/1", {false, {}}, true);
  s.post({{"/siren/1", "levels", "1", "11"}});
  ASSERT_TRUE(s.drain());
  ASSERT_TRUE(ok(s.remove("/siren/1")));
  EXPECT_THAT(f->said(), ElementsAre("snap 0 none", "snap 1", "life started", "life deleted", "snap 0 none"));
  const auto types = s.on.types();
  const auto t = std::find_if(types.begin(), types.end(), [](const auto& d) { return d.name == "siren"; });
  std::string kinds;
  for (const auto& l : t->lanes) kinds += std::string(name_of(l.kind)) + ' ';
  EXPECT_EQ(kinds, "map supply supply value demand demand ");
}

}  // namespace
