#include <gtest/gtest.h>

#include <twinlane/agents/json_agent.hpp>

#include "../lanes/twin.hpp"

using namespace twin_test;

namespace {

std::shared_ptr<const agent_type> customer() {
  return make_json_agent_type({"customer",
                               "/thing/:id",
                               {},
                               {{"profile", lane_kind::value, {}, false, true},
                                {"orders", lane_kind::map, keep_last(2), false, false},
                                {"clicks", lane_kind::log, keep_last(2), true, false}}});
}

TEST(json_agent, holds_json_in_value_map_and_log_lanes) {
  twin<agent> t(customer());
  EXPECT_EQ(t.document(), json::parse(R"({"orders":{},"clicks":{}})"));
  t.put("profile", "", R"({"name":"Ann","age":null,"tags":[null,1]})");
  t.put("orders", "a/1", R"({"x":1})");
  t.put("clicks", "", R"("here")");
  EXPECT_EQ(
      t.document(),
      json::parse(R"({"profile":{"name":"Ann","tags":[null,1]},"orders":{"a/1":{"x":1}},"clicks":{"1":"here"}})"));
}

TEST(json_agent, keeps_integers_and_fractions_apart_and_whole) {
  twin<agent> t(customer());
  t.put("profile", "", R"({"big":9007199254740993,"least":-9223372036854775808,"most":18446744073709551615,"f":1.0})");
  EXPECT_EQ(
      t.document_text(),
      R"({"profile":{"big":9007199254740993,"f":1.0,"least":-9223372036854775808,"most":18446744073709551615},"orders":{},"clicks":{}})");
}

TEST(json_agent, retention_and_flags_come_from_the_spec) {
  twin<agent> t(customer());
  for (const char* k : {"a", "b", "c"}) t.put("orders", k, "1");
  for (const char* k : {"a", "b", "c"}) t.put("clicks", k, "1");
  EXPECT_EQ(t.document(), json::parse(R"({"orders":{"b":1,"c":1},"clicks":{"2":1,"3":1}})"));
  EXPECT_TRUE(t.type().lanes()[0].is_writable);
  EXPECT_TRUE(t.type().lanes()[2].is_transient);
}

TEST(json_agent, diff_is_made_member_by_member) {
  twin<agent> t(customer());
  t.put("profile", "", R"({"name":"Ann","address":{"city":"Ulm","zip":"1"}})");
  EXPECT_EQ(t.put("profile", "", R"({"name":"Ann","address":{"city":"Bonn"}})"),
            json::parse(R"({"profile":{"address":{"city":"Bonn","zip":null}}})"));
}

TEST(json_agent, refuses_kinds_that_need_code_and_lanes_that_clash) {
  json_type_spec spec{"t", "/t/:id", {}, {{"a", lane_kind::command, {}, false, false}}};
  EXPECT_THROW(make_json_agent_type(spec), std::invalid_argument);
  spec.lanes = {{"a", lane_kind::value, {}, false, false}, {"a", lane_kind::map, {}, false, false}};
  EXPECT_THROW(make_json_agent_type(spec), std::invalid_argument);
  spec.lanes = {{"a", lane_kind::log, {}, false, true}};
  EXPECT_THROW(make_json_agent_type(spec), std::invalid_argument);
  spec.lanes.clear();
  for (int i = 0; i < 65; ++i) spec.lanes.push_back({"l" + std::to_string(i), lane_kind::value, {}, false, false});
  EXPECT_THROW(make_json_agent_type(spec), std::invalid_argument);
  spec.lanes.pop_back();
  EXPECT_NO_THROW(make_json_agent_type(spec));
  spec.route = "/t";
  EXPECT_THROW(make_json_agent_type(spec), std::invalid_argument);
}

}  // namespace
