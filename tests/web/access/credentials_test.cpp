#include <twinlane/web/access/credentials.hpp>

#include <gtest/gtest.h>

#include <twinlane/web/access/token_text.hpp>

namespace twinlane::web {
namespace {

request with(std::optional<std::string> authorization, std::optional<std::string> cookie) {
  request r;
  r.authorization = std::move(authorization);
  r.cookie = std::move(cookie);
  return r;
}

// The token, `cookie ` before one of a cookie, `none`, or `refused`.
std::string shown(const request& r) {
  const auto o = credentials_of(r, "session");
  if (!ok(o)) return "refused";
  const auto& c = std::get<0>(o);
  return c ? (c->cookie ? "cookie " : "") + c->token : "none";
}

TEST(credentials, a_bearer_token_is_taken_whatever_the_case_of_its_scheme) {
  EXPECT_EQ(shown(with("Bearer a.b.c", {})), "a.b.c");
  EXPECT_EQ(shown(with("bearer   a.b.c ", {})), "a.b.c");
}

TEST(credentials, another_scheme_is_refused_even_beside_a_cookie) {
  for (const std::string wrong : {"Basic YTpi", "Bearer", "Bearer ", "Bearer a b", "a.b.c", ""})
    EXPECT_EQ(shown(with(wrong, "session=x")), "refused") << wrong;
}

TEST(credentials, the_named_cookie_counts_when_there_is_no_header) {
  EXPECT_EQ(shown(with({}, "a=1; session=t.o.k; b=2")), "cookie t.o.k");
  EXPECT_EQ(shown(with({}, "session=\"t.o.k\"")), "cookie t.o.k");
  EXPECT_EQ(shown(with("Bearer h", "session=c")), "h");
  EXPECT_EQ(shown(with({}, "xsession=c; session2=d")), "none");
  EXPECT_EQ(shown(with({}, {})), "none");
}

TEST(credentials, no_cookie_counts_when_none_is_named) {
  EXPECT_FALSE(std::get<0>(credentials_of(with({}, "=x; session=y"), "")));
}

TEST(credentials, a_subprotocol_brings_a_token_as_it_is_or_encoded) {
  EXPECT_FALSE(offered_credentials("twinlane.v1.json"));
  EXPECT_FALSE(offered_credentials(""));
  EXPECT_EQ(offered_credentials("twinlane.v1.json, bearer.e30.e30.sig")->token, "e30.e30.sig");
  EXPECT_EQ(offered_credentials("bearer." + base64url("e30.e30.sig") + ",twinlane.v1.json")->token, "e30.e30.sig");
  const auto random = random_token();
  EXPECT_EQ(offered_credentials("bearer." + random)->token, random);
  EXPECT_EQ(offered_credentials("bearer." + base64url(random))->token, random);
}

}  // namespace
}  // namespace twinlane::web
