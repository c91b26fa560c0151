#include <gtest/gtest.h>

#include <twinlane/web/header_values.hpp>
#include <twinlane/web/message.hpp>

namespace twinlane::web {
namespace {

TEST(header_values, accept_chooses_what_is_liked_best) {
  EXPECT_EQ(preferred_media(""), media::json);
  EXPECT_EQ(preferred_media("*/*"), media::json);
  EXPECT_EQ(preferred_media("image/png"), media::json);
  EXPECT_EQ(preferred_media("application/json"), media::json);
  EXPECT_EQ(preferred_media("text/event-stream"), media::event_stream);
  EXPECT_EQ(preferred_media("text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"), media::html);
  EXPECT_EQ(preferred_media("text/html;q=0.5, application/json"), media::json);
  EXPECT_EQ(preferred_media("text/*;q=0.9, application/json;q=0.1"), media::event_stream);
  EXPECT_EQ(preferred_media("TEXT/HTML"), media::html);
  EXPECT_EQ(preferred_media("application/x-ndjson"), media::ndjson);
  EXPECT_EQ(preferred_media("application/x-ndjson;q=0.5, text/event-stream"), media::event_stream);
  EXPECT_EQ(preferred_media("application/x-ndjson, application/json"), media::json);
  EXPECT_EQ(preferred_media("text/html;q=0, */*"), media::json);
  EXPECT_EQ(preferred_media(";;,,;q=x,text/html;q=bad"), media::json);
}

TEST(header_values, entity_tags_compare_weakly) {
  EXPECT_TRUE(none_match_holds("\"a:1\"", "\"a:1\""));
  EXPECT_TRUE(none_match_holds("\"b\", W/\"a:1\"", "\"a:1\""));
  EXPECT_FALSE(none_match_holds("\"a:10\"", "\"a:1\""));
  EXPECT_FALSE(none_match_holds("", "\"a:1\""));
}

TEST(header_values, if_match_is_one_strong_tag) {
  EXPECT_EQ(single_tag("\"a:1\""), "a:1");
  EXPECT_EQ(single_tag(" * "), "*");
  EXPECT_FALSE(single_tag("\"a\", \"b\""));
  EXPECT_FALSE(single_tag("W/\"a\""));
  EXPECT_FALSE(single_tag("\""));
  EXPECT_FALSE(single_tag(""));
}

TEST(header_values, queries_are_decoded_and_plus_is_itself) {
  const auto q = parse_query("a=1&b=%2Fx%20y&c&&d=a+b=c");
  ASSERT_TRUE(q);
  EXPECT_EQ(*find_query(*q, "a"), "1");
  EXPECT_EQ(*find_query(*q, "b"), "/x y");
  EXPECT_EQ(*find_query(*q, "c"), "");
  EXPECT_EQ(*find_query(*q, "d"), "a+b=c");
  EXPECT_EQ(find_query(*q, "e"), nullptr);
  EXPECT_FALSE(parse_query("a=%"));
  EXPECT_FALSE(parse_query("a=%00"));
}

TEST(header_values, host_is_a_name_or_an_address_and_perhaps_a_port) {
  for (const std::string good :
       {"", "x", "x:80", "a.example", "127.0.0.1:8080", "[::1]", "[::1]:80", "a-b_c%20:", "x,y"})
    EXPECT_TRUE(is_host(good)) << good;
  for (const std::string bad : {"a b", "x/y", "user@x", "[::1", "[::1]x", "[x]", "x:y", "x:1:2", "<x>", "x?", "x\\y"})
    EXPECT_FALSE(is_host(bad)) << bad;
}

TEST(header_values, absolute_target_names_the_host_that_counts) {
  using pair = std::pair<std::string, std::string>;
  EXPECT_EQ(absolute_target("http://x:80/a?b=/c"), pair("x:80", "/a?b=/c"));
  EXPECT_EQ(absolute_target("HTTPS://x"), pair("x", "/"));
  EXPECT_EQ(absolute_target("http://x?a"), pair("x", "/?a"));
  for (const auto* other : {"/a", "/a://b", "http:///a", "http://", "ftp://x/a", "://x", "*"})
    EXPECT_FALSE(absolute_target(other)) << other;
}

TEST(header_values, websocket_key_is_16_bytes_in_base64) {
  EXPECT_TRUE(is_websocket_key("dGhlIHNhbXBsZSBub25jZQ=="));
  for (const auto* bad : {"", "x", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=a", "dGhlIHNhbXBsZSBub25j!Q=="})
    EXPECT_FALSE(is_websocket_key(bad)) << bad;
}

TEST(header_values, a_response_head_cannot_be_split) {
  response r;
  r.headers.emplace_back("Location", "/x\r\nSet-Cookie: a=b");
  const auto head = head_of(r, true);
  EXPECT_EQ(head.find("\r\nSet-Cookie"), std::string::npos);
}

TEST(header_values, json_text_is_quoted_whatever_the_bytes) {
  std::string out;
  append_json(out, "a\"b\\\n\xff");
  EXPECT_EQ(out, "\"a\\\"b\\\\\\n\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace twinlane::web
