#include <twinlane/web/access/jwt_claims.hpp>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace twinlane::web {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t now = 1'800'000'000;

jwt_rules rules() {
  jwt_rules r;
  r.issuer = "https://id.example";
  r.audience = "twinlane";
  r.roles = "realm.roles";
  return r;
}

json sound() {
  return {{"sub", "42"},
          {"iss", "https://id.example"},
          {"aud", "twinlane"},
          {"exp", now + 60},
          {"realm", {{"roles", {"marketing", "agent_desk", "marketing"}}}}};
}

json with(const char* name, json value) {
  auto c = sound();
  c[name] = std::move(value);
  return c;
}

json without(const char* name) {
  auto c = sound();
  c.erase(name);
  return c;
}

principal taken(const json& claims, const std::vector<std::string>& wanted = {}) {
  const auto o = principal_of(claims.dump(), rules(), wanted, now);
  if (!ok(o)) throw std::runtime_error(std::get<error>(o).detail);
  return std::get<principal>(o);
}

std::string refused(const json& claims) {
  const auto o = principal_of(claims.dump(), rules(), {}, now);
  return ok(o) ? "taken" : std::get<error>(o).detail;
}

TEST(jwt_claims, a_sound_token_says_who_it_is) {
  const auto who = taken(sound());
  EXPECT_EQ(who.name, "42");
  EXPECT_THAT(who.roles, ElementsAre("agent_desk", "marketing"));
  EXPECT_EQ(who.expires_at, now + 60);
}

TEST(jwt_claims, expiry_is_asked_for_and_counts_to_the_second) {
  EXPECT_EQ(refused(without("exp")), "The token has no 'exp'.");
  EXPECT_EQ(refused(with("exp", "tomorrow")), "The token has no 'exp'.");
  EXPECT_EQ(refused(with("exp", -1)), "The token has no 'exp'.");
  EXPECT_EQ(refused(with("exp", 1e300)), "The token has no 'exp'.");
  EXPECT_EQ(refused(with("exp", now)), "The token has expired.");
  EXPECT_EQ(refused(with("exp", now + 1)), "taken");
  EXPECT_EQ(taken(with("exp", now + 7.9)).expires_at, now + 7);
}

TEST(jwt_claims, not_before_waits_but_for_the_leeway) {
  EXPECT_EQ(refused(with("nbf", now + 5)), "taken");
  EXPECT_EQ(refused(with("nbf", now + 6)), "The token is not valid yet.");
  EXPECT_EQ(refused(with("nbf", "now")), "The token is not valid yet.");
}

TEST(jwt_claims, another_issuer_or_audience_is_refused) {
  EXPECT_EQ(refused(with("iss", "https://other.example")), "The token is of another issuer.");
  EXPECT_EQ(refused(without("iss")), "The token is of another issuer.");
  EXPECT_EQ(refused(with("aud", "billing")), "The token is for another audience.");
  EXPECT_EQ(refused(with("aud", {"billing", "mail"})), "The token is for another audience.");
  EXPECT_EQ(refused(without("aud")), "The token is for another audience.");
  EXPECT_EQ(refused(with("aud", {"billing", "twinlane"})), "taken");
}

TEST(jwt_claims, roles_are_an_array_or_words) {
  EXPECT_THAT(taken(with("realm", {{"roles", "b a  b"}})).roles, ElementsAre("a", "b"));
  EXPECT_THAT(taken(with("realm", {{"roles", {1, "a", nullptr}}})).roles, ElementsAre("a"));
  EXPECT_THAT(taken(with("realm", {{"roles", 7}})).roles, IsEmpty());
  EXPECT_THAT(taken(with("realm", "none")).roles, IsEmpty());
  EXPECT_THAT(taken(without("realm")).roles, IsEmpty());
}

TEST(jwt_claims, claims_that_are_wanted_are_texts_and_whole_numbers) {
  auto c = sound();
  c["org"] = {{"id", 17}, {"name", "north"}, {"open", true}};
  const auto who = taken(c, {"sub", "org.id", "org.name", "org.open", "missing.one"});
  EXPECT_EQ(who.claims.at("sub"), "42");
  EXPECT_EQ(who.claims.at("org.id"), "17");
  EXPECT_EQ(who.claims.at("org.name"), "north");
  EXPECT_EQ(who.claims.size(), 3u);
}

TEST(jwt_claims, what_is_no_object_is_refused) {
  for (const std::string text : {"", "7", "[]", "{", "null"})
    EXPECT_FALSE(ok(principal_of(text, rules(), {}, now))) << text;
}

}  // namespace
}  // namespace twinlane::web
