#include <gtest/gtest.h>

#include <twinlane/web/ws_message.hpp>

namespace twinlane::web {
namespace {

template <class T>
T only(std::string_view text) {
  auto frame = parse_frame(text);
  EXPECT_EQ(frame.error, "") << text;
  EXPECT_EQ(frame.messages.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<T>(frame.messages.at(0))) << text;
  return std::get<T>(frame.messages.at(0));
}

TEST(ws_message, a_sub_has_all_its_members) {
  const auto m = only<sub_message>(
      R"({"op":"sub","id":1,"uri":"/customer/42","lanes":["profile","orders"],"fields":["profile.a\\.b"],"resume":{"lineage":"k","rev":1},)"
      R"("max_rate":10,"life":true})");
  EXPECT_EQ(m.id, 1u);
  EXPECT_EQ(m.uri, "/customer/42");
  EXPECT_EQ(m.lanes, (std::vector<std::string>{"profile", "orders"}));
  EXPECT_EQ(m.fields, (std::vector<std::vector<std::string>>{{"profile", "a.b"}}));
  EXPECT_TRUE(m.life);
  ASSERT_TRUE(m.resume);
  EXPECT_EQ(m.resume->lineage, "k");
  EXPECT_EQ(m.resume->rev, 1u);
  EXPECT_EQ(m.max_rate, 10.0);
  EXPECT_EQ(only<sub_message>(R"({"op":"sub","id":1,"uri":"/x/1","max_rate":0.25})").max_rate, 0.25);
  EXPECT_FALSE(only<sub_message>(R"({"op":"sub","id":0,"uri":"/x/1"})").lanes);
  EXPECT_TRUE(only<sub_message>(R"({"op":"sub","id":0,"uri":"/x/1","lanes":[]})").lanes->empty());
}

TEST(ws_message, a_sub_says_what_is_wrong_with_it) {
  for (const char* member :
       {R"("max_rate":0)", R"("max_rate":-1)", R"("max_rate":"10")", R"("resume":17)", R"("resume":{"lineage":"k"})",
        R"("resume":{"lineage":1,"rev":1})", R"("resume":{"lineage":"k","rev":-1})", R"("fields":["a..b"])"}) {
    const auto text = std::string(R"({"op":"sub","id":1,"uri":"/x/1",)") + member + "}";
    EXPECT_FALSE(only<faulty_message>(text).detail.empty()) << member;
  }
}

TEST(ws_message, a_query_has_all_its_members) {
  const auto q = only<query_message>(
      R"({"op":"query","id":7,"uri":"/customer/42","lane":"ratings","limit":5,"follow":true,"from":"now"})");
  EXPECT_EQ(q.id, 7u);
  EXPECT_EQ(q.uri, "/customer/42");
  EXPECT_EQ(q.what.lane, "ratings");
  EXPECT_EQ(q.what.limit, 5u);
  EXPECT_TRUE(q.what.follow);
  EXPECT_EQ(q.what.from_start, false);
  EXPECT_FALSE(q.what.newest_first);
  const auto plain = only<query_message>(R"({"op":"query","id":7,"uri":"/c/1","lane":"l","order":"newest"})");
  EXPECT_FALSE(plain.what.limit);
  EXPECT_FALSE(plain.what.follow);
  EXPECT_FALSE(plain.what.from_start);
  EXPECT_EQ(plain.what.newest_first, true);
}

TEST(ws_message, a_cmd_carries_its_value_as_text) {
  const auto m = only<cmd_message>(
      R"({"op":"cmd","id":2,"uri":"/c/1","lane":"l","value":{"n":9223372036854775807,"s":"ü"},"if_rev":17})");
  EXPECT_EQ(m.value, R"({"n":9223372036854775807,"s":"ü"})");
  EXPECT_EQ(m.if_rev, 17u);
  EXPECT_EQ(only<cmd_message>(R"({"op":"cmd","id":2,"uri":"/c/1","lane":"l"})").value, "null");
}

TEST(ws_message, an_array_is_several_messages_in_order) {
  const auto frame = parse_frame(R"([{"op":"ping","id":1},{"op":"unsub","id":2}, {"op":"ping","id":3}])");
  ASSERT_EQ(frame.messages.size(), 3u);
  EXPECT_EQ(std::get<unsub_message>(frame.messages[1]).id, 2u);
  EXPECT_TRUE(parse_frame("[]").messages.empty());
  EXPECT_EQ(parse_frame("[]").error, "");
}

TEST(ws_message, what_is_no_message_spoils_its_frame) {
  const std::string deep =
      "{\"op\":\"ping\",\"id\":1,\"x\":" + std::string(10'000, '[') + std::string(10'000, ']') + "}";
  for (const std::string& text :
       {std::string(), std::string("nonsense"), std::string("{"), std::string("17"), std::string("null"), deep,
        std::string(R"({"op":"fly","id":1})"), std::string(R"({"op":"ping"})"), std::string(R"({"op":"ping","id":-1})"),
        std::string(R"({"op":"ping","id":1.5})"), std::string(R"({"op":"ping","id":"1"})"),
        std::string(R"({"op":"ping","id":9007199254740992})"), std::string(R"({"op":1,"id":1})"),
        std::string(R"([{"op":"ping","id":1},2])"), std::string("{\"op\":\"ping\",\"id\":1,\"x\":\"\xff\"}"),
        std::string(R"({"op":"ping","id":1} x)")}) {
    const auto frame = parse_frame(text);
    EXPECT_NE(frame.error, "") << text.substr(0, 60);
    EXPECT_TRUE(frame.messages.empty());
  }
}

TEST(ws_message, a_faulty_member_is_answered_under_its_id) {
  for (const char* text :
       {R"({"op":"sub","id":8})", R"({"op":"sub","id":8,"uri":5})", R"({"op":"sub","id":8,"uri":"/a/1","lanes":"x"})",
        R"({"op":"sub","id":8,"uri":"/a/1","lanes":[1]})", R"({"op":"sub","id":8,"uri":"/a/1","fields":["a..b"]})",
        R"({"op":"sub","id":8,"uri":"/a/1","life":1})", R"({"op":"cmd","id":8,"uri":"/a/1"})",
        R"({"op":"cmd","id":8,"uri":"/a/1","lane":"l","if_rev":"1"})", R"({"op":"query","id":8,"uri":"/a/1"})",
        R"({"op":"query","id":8,"uri":"/a/1","lane":"l","limit":0})",
        R"({"op":"query","id":8,"uri":"/a/1","lane":"l","limit":-5})",
        R"({"op":"query","id":8,"uri":"/a/1","lane":"l","follow":"true"})",
        R"({"op":"query","id":8,"uri":"/a/1","lane":"l","from":"end"})",
        R"({"op":"query","id":8,"uri":"/a/1","lane":"l","order":1})"})
    EXPECT_EQ(only<faulty_message>(text).id, 8u);
}

}  // namespace
}  // namespace twinlane::web
