#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <twinlane/agents/uri.hpp>

using namespace twinlane;

namespace {

// Vectors of the Java client's own test of its murmur2; ours clears the sign bit.
TEST(uri, murmur2_equals_kafkas) {
  const std::pair<const char*, std::int32_t> vectors[] = {
      {"21", -973932308},
      {"foobar", -790332482},
      {"a-little-bit-long-string", -985981536},
      {"a-little-bit-longer-string", -1486304829},
      {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
      {"abc", 479470107},
  };
  for (const auto& [key, hash] : vectors) EXPECT_EQ(murmur2(key), static_cast<std::uint32_t>(hash) & 0x7fffffff) << key;
}

TEST(uri, hash_of_high_bytes_is_over_unsigned_bytes) {
  // 0xFF as a signed byte would spread ones over the word.
  EXPECT_NE(murmur2("\xff\xff\xff"), murmur2("\xff"));
  EXPECT_EQ(murmur2("") & 0x80000000u, 0u);
}

TEST(uri, has_one_spelling) {
  EXPECT_EQ(canonical_uri("/customer/42"), "/customer/42");
  EXPECT_EQ(canonical_uri("/customer/%34%32"), "/customer/42");
  EXPECT_EQ(canonical_uri("/a/%c3%bc"), "/a/%C3%BC");
  EXPECT_EQ(canonical_uri("/a/\xC3\xBC"), "/a/%C3%BC");
  EXPECT_EQ(canonical_uri("/a/x%2Fy"), "/a/x%2Fy") << "an escaped slash stays part of its segment";
  EXPECT_EQ(canonical_uri("/a/%7e-._!$&'()*+,;=:@"), "/a/~-._!$&'()*+,;=:@");
  EXPECT_EQ(canonical_uri("/a/b c"), "/a/b%20c");
  EXPECT_EQ(canonical_uri("/a/100%25"), "/a/100%25");
}

TEST(uri, refuses_what_no_uri_is) {
  for (const char* bad : {"", "/", "customer/42", "/a/", "//a", "/a//b", "/a/.", "/a/..", "/./a", "/a/%2e%2E", "/a/%",
                          "/a/%4", "/a/%zz", "/a/%00", "/a/%ff", "/a/\xff", "/a/%c0%80", "/a/%ed%a0%80"})
    EXPECT_FALSE(canonical_uri(bad)) << bad;
  EXPECT_FALSE(canonical_uri(std::string_view("/a/\0b", 5)));
}

TEST(uri, canonical_spelling_is_stable) {
  for (const char* text : {"/a/b%2F%20c", "/x/%F0%9F%98%80", "/a/..b", "/a/b.", "/a/%25"}) {
    const auto once = canonical_uri(text);
    ASSERT_TRUE(once) << text;
    EXPECT_EQ(canonical_uri(*once), once);
  }
}

TEST(uri, segment_that_cannot_be_carried_appends_nothing) {
  std::string uri = "/a/";
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), std::string("\xff"), std::string("a\0b", 3)})
    EXPECT_FALSE(append_segment(uri, bad));
  EXPECT_EQ(uri, "/a/");
  EXPECT_TRUE(append_segment(uri, "x/\xC3\xBC?#"));
  EXPECT_EQ(uri, "/a/x%2F%C3%BC%3F%23");
}

TEST(uri, segments_decode_to_what_was_encoded) {
  for (const std::string& text :
       std::initializer_list<std::string>{"a", "a b", "%41", "/", "\xF0\x9F\x98\x80", "?q=1&r#s", "\x01\x7f"}) {
    std::string encoded;
    ASSERT_TRUE(append_segment(encoded, text));
    EXPECT_EQ(decode_segment(encoded), text);
  }
}

TEST(route, refuses_malformed_patterns) {
  for (const char* bad : {"", "/", "customer/:id", "/customer", "/customer/", "/customer/:", "/customer/:1d", "/a/:b-c",
                          "/a/:id/b/:id", "//:id", "/a b/:id", "/%61/:id", "/a/:id/.."})
    EXPECT_THROW(route r(bad), std::invalid_argument) << bad;
  EXPECT_NO_THROW(route("/store/:city/shelf/:nr"));
}

TEST(route, matches_uris_of_its_shape_alone) {
  const route r("/store/:city/shelf/:nr");
  EXPECT_TRUE(r.matches("/store/berlin/shelf/7"));
  for (const char* other :
       {"/store/berlin/shelf", "/store/berlin/shelf/7/8", "/store/berlin/box/7", "/shop/berlin/shelf/7",
        "/store//shelf/7", "/store/berlin/shelf/", "store/berlin/shelf/7", "", "/"})
    EXPECT_FALSE(r.matches(other)) << other;
}

TEST(route, params_are_decoded_texts) {
  const route r("/store/:city/shelf/:nr");
  EXPECT_EQ(r.params(), (std::vector<std::string>{"city", "nr"}));
  EXPECT_EQ(r.param("/store/K%C3%B6ln/shelf/a%2Fb", 0), "K\xC3\xB6ln");
  EXPECT_EQ(r.param("/store/K%C3%B6ln/shelf/a%2Fb", 1), "a/b");
  EXPECT_EQ(r.first_param_segment(), 1u);
}

TEST(route, hash_is_of_the_decoded_first_parameter) {
  const route r("/store/:city/shelf/:nr");
  EXPECT_EQ(r.hash("/store/berlin/shelf/7"), murmur2("berlin"));
  EXPECT_EQ(r.hash("/store/K%C3%B6ln/shelf/7"), murmur2("K\xC3\xB6ln"));
  EXPECT_EQ(route("/customer/:id").hash("/customer/42"), murmur2("42"));
}

bool clash(const char* a, const char* b, const std::vector<std::string>& lanes_of_a = {}) {
  return route(a).meets(route(b), lanes_of_a);
}

TEST(route, meets_a_route_that_could_take_the_same_uri) {
  EXPECT_TRUE(clash("/customer/:id", "/customer/:nr"));
  EXPECT_TRUE(clash("/a/:x/c", "/a/b/:y"));
  EXPECT_FALSE(clash("/customer/:id", "/product/:id"));
  EXPECT_FALSE(clash("/a/:x/c", "/a/:x/d"));
  EXPECT_FALSE(clash("/store/:a/shelf/:b", "/store/:a"));
}

TEST(route, meets_a_route_that_lies_on_its_lanes_and_entries) {
  EXPECT_TRUE(clash("/customer/:id", "/customer/:id/:part", {}));
  EXPECT_TRUE(clash("/customer/:id", "/customer/:id/orders", {"orders"}));
  EXPECT_FALSE(clash("/customer/:id", "/customer/:id/invoices", {"orders"}));
  EXPECT_TRUE(clash("/customer/:id", "/customer/:id/orders/:nr", {"orders"}));
  EXPECT_FALSE(clash("/customer/:id", "/customer/:id/invoices/:nr", {"orders"}));
  EXPECT_FALSE(clash("/customer/:id", "/customer/:id/orders/:nr/lines", {"orders"})) << "too deep for an entry";
}

}  // namespace
