#include <gmock/gmock.h>

#include <twinlane/runtime/app/config.hpp>
#include <twinlane/runtime/app/token_file.hpp>
#include <twinlane/web/access/token_text.hpp>

#include "temp_dir.hpp"

namespace twinlane::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

config_result read(std::string_view yaml, const std::string& file = "c.yaml") {
  return read_config(yaml, file, {}, {});
}

// Seven lines, so that what is added begins at line 8.
const std::string base = R"(agents:
  - type: customer
    route: /customer/:id
    lanes:
      profile: { kind: value }
      orders: { kind: map, writable: true }

)";

std::vector<std::string> errors(const std::string& added) {
  std::vector<std::string> lines;
  for (const auto& p : read(base + added).problems) lines.push_back(text_of(p));
  return lines;
}

const std::string one_line = "policies: [{ role: a, api: [metrics] }]\n";

TEST(config_access, the_guide_is_read_as_it_says) {
  const auto r = read(test::text_of(ACCESS_YAML), ACCESS_YAML);
  ASSERT_THAT(r.problems, IsEmpty()) << text_of(r.problems.front());
  const auto& spec = r.settings.web.access;
  ASSERT_TRUE(spec && spec->jwt);
  EXPECT_EQ(spec->jwt->keys.filename(), "jwks.json");
  EXPECT_EQ(spec->jwt->issuer, "https://id.example");
  EXPECT_EQ(spec->jwt->audience, "twinlane");
  EXPECT_EQ(spec->jwt->roles, "realm.roles");
  EXPECT_EQ(spec->tokens.filename(), "tokens.yaml");
  EXPECT_EQ(spec->cookie, "session");
  ASSERT_EQ(spec->policies.size(), 6u);
  EXPECT_THAT(spec->policies[0].read, ElementsAre("profile.name", "loyalty.tier", "wishlist"));
  EXPECT_THAT(spec->policies[1].write, ElementsAre("profile", "notes"));
  EXPECT_EQ(spec->policies[2].on, "/customer/{jwt.sub}");
  EXPECT_TRUE(spec->policies[3].remove);
  EXPECT_THAT(spec->policies[4].api, ElementsAre("sources", "dead", "metrics"));
}

TEST(config_access, without_auth_there_is_no_access_control) { EXPECT_FALSE(read(base).settings.web.access); }

TEST(config_access, auth_and_policies_need_each_other) {
  EXPECT_THAT(
      errors("auth: { tokens: t.yaml }\n"),
      ElementsAre("c.yaml:8: auth: there are no policies, so nothing would be allowed. Add policies: with a line "
                  "for each role."));
  EXPECT_THAT(errors(one_line), ElementsAre("c.yaml:8: policies: there is no auth, so nobody can be told apart. Add "
                                            "auth: { jwt: …, tokens: … }."));
}

TEST(config_access, mistakes_in_auth_have_their_line) {
  const auto first = [](const std::string& auth) {
    const auto all = errors(auth + one_line);
    return all.empty() ? std::string("fine") : all.front();
  };
  EXPECT_EQ(first("auth: {}\n"), "c.yaml:8: auth: nobody can prove who they are. Give it jwt, tokens, or both.");
  EXPECT_EQ(first("auth:\n  jwt: { issuer: x }\n"),
            "c.yaml:9: auth.jwt.keys: is missing. Name the file of the JWK set whose keys sign the tokens.");
  EXPECT_EQ(first("auth:\n  jwt: { keys: k, roles: a..b }\n"),
            "c.yaml:9: auth.jwt.roles: 'a..b' is not a dotted path, as in realm.roles.");
  EXPECT_EQ(first("auth:\n  jwt: { keys: k, leeway: 2m }\n").substr(0, 48),
            "c.yaml:9: auth.jwt.leeway: '2m' is not a duratio");
  EXPECT_EQ(first("auth:\n  jwt: { keys: k, algoritms: x }\n").substr(0, 35), "c.yaml:9: 'algoritms' is not a key ");
  EXPECT_EQ(first("auth: { tokens: t, cookie: 'a b' }\n"), "c.yaml:8: auth.cookie: 'a b' is not the name of a cookie.");
}

TEST(config_access, mistakes_in_policies_have_their_line) {
  const auto head = "auth: { tokens: t.yaml }\npolicies:\n  - { role: ok, api: [metrics] }\n";
  const auto first = [&](const std::string& line) {
    const auto all = errors(head + ("  - " + line) + "\n");
    return all.empty() ? std::string("fine") : all.front();
  };
  EXPECT_EQ(first("{ role: a, on: /customer/:id, read: [profile.name], write: [orders] }"), "fine");
  EXPECT_EQ(
      first("{ role: a, on: /custmer/:id, read: [profile] }"),
      "c.yaml:11: policies[1].on: '/custmer/:id' is no type's route. Routes are: /customer/:id; {jwt.sub} may stand "
      "for a parameter.");
  EXPECT_EQ(first("{ role: a, on: /customer/:id, read: [profil] }"),
            "c.yaml:11: policies[1].read: customer has no lane 'profil' to read. Its lanes are: profile, orders.");
  EXPECT_EQ(first("{ role: a, on: /customer/:id, write: [profile] }"),
            "c.yaml:11: policies[1].write: customer has no writable lane 'profile'. It has: orders.");
  EXPECT_EQ(first("{ role: a, reed: [profile] }").substr(0, 30), "c.yaml:11: 'reed' is not a key");
  EXPECT_EQ(first("{ role: a, api: metrics }").substr(0, 39), "c.yaml:11: policies[1].api: 'metrics' i");
  EXPECT_EQ(first("7").substr(0, 11), "c.yaml:11: ");
  EXPECT_EQ(errors("auth: { tokens: t }\npolicies: 7\n").front(),
            "c.yaml:9: policies: is not a list. Begin each line with '- { role: …'.");
}

std::string token_problem(std::string_view text) {
  const auto read = read_token_file(text);
  return ok(read) ? "fine" : std::get<error>(read).detail;
}

TEST(token_file, what_the_verb_prints_is_read_back) {
  const auto token = web::random_token();
  const auto read = read_token_file(token_line("ci", {"operator", "it's"}, token) + "\n" +
                                    token_line("cd", {"loader"}, "other") + "\n");
  ASSERT_TRUE(ok(read)) << std::get<error>(read).detail;
  const auto& all = std::get<0>(read);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "ci");
  EXPECT_EQ(all[0].hash, web::sha256(token));
  EXPECT_THAT(all[0].roles, ElementsAre("operator", "it's"));
}

TEST(token_file, a_mistake_has_its_line) {
  const auto good = token_line("ci", {"a"}, "t") + "\n";
  EXPECT_EQ(token_problem(""), "fine");
  EXPECT_EQ(token_problem("7"), "line 1: it is not a list. Begin each token with '- { name: …'.");
  EXPECT_EQ(token_problem(good + "- { name: x, hash: \"sha256:00\", roles: [a] }\n"),
            "line 2: [1].hash: it is not sha256: and 64 hexadecimal digits. The verb token makes one.");
  EXPECT_EQ(token_problem(good + "- { name: x }\n").substr(0, 28), "line 2: [1].hash: is missing");
  EXPECT_EQ(token_problem(good + good), "line 2: another token is called 'ci'. Choose another name.");
  EXPECT_EQ(token_problem("- { token: abc }").substr(0, 8), "line 1: ");
  EXPECT_EQ(token_problem("- [").substr(0, 5), "line ");
}

}  // namespace
}  // namespace twinlane::app
