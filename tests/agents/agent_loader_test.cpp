#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <twinlane/agents/agent_loader.hpp>
#include <twinlane/agents/json_agent.hpp>

#include "../lanes/twin.hpp"

using namespace twin_test;

namespace {

struct bell final : agent {
  using agent::agent;
  value_lane<int> rings{*this, "rings"};
  value_lane<int> starts{*this, "starts"};
  map_lane<int, item> items{*this, "items"};
  log_lane<int> diary{*this, "diary", keep_last(2)};
  value_lane<int> ping{*this, "ping", transient};
  timer alarm{*this, "alarm", &bell::ring};
  timer other{*this, "other", &bell::ring};

 private:
  void did_start() override {
    starts.update([](int& n) { ++n; });
  }
  void ring() {
    rings.update([](int& n) { ++n; });
  }
};

class agent_loader_test : public testing::Test {
 protected:
  std::shared_ptr<const agent_type> type = make_agent_type<bell>("bell", "/bell/:id");
  std::unique_ptr<agent> made = type->make("/bell/1");
  agent_loader loader;
  bell& self() { return static_cast<bell&>(*made); }
  void SetUp() override { loader.begin(*made); }
};

TEST_F(agent_loader_test, header_tells_birth_rev_timers_and_numbering) {
  ASSERT_TRUE(loader.add("", "", "1 42 17 t5:alarm500 l5:diary2:12"));
  ASSERT_TRUE(loader.finish());
  EXPECT_EQ(loader.birth(), 42u);
  EXPECT_EQ(loader.rev(), 17u);
  EXPECT_EQ(self().alarm.due_ms(), 500);
  EXPECT_FALSE(self().other.is_set());
  EXPECT_EQ(self().next_due_ms(), 500);
  std::string text;
  append_header(text, *made, 42, 18);
  EXPECT_EQ(text, "1 42 18 t5:alarm500 l5:diary2:12");
}

TEST_F(agent_loader_test, rows_come_in_any_order) {
  ASSERT_TRUE(loader.add("items", "2", R"(0 7 {"price":2})"));
  ASSERT_TRUE(loader.add("rings", "", "0 3"));
  ASSERT_TRUE(loader.add("", "", "1 1 1 l5:diary1:9"));
  ASSERT_TRUE(loader.add("items", "1", R"(0 4 {"price":1})"));
  ASSERT_TRUE(loader.add("diary", "4", "0 4"));
  ASSERT_TRUE(loader.finish());
  EXPECT_EQ(*self().rings, 3);
  EXPECT_EQ(self().items.find(1)->price, 1);
  EXPECT_EQ(self().items.find(2)->price, 2);
  std::string note;
  self().diary.save_note(note);
  EXPECT_EQ(note, "9");
}

TEST_F(agent_loader_test, names_lane_key_and_reason_of_a_row_that_cannot_be_read) {
  ASSERT_TRUE(loader.add("", "", "1 1 1"));
  const auto status = loader.add("items", "7", R"(0 1 {"price":"x"})");
  EXPECT_EQ(status.code, lane_errc::bad_value);
  EXPECT_THAT(status.detail, testing::StartsWith("lane 'items', key '7': field 'price': expected"));
  EXPECT_EQ(loader.add("rings", "", "").detail, "lane 'rings': the row does not begin with its time");
  EXPECT_EQ(loader.add("", "", "1 1 1 l5:diary1:x").detail,
            "lane 'diary': its note in the agent's header does not parse");
}

TEST_F(agent_loader_test, leaves_out_what_the_type_no_longer_has) {
  ASSERT_TRUE(loader.add("", "", "1 1 1 t4:gone7 l4:gone1:7 l4:ping1:x t5:other8"));
  ASSERT_TRUE(loader.add("gone", "1", "anything"));
  ASSERT_TRUE(loader.add("gone", "2", "anything"));
  ASSERT_TRUE(loader.add("ping", "", "0 1"));
  ASSERT_TRUE(loader.add("", "key", "anything"));
  ASSERT_TRUE(loader.finish());
  EXPECT_EQ(loader.skipped(), 4u);
  EXPECT_FALSE(self().ping.has_value());
  EXPECT_EQ(self().next_due_ms(), 8);
}

TEST_F(agent_loader_test, without_a_header_there_is_no_agent) {
  EXPECT_FALSE(loader.finish());
  ASSERT_TRUE(loader.add("rings", "", "0 3"));
  EXPECT_FALSE(loader.finish());
  EXPECT_FALSE(loader.add("", "", "7 1 1"));
  EXPECT_FALSE(loader.finish());
}

TEST_F(agent_loader_test, next_agent_begins_anew) {
  ASSERT_TRUE(loader.add("", "", "1 5 6"));
  ASSERT_TRUE(loader.add("gone", "", ""));
  const auto next = type->make("/bell/2");
  loader.begin(*next);
  EXPECT_EQ(loader.birth(), 0u);
  EXPECT_EQ(loader.rev(), 0u);
  EXPECT_EQ(loader.skipped(), 0u);
  EXPECT_FALSE(loader.finish());
}

TEST(agent_rows, timers_are_kept_until_they_fire_and_fire_once_after_a_restart) {
  twin<bell> t;
  t.act([](bell& b) { b.alarm.set_after(std::chrono::milliseconds{500}); });
  t.reload();
  EXPECT_EQ(t->next_due_ms(), t.now_ms + 500);
  t.now_ms += 1000;
  t.tick();
  EXPECT_EQ(*t->rings, 1);
  t.reload();
  EXPECT_FALSE(t->alarm.is_set());
  t.tick();
  EXPECT_EQ(*t->rings, 1);
}

TEST(agent_rows, timer_set_alone_is_worth_a_header) {
  twin<bell> t;
  t.put("rings", "", "1");
  EXPECT_EQ(t.act([](bell& b) { b.other.set_at(7); }), json());
  EXPECT_EQ(t.rows().at({"", ""}), "1 9 1 t5:other7");
  EXPECT_EQ(t.act([](bell& b) { b.other.cancel(); }), json());
  EXPECT_EQ(t.rows().at({"", ""}), "1 9 1");
}

TEST(agent_rows, turn_that_did_nothing_has_written_nothing) {
  twin<bell> t;
  t.put("rings", "", "1");
  auto rows = t.rows();
  t.run([&](turn& in) {
    t.apply(in, "rings", "", "1");
    in.finish();
    EXPECT_FALSE(in.wrote());
  });
  EXPECT_EQ(t.rows(), rows);
}

TEST(agent_rows, did_start_runs_again_in_the_first_turn_after_loading) {
  twin<bell> t;
  t.act([](bell&) {});
  EXPECT_EQ(t.rows().at({"starts", ""}), "1000000 1");
  t.reload();
  t.act([](bell&) {});
  EXPECT_EQ(*t->starts, 2);
}

TEST(agent_rows, agent_without_cpp_is_saved_and_loaded_too) {
  json_type_spec spec;
  spec.name = "thing";
  spec.route = "/thing/:id";
  spec.lanes.push_back({"details", lane_kind::value, {}, false, true});
  spec.lanes.push_back({"orders", lane_kind::map, keep_last(2), false, true});
  spec.lanes.push_back({"diary", lane_kind::log, {}, false, false});
  spec.lanes.push_back({"ping", lane_kind::value, {}, true, false});
  twin<agent> t(make_json_agent_type(spec));
  t.put("details", "", R"({"a":1.0,"b":18446744073709551615,"c":-1,"d":1e300})");
  for (const char* key : {"b", "c", "a"}) t.put("orders", key, R"([null,{"x":"y"}])");
  t.put("diary", "", "\"one\"");
  const auto before = t.document_text();
  t.reload();
  EXPECT_EQ(t.document_text(), before);
  EXPECT_EQ(t.put("orders", "d", "1"), json::parse(R"({"orders":{"c":null,"d":1}})"));
  EXPECT_TRUE(t.put("diary", "", "2")["diary"].contains("2"));
}

}  // namespace
