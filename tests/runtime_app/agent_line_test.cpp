#include <twinlane/runtime/app/agent_line.hpp>

#include <gmock/gmock.h>

#include "../lanes/world.hpp"

using namespace twin_test;

namespace twinlane::app {
namespace {

using testing::HasSubstr;

struct plain final : agent {
  using agent::agent;
  value_lane<json> profile{*this, "profile"};
  map_lane<int, json> orders{*this, "orders"};
  log_lane<json> calls{*this, "calls"};
  value_lane<int> ping{*this, "ping", transient};
  join_value_lane<int, json> friends{*this, "friends"};
  window_lane<reduce::count> per_hour{*this, "per_hour", tumbling(hours{1})};
  command_lane<int> act{*this, "act", on_command<&plain::nothing>};

 private:
  reply nothing(const int&) { return {}; }
};

std::vector<store_row> rows_of(const row_map& rows) {
  std::vector<store_row> all;
  for (const auto& [place, value] : rows) all.push_back({"/thing/1", place.first, place.second, value});
  return all;
}

row_map rows_of(const imported_agent& a) {
  row_map all;
  for (const auto& r : a.rows) EXPECT_TRUE(all.emplace(std::pair(r.lane, r.key), r.value).second) << r.lane << r.key;
  return all;
}

class agent_line : public testing::Test {
 protected:
  const agent_types types{make_agent_type<plain>("plain", "/plain/:id")};
  agent_line_reader reader{types};
  imported_agent got;

  decode_status read(std::string_view line) { return reader.read(line, 5, 1000, got); }
  std::string refusal(std::string_view line) {
    const auto status = read(line);
    EXPECT_FALSE(status) << line;
    return status.detail;
  }
};

class agent_line_property : public testing::TestWithParam<unsigned> {};

TEST_P(agent_line_property, agent_comes_back_from_its_line_row_by_row) {
  SCOPED_TRACE(GetParam());
  operations make(GetParam());
  twin<world> t;
  const agent_types types{t.shared_type()};
  agent_line_writer writer(types);
  agent_line_reader reader(types);
  for (int i = 0; i < 200; ++i) {
    t.now_ms = make.clock();
    std::vector<operation> ops(static_cast<std::size_t>(1 + make.below(10)));
    for (auto& op : ops) op = make.next();
    run(t, ops);
    if (make.below(6) == 0) t.tick();
    if (t.rows().empty()) continue;
    std::string line, again;
    ASSERT_TRUE(writer.write("/thing/1", rows_of(t.rows()), line));
    ASSERT_TRUE(json::accept(line)) << line;
    imported_agent a;
    const auto status = reader.read(line, 9, t.now_ms + 1, a);
    ASSERT_TRUE(status) << status.detail << '\n' << line;
    ASSERT_EQ(rows_of(a), t.rows()) << line;
    ASSERT_EQ(a.self->next_timer_ms(), t->next_timer_ms());
    ASSERT_TRUE(writer.write("/thing/1", rows_of(rows_of(a)), again));
    ASSERT_EQ(again, line);
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, agent_line_property, testing::Range(0u, 10u));

TEST_F(agent_line, values_keep_their_exact_text) {
  const std::string deep = std::string(63, '[') + std::string(63, ']');
  const std::string value =
      R"({"big":18446744073709551615,"small":-9223372036854775808,"real":0.1,"minus":-0.0,"text":"\"}]"})";
  ASSERT_TRUE(read(R"({"uri":"/plain/1","lanes":{"profile":)" + value + R"(,"orders":{"1":)" + deep + "}}}"));
  EXPECT_EQ(rows_of(got).at({"profile", ""}), "1000 " + value);
  EXPECT_EQ(rows_of(got).at({"orders", "1"}), "1000 1 " + deep);
}

TEST_F(agent_line, line_by_hand_gets_rev_1_and_is_written_now_in_its_own_order) {
  ASSERT_TRUE(
      read(R"( { "lanes" : {"orders": {"9": 1 , "3":2,"5":null}, "calls":{"4":"x"},"ping":1} ,"uri":"/plain/1" } )"));
  EXPECT_EQ(rows_of(got), (row_map{{{"", ""}, "1 5 1"},
                                   {{"orders", "9"}, "1000 1 1"},
                                   {{"orders", "3"}, "1000 2 2"},
                                   {{"calls", "4"}, "1000 \"x\""}}));
}

TEST_F(agent_line, entries_that_kept_does_not_know_are_written_last) {
  ASSERT_TRUE(read(R"({"uri":"/plain/1","lanes":{"orders":{"1":1,"2":2,"3":3}},"kept":{"orders":{"3":[7,40]}}})"));
  EXPECT_EQ(rows_of(got).at({"orders", "3"}), "7 40 3");
  EXPECT_EQ(rows_of(got).at({"orders", "1"}), "1000 41 1");
  EXPECT_EQ(rows_of(got).at({"orders", "2"}), "1000 42 2");
}

TEST_F(agent_line, answer_of_a_get_is_taken_without_the_entries_of_joins) {
  ASSERT_TRUE(read(
      R"({"uri":"/plain/1","type":"plain","lineage":"2-x","rev":17,"lanes":{"profile":1,"friends":{"1":7,"2":8}}})"));
  EXPECT_EQ(got.left_out, 2u);
  EXPECT_EQ(rows_of(got), (row_map{{{"", ""}, "1 5 17"}, {{"profile", ""}, "1000 1"}}));
}

TEST_F(agent_line, windows_come_back_from_what_is_kept_of_them_alone) {
  ASSERT_TRUE(read(R"({"uri":"/plain/1","lanes":{"per_hour":{"0":{"end":3600000,"closed":false,"value":2},
                      "3600000":{"end":7200000,"closed":false,"value":9}}},
                      "kept":{"per_hour":{"0":{"at":[3600000,4],"window":{"end":3600000,"closed":false,"value":2}}}}})"));
  EXPECT_EQ(got.left_out, 1u);
  EXPECT_EQ(rows_of(got).at({"per_hour", "0"}), R"(3600000 4 {"end":3600000,"closed":false,"value":2})");
  EXPECT_FALSE(rows_of(got).contains({"per_hour", "3600000"}));
  EXPECT_THAT(refusal(R"({"uri":"/plain/1","lanes":{"per_hour":{"0":1}},"kept":{"per_hour":{"0":[1,2]}}})"),
              HasSubstr("lane 'per_hour': kept: entry '0'"));
  EXPECT_THAT(refusal(R"({"uri":"/plain/1","lanes":{"per_hour":{}},"kept":{"per_hour":{"0":1}}})"),
              HasSubstr("kept has 1 windows that lanes has not"));
}

TEST_F(agent_line, says_what_is_wrong_and_where) {
  EXPECT_EQ(refusal(""), "not a JSON object");
  EXPECT_EQ(refusal("[]"), "not a JSON object");
  EXPECT_EQ(refusal(R"({"uri":"/plain/1","lanes":{})"), "not a JSON object, or it is cut off");
  EXPECT_EQ(refusal(R"({"uri":"/plain/1","lanes":{}} x)"), "there is more behind the object");
  EXPECT_EQ(refusal(R"({"lanes":{}})"), "uri is missing");
  EXPECT_EQ(refusal(R"({"uri":"/plain/1"})"), "lanes is missing");
  EXPECT_EQ(refusal(R"({"uri":"/plain/%41","lanes":{}})"), "uri '/plain/%41' is not in its canonical spelling");
  EXPECT_EQ(refusal(R"({"uri":"/other/1","lanes":{}})"), "no agent type has a route that takes '/other/1'");
  EXPECT_EQ(refusal(R"({"uri":"/plain/1","type":"x","lanes":{}})"), "'/plain/1' belongs to type 'plain', not 'x'");
  EXPECT_THAT(refusal(R"({"uri":"/plain/1","rev":-1,"lanes":{}})"), HasSubstr("rev: "));
  EXPECT_EQ(refusal(R"({"uri":"/plain/1","lanes":{"act":1}})"), "lane 'act': a command lane holds nothing");
  EXPECT_EQ(refusal(R"({"uri":"/plain/1","lanes":{"x":1}})"), "lane 'x': type 'plain' has no such lane");
  EXPECT_THAT(refusal(R"({"uri":"/plain/1","lanes":{"orders":{"x":1}}})"),
              HasSubstr("lane 'orders', key 'x': the key"));
  EXPECT_THAT(refusal(R"({"uri":"/plain/1","lanes":{"orders":{"1":1,"1":2}}})"), HasSubstr("is taken"));
  EXPECT_THAT(refusal(R"({"uri":"/plain/1","lanes":{"profile":tru}})"), HasSubstr("lane 'profile'"));
  EXPECT_EQ(refusal(R"({"uri":"/plain/1","lanes":{"orders":{}},"kept":{"orders":{"1":[1,1]}}})"),
            "lane 'orders': kept has 1 entries that lanes has not");
  EXPECT_EQ(refusal(R"({"uri":"/plain/1","lanes":{},"kept":{"profile":1}})"),
            "kept has lane 'profile', and lanes has not");
  EXPECT_THAT(refusal(R"({"uri":"/plain/1","lanes":{"friends":{}},"kept":{"friends":{"1":{"uri":"x"}}}})"),
              HasSubstr("does not say whom it follows"));
}

struct later final : agent {
  using agent::agent;
  map_lane<std::string, std::string> entries{*this, "entries"};
};

TEST(agent_line_version, agent_of_an_older_version_is_written_as_its_migration_leaves_it) {
  const agent_types types{make_agent_type<later>("plain", "/plain/:id", {.version = 2, .migrate = [](stored_row& row) {
                                                                           if (row.key == "8") return row.drop();
                                                                           row.lane = "entries";
                                                                           row.key = "n" + row.key;
                                                                           row.value = row.value.dump();
                                                                         }})};
  std::string line;
  const auto status = agent_line_writer(types).write(
      "/plain/1", rows_of({{{"", ""}, "1 9 5"}, {{"orders", "7"}, "30 4 70"}, {{"orders", "8"}, "31 5 80"}}), line);
  ASSERT_TRUE(status) << status.detail;
  EXPECT_EQ(line, R"({"uri":"/plain/1","type":"plain","rev":6,"version":2,"lanes":{"entries":{"n7":"70"}},)"
                  R"("kept":{"entries":{"n7":[30,4]}}})");
  agent_line_reader reader(types);
  imported_agent a;
  const auto back = reader.read(line, 9, 1000, a);
  ASSERT_TRUE(back) << back.detail;
  EXPECT_EQ(rows_of(a), (row_map{{{"", ""}, "1 9 6 v2"}, {{"entries", "n7"}, "30 4 \"70\""}}));
  line.replace(line.find("\"version\":2"), 11, "\"version\":1");
  EXPECT_EQ(reader.read(line, 9, 1000, a).detail,
            "version 1 of type 'plain' has written the line, and this program has version 2");
}

}  // namespace
}  // namespace twinlane::app
