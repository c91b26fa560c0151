#include <twinlane/web/access/authenticator.hpp>

#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>

#include <runtime_app/temp_dir.hpp>
#include <twinlane/web/access/token_text.hpp>
#include <web/access/mint.hpp>

namespace twinlane::web {
namespace {

using ::testing::ElementsAre;
using testing::key_set;
using testing::mint;

// Tokens as `name secret`, one a line, in place of the application's YAML.
outcome<std::vector<api_token>> lines(std::string_view text) {
  std::vector<api_token> all;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return error{problem::bad_value, "a line has no space."};
    all.push_back({std::string(line.substr(0, space)), sha256(line.substr(space + 1)), {"operator", "desk"}});
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return all;
}

struct desk {
  test::temp_dir dir;
  mint key = mint::elliptic("e1");
  std::vector<std::string> reports;

  desk() {
    dir.write("jwks.json", key_set({&key}));
    dir.write("tokens", "ci abc\n");
  }
  std::unique_ptr<authenticator> open() {
    access_spec s;
    s.jwt.emplace();
    s.jwt->keys = dir.path() / "jwks.json";
    s.tokens = dir.path() / "tokens";
    s.read_tokens = lines;
    return std::make_unique<authenticator>(
        s, std::vector<std::string>{"sub"},
        [this](std::string_view what, const std::string&) { reports.emplace_back(what); });
  }
  std::string token() const {
    return key.token({{"sub", "42"}, {"exp", testing::in_seconds(60)}, {"roles", "desk"}}, "ES256");
  }
};

// Files are looked at once a second.
bool soon(const std::function<bool()>& holds) {
  for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
       std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(std::chrono::milliseconds{20}))
    if (holds()) return true;
  return false;
}

TEST(authenticator, it_takes_tokens_of_both_kinds) {
  desk d;
  const auto a = d.open();
  const auto who = a->check(d.token());
  ASSERT_TRUE(ok(who)) << std::get<error>(who).detail;
  EXPECT_EQ(std::get<principal>(who).claims.at("sub"), "42");
  const auto ci = a->check("abc");
  ASSERT_TRUE(ok(ci));
  EXPECT_EQ(std::get<principal>(ci).name, "ci");
  EXPECT_THAT(std::get<principal>(ci).roles, ElementsAre("desk", "operator"));
  EXPECT_EQ(std::get<error>(a->check("abd")).code, problem::unauthorized);
  EXPECT_EQ(std::get<error>(a->check("")).code, problem::unauthorized);
}

TEST(authenticator, it_does_not_begin_with_files_that_cannot_be_taken) {
  desk d;
  d.dir.write("jwks.json", "{}");
  EXPECT_THROW(d.open(), std::runtime_error);
  std::filesystem::remove(d.dir.path() / "jwks.json");
  EXPECT_THROW(d.open(), std::runtime_error);
  d.dir.write("jwks.json", key_set({&d.key}));
  EXPECT_NO_THROW(d.open());
  d.dir.write("tokens", "nospace");
  EXPECT_THROW(d.open(), std::runtime_error);
}

TEST(authenticator, new_keys_count_without_a_restart) {
  desk d;
  const auto a = d.open();
  const auto old = d.token();
  d.key = mint::elliptic("e2");
  d.dir.write("jwks.json", key_set({&d.key}));
  EXPECT_TRUE(soon([&] { return ok(a->check(d.token())); }));
  EXPECT_FALSE(ok(a->check(old)));
}

TEST(authenticator, a_bad_file_leaves_the_old_keys_and_is_reported) {
  desk d;
  const auto a = d.open();
  d.dir.write("jwks.json", "{\"keys\":");
  EXPECT_TRUE(soon([&] { return ok(a->check(d.token())) && !d.reports.empty(); }));
  EXPECT_THAT(d.reports, ElementsAre("keys_unreadable"));
  EXPECT_TRUE(ok(a->check(d.token())));
}

TEST(authenticator, a_token_taken_from_the_list_holds_no_longer) {
  desk d;
  const auto a = d.open();
  const auto ci = std::get<principal>(a->check("abc"));
  EXPECT_TRUE(a->still_holds(ci));
  d.dir.write("tokens", "other xyz\n");
  EXPECT_TRUE(soon([&] { return !a->still_holds(ci); }));
  EXPECT_FALSE(ok(a->check("abc")));
}

TEST(authenticator, an_expired_principal_holds_no_longer) {
  desk d;
  const auto a = d.open();
  principal who{"ann", {}, {}, testing::in_seconds(60)};
  EXPECT_TRUE(a->still_holds(who));
  who.expires_at = testing::in_seconds(0);
  EXPECT_FALSE(a->still_holds(who));
}

}  // namespace
}  // namespace twinlane::web
